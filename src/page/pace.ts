// When the page is told what has changed: as soon as it has asked for more. Where more comes than anybody can read it is told
// less often, and the less the longer painting takes: what the machine has left then is for taking events in.

/** Events in one update that are painted as fast as the screen goes: 150,000 a second at 60 Hz. */
const mostRead = 2500;
/**
 * Ms from one update to the next where there are more, at least and at most; in between, this many times as long as the page took
 * to ask for more after the last.
 */
const [shortest, longest] = [50, 200];
const share = 4;

export class Pace {
  #isAsked = true;
  #told = Number.NEGATIVE_INFINITY;
  #next = 0;
  #pause = shortest;

  /** Ms until the page may be told, 0 now; undefined where it has not asked for more. `next` is the number of the event that comes next. */
  wait(now: number, next: number): number | undefined {
    if (!this.#isAsked) {
      return undefined;
    }
    return next - this.#next > mostRead ? Math.max(0, this.#told + this.#pause - now) : 0;
  }

  /** The page has been told, of the events below `next`. */
  told(now: number, next: number): void {
    this.#isAsked = false;
    this.#told = now;
    this.#next = next;
  }

  /** The page asks for more. */
  asked(now: number): void {
    this.#isAsked = true;
    this.#pause = Math.min(longest, Math.max(shortest, share * (now - this.#told)));
  }
}
