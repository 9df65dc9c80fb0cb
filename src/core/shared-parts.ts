// What the plug-ins of one process have in common beside the data: parts that several of them share (two outputs, one page), and what the
// engine tells them of the whole. Nothing in the program is module state, so it stands here.

/** Where a page of this process is. */
export interface PageAddress {
  readonly url: string;
  /** For the process's own user only: never logged, never shown. */
  readonly token: string | undefined;
}

export class SharedParts {
  /** Sentences that name the outputs which hold the inputs. The engine sets it. */
  holding: () => readonly string[] = () => [];
  /** Pages that are open. */
  readonly pages = new Set<PageAddress>();
  /** Ids of outputs that had to end before all was delivered, and keep nothing for the next start. */
  readonly unfinished = new Set<string>();
  readonly #parts = new Map<string, unknown>();

  /** The part of that name, made when it is first asked for. A name stands for one type. */
  once<T>(name: string, make: (name: string) => T): T {
    if (!this.#parts.has(name)) {
      this.#parts.set(name, make(name));
    }
    return this.#parts.get(name) as T;
  }

  /** The part of that name is no more: who asks for it gets a new one. */
  drop(name: string): void {
    this.#parts.delete(name);
  }
}
