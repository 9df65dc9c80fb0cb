// How often an address may try to log in: what it tries counts before it is known whether it is right, and no longer once it is.
import type { Clock } from '../core/clock.ts';

/** Wrong tries of one address in a minute, and addresses that are remembered. */
const maxFailures = 10;
const failureTime = 60_000;
const maxAddresses = 1000;

export class Attempts {
  readonly #clock: Clock;
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a try; false where there were too many. */
  begin(address: string): boolean {
    const now = this.#clock.now();
    const failures = this.#failures.get(address);
    const current = failures !== undefined && failures.until > now ? failures : { count: 0, until: now + failureTime };
    if (current.count >= maxFailures) {
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

export function dropOldest(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.size > limit ? map.keys() : [];
  if (oldest !== undefined) {
    map.delete(oldest);
  }
}
