// Whether the disk takes writes so quickly that the event loop may wait for them. One that is busy holds a write until it has written others, and
// would hold all of the program.

/** A write that takes longer was held, ms. */
const held = 15;
/** For so long after one that was, others are handed to another thread, ms. */
const restFor = 2000;

export class Pace {
  #slowUntil = 0;

  get slow(): boolean {
    return this.#slowUntil > 0 && performance.now() < this.#slowUntil;
  }

  /** A write in the event loop took that long, ms. */
  took(ms: number): void {
    if (ms > held) {
      this.#slowUntil = performance.now() + restFor;
    }
  }
}
