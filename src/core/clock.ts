// The time of day, so that tests can hold it.

export interface Clock {
  /** ms since the epoch, whole or not. */
  now(): number;
}

export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() };
