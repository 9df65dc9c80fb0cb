// Says each thing once: for log lines that a sender could cause without end.

/** Things remembered; beyond them nothing new is said. */
const limit = 1000;

export class OnceEach {
  readonly #seen = new Set<string>();

  /** True the first time that `key` comes. */
  first(key: string): boolean {
    if (this.#seen.has(key) || this.#seen.size >= limit) {
      return false;
    }
    this.#seen.add(key);
    return true;
  }
}
