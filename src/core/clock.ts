// The time of day, and calls at a later one, so that tests can hold both.
import { performance } from 'node:perf_hooks'; // the global of that name is looked up at each use

export interface Clock {
  /** ms since the epoch, whole or not. */
  now(): number;
  /** Calls once, so many ms from now, and returns what calls it off. Where a clock has none, the system's timers serve. */
  after?(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() };

/** The longest that the system's timers know, ms: 24 days. */
const longest = 2 ** 31 - 1;

/**
 * Calls once, so many ms from now by `clock`, and returns what calls it off. Waits that are too long for a timer end early: whoever called
 * looks at the clock. The wait does not keep the process alive.
 */
export function callAfter(clock: Clock, ms: number, call: () => void): () => void {
  const wait = Math.max(0, Math.min(longest, ms));
  if (clock.after !== undefined) {
    return clock.after(wait, call);
  }
  const timer = setTimeout(call, Math.ceil(wait)).unref();
  return () => clearTimeout(timer);
}
