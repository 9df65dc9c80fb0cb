// How long work that nobody asked to be slow may hold the event loop in one of its turns, however many pieces it comes in.
export class TurnBudget {
  readonly #total: number;
  #spent = 0;

  /** `total` in ms. */
  constructor(total: number) {
    this.#total = total;
  }

  /** What is left of this turn's time, ms; not negative. */
  get left(): number {
    return Math.max(0, this.#total - this.#spent);
  }

  spend(ms: number): void {
    if (this.#spent === 0) {
      // Comes after what the loop has at hand: all that is read in this turn shares the time.
      setImmediate(() => {
        this.#spent = 0;
      });
    }
    this.#spent += Math.max(ms, Number.MIN_VALUE);
  }
}
