// A clock that stands still until it is told how far to go; what was to be called on the way is called at its time.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

interface Call {
  readonly at: number;
  readonly call: () => void;
}

export class HeldClock implements Clock {
  #now: number;
  readonly #calls = new Set<Call>();
  /** Whether something is under way that no clock is waited for in. */
  working: () => boolean = () => false;

  /** `now` is ms since the epoch. */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + ms, call };
    this.#calls.add(entry);
    return () => this.#calls.delete(entry);
  }

  /** Goes on without a call: what is due comes late. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Settles when nothing is under way any more but what waits for the clock. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 6; quiet++) {
      await turn();
      if (this.working() || process.getActiveResourcesInfo().some((name) => work.test(name))) {
        quiet = 0;
      }
    }
  }

  /** Goes on by so many ms, or until `done` says so; all that follows from each call has happened before the next one. */
  async go(ms: number, done: () => boolean = () => false): Promise<void> {
    const end = this.#now + ms;
    await this.settled();
    while (!done()) {
      const [next] = [...this.#calls].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) {
        this.#now = end;
        return;
      }
      this.#calls.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await this.settled();
    }
  }
}

/** What is done with files. */
const work = /^(FSReq|CloseReq|FileHandle)/;
