// Asks something once of each shape or origin, and keeps the answers by number.

/** Shapes or origins. */
interface Numbered<T> {
  readonly list: readonly (T | undefined)[];
  readonly version: number;
}

export class Answers<T> {
  /** Whether any has had another answer than no. */
  any = false;
  readonly #all: Uint8Array;
  readonly #of: Numbered<T>;
  readonly #ask: (one: T) => boolean | undefined;
  readonly #asked: (T | undefined)[] = [];
  #version = -1;

  /** `most` is how many there may be. */
  constructor(most: number, of: Numbered<T>, question: (one: T) => boolean | undefined) {
    this.#all = new Uint8Array(most);
    this.#of = of;
    this.#ask = question;
  }

  /** For each number 0 for no, 1 for yes, 2 where the event has to be read. */
  get list(): Uint8Array {
    const { list, version } = this.#of;
    if (version !== this.#version) {
      this.#version = version;
      for (const [id, one] of list.entries()) {
        if (one !== undefined && this.#asked[id] !== one) {
          this.#asked[id] = one;
          const is = this.#ask(one);
          this.#all[id] = is === undefined ? 2 : is ? 1 : 0;
          this.any ||= is !== false;
        }
      }
    }
    return this.#all.subarray(0, list.length);
  }
}
