// How often an address may try to log in: what it tries counts before it is known whether it is right, and no longer once it is.
import type { Clock } from '../core/clock.ts';

/** Tries are counted for so long, ms, and so many addresses are remembered. */
const failureTime = 60_000;
const maxAddresses = 1000;

export class Attempts {
  readonly #clock: Clock;
  readonly #tries: number;
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** `tries`: wrong ones of an address in a minute. */
  constructor(clock: Clock, tries: number) {
    this.#clock = clock;
    this.#tries = tries;
  }

  /** Counts a try; false where there were too many. */
  begin(address: string): boolean {
    const now = this.#clock.now();
    const failures = this.#failures.get(address);
    const current = failures !== undefined && failures.until > now ? failures : { count: 0, until: now + failureTime };
    if (current.count >= this.#tries) {
      return false;
    }
    current.count++;
    this.#failures.delete(address);
    this.#failures.set(address, current);
    dropOldest(this.#failures, maxAddresses);
    return true;
  }

  /** What was tried was right. */
  succeed(address: string): void {
    this.#failures.delete(address);
  }
}

/** Whether there were more than `limit`: the oldest is gone then. */
export function dropOldest(map: Map<string, unknown>, limit: number): boolean {
  const [oldest] = map.size > limit ? map.keys() : [];
  return oldest !== undefined && map.delete(oldest);
}
