// The containers that events came from, numbered so that an event costs two bytes; how many lines of each are kept, and which of them the
// reader wants to see. What has no container goes under its tag.

const mostContainers = 2000;
const colorCount = 18;
/** Takes the events of all containers beyond the bound. */
const others = 0;

export interface ContainerEntry {
  readonly name: string;
  readonly color: number;
  /** Lines kept. */
  count: number;
}

export type Choice = 'only' | 'also' | 'except';

export class Containers {
  /** Moves on with every change that the list shows. */
  version = 0;
  readonly entries: ContainerEntry[];
  readonly #ids = new Map<string, number>();
  readonly #only = new Set<string>();
  readonly #except = new Set<string>();
  #last = '';
  #lastId = others;

  constructor(othersName: string) {
    this.entries = [{ name: othersName, color: 0, count: 0 }];
  }

  /** The number of a container; a new one where there is room. */
  idOf(name: string): number {
    if (name === this.#last && this.#lastId !== others) {
      return this.#lastId;
    }
    let id = this.#ids.get(name);
    if (id === undefined) {
      if (this.entries.length > mostContainers) {
        return others;
      }
      id = this.entries.length;
      this.entries.push({ name, color: colorOf(name), count: 0 });
      this.#ids.set(name, id);
    }
    this.#last = name;
    this.#lastId = id;
    return id;
  }

  entry(id: number): ContainerEntry {
    return this.entries[id] ?? (this.entries[others] as ContainerEntry);
  }

  add(id: number, count: number): void {
    this.entry(id).count += count;
    this.version++;
  }

  get chosen(): boolean {
    return this.#only.size > 0 || this.#except.size > 0;
  }

  isOnly(name: string): boolean {
    return this.#only.has(name);
  }

  isHidden(name: string): boolean {
    return this.#except.has(name) || (this.#only.size > 0 && !this.#only.has(name));
  }

  isExcluded(name: string): boolean {
    return this.#except.has(name);
  }

  accepts(id: number): boolean {
    return !this.chosen || !this.isHidden(this.entry(id).name);
  }

  /** `only` shows just this one, and all again when it was the only one; `also` adds it or takes it out; `except` hides it or not. */
  choose(name: string, choice: Choice): void {
    if (choice === 'except') {
      this.#only.delete(name);
      toggle(this.#except, name);
    } else if (choice === 'also') {
      this.#except.delete(name);
      toggle(this.#only, name);
    } else {
      const alone = this.#only.size === 1 && this.#only.has(name);
      this.showAll();
      if (!alone) {
        this.#only.add(name);
      }
    }
    this.version++;
  }

  showAll(): void {
    this.#only.clear();
    this.#except.clear();
    this.version++;
  }

  /** Those with lines, and those that were chosen, by name; at most `most`. */
  list(most: number): { readonly shown: readonly ContainerEntry[]; readonly hidden: number } {
    const all = this.entries.filter(({ name, count }) => count > 0 || this.#only.has(name) || this.#except.has(name));
    all.sort((a, b) => order.compare(a.name, b.name));
    return { shown: all.slice(0, most), hidden: Math.max(0, all.length - most) };
  }
}

const order = new Intl.Collator('en', { numeric: true });

function toggle(set: Set<string>, name: string): void {
  if (!set.delete(name)) {
    set.add(name);
  }
}

/** The same name has the same colour in every page and after every start (FNV-1a, mixed once more). */
export function colorOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < name.length; n++) {
    hash = Math.imul(hash ^ name.charCodeAt(n), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % colorCount;
}
