// How long work that nobody asked to be slow may hold the event loop in one of its turns, however many pieces it comes in. Time in which the
// machine does something else is not counted.
import { threadTime } from './thread-time.ts';

export class TurnBudget {
  readonly #total: number;
  #spent = 0;
  #isOpen = false;
  /** The thread's time when the work of this turn began. */
  #from = 0;

  /** `total` in ms. */
  constructor(total: number) {
    this.#total = total;
  }

  /** To be called before work that may spend something. */
  begin(): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#from = threadTime();
      // Comes after what the loop has at hand: all that is read in this turn shares the time.
      setImmediate(() => {
        this.#isOpen = false;
        this.#spent = 0;
      });
    }
  }

  /** What is left of this turn's time, ms; not negative. */
  get left(): number {
    if (this.#spent < this.#total / 2) {
      return this.#total - this.#spent;
    }
    return Math.max(0, this.#total - Math.min(this.#spent, threadTime() - this.#from));
  }

  /** `ms` by the clock. */
  spend(ms: number): void {
    this.#spent += ms;
  }
}
