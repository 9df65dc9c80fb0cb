// A bound in bytes that several holders share.

export class ByteBudget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes that many bytes; false, and nothing taken, where they are not left. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) {
      return false;
    }
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
