// Whether the disk is so quick about writes, or reads, that the event loop may wait for them. One that is busy holds a write until it has written
// others, one that has to fetch the bytes holds a read, and both would hold all of the program.

/** For so long after one that was, others are handed to another thread, ms. */
const restFor = 2000;

export class Pace {
  readonly #held: number;
  #slowUntil = 0;
  /** Whether the last one was held: once may be because others had the processor. */
  #wasHeld = false;

  /** What takes longer than `held` ms was held. */
  constructor(held: number) {
    this.#held = held;
  }

  get slow(): boolean {
    return this.#slowUntil > 0 && performance.now() < this.#slowUntil;
  }

  /** One in the event loop took that long, ms. */
  took(ms: number): void {
    const isHeld = ms > this.#held;
    if (isHeld && this.#wasHeld) {
      this.#slowUntil = performance.now() + restFor;
    }
    this.#wasHeld = isHeld;
  }
}
