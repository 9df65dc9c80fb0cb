// Parts that run, to be taken over by the declaration that they have: each once.

interface Stocked {
  readonly key: string;
  readonly id: string;
}

export class Stock<T extends Stocked> {
  readonly #byKey = new Map<string, T[]>();
  readonly #left: Set<T>;
  readonly #innerOf: (part: T) => readonly T[];

  /** `innerOf` says which parts belong to another one, and are taken with it. */
  constructor(parts: readonly T[], innerOf: (part: T) => readonly T[] = () => []) {
    this.#left = new Set(parts);
    this.#innerOf = innerOf;
    for (const part of parts) {
      const same = this.#byKey.get(part.key);
      if (same === undefined) {
        this.#byKey.set(part.key, [part]);
      } else {
        same.push(part);
      }
    }
  }

  /** A part that says the same, with all that belongs to it; undefined where there is none. */
  take(key: string): T | undefined {
    const found = this.#byKey.get(key)?.find((part) => this.#isWhole(part));
    if (found !== undefined) {
      this.#remove(found);
    }
    return found;
  }

  #isWhole(part: T): boolean {
    return this.#left.has(part) && this.#innerOf(part).every((inner) => this.#isWhole(inner));
  }

  #remove(part: T): void {
    this.#left.delete(part);
    for (const inner of this.#innerOf(part)) {
      this.#remove(inner);
    }
  }
}
