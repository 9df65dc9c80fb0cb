// The time of day, so that tests can hold it.
import { performance } from 'node:perf_hooks'; // the global of that name is looked up at each use

export interface Clock {
  /** ms since the epoch, whole or not. */
  now(): number;
}

export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() };
