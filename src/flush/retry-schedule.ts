// When what could not be delivered is tried again, when the secondary output gets it instead, and when it is given up: one series of tries,
// from the first failure to a success or the end. As Fluentd's RetryStateMachine (lib/fluent/plugin_helper/retry_state.rb).

export interface RetrySettings {
  readonly type: 'exponential_backoff' | 'periodic';
  /** Before the first try again, ms; of the others it is multiplied by `base` each time, up to `maxInterval`. */
  readonly wait: number;
  readonly base: number;
  readonly maxInterval: number | undefined;
  /** From the first failure on, ms. */
  readonly timeout: number;
  readonly maxTimes: number | undefined;
  /** Neither `timeout` nor `maxTimes` counts, and the secondary gets nothing. */
  readonly forever: boolean;
  /** Each wait is up to an eighth shorter or longer. */
  readonly randomize: boolean;
  /** The part of all the time for tries after which the secondary gets them; undefined where there is none. */
  readonly secondaryThreshold: number | undefined;
}

const randomWidth = 0.125;

export class RetrySchedule {
  /** Tries again so far. */
  times = 0;
  /** When the next try is due, ms since the epoch. */
  next: number;
  readonly #settings: RetrySettings;
  readonly #random: () => number;
  readonly #timeoutAt: number;
  readonly #secondaryAt: number;
  /** What `times` was when the secondary's turn came. */
  #secondarySince: number | undefined;
  #reachedTimeout = false;
  #timedOut = false;

  /** The first failure was `now`; `random` gives numbers from 0 to less than 1. */
  constructor(settings: RetrySettings, now: number, random: () => number) {
    this.#settings = settings;
    this.#random = random;
    this.#timeoutAt = now + settings.timeout;
    this.#secondaryAt = now + longestTime(settings) * (settings.secondaryThreshold ?? 1);
    this.next = now + settings.wait;
  }

  /** Whether a try at `now` is the secondary's. */
  secondary(now: number): boolean {
    const { forever, secondaryThreshold } = this.#settings;
    const has = !forever && secondaryThreshold !== undefined;
    return has && (this.#secondarySince !== undefined || now >= this.#secondaryAt);
  }

  /** A try failed. One that was under way before the last failure does not count, but puts the next one off. */
  failed(now: number): void {
    if (now < this.next) {
      this.next = this.#nextTime(now);
      return;
    }
    this.times++;
    if (this.#secondarySince === undefined && this.secondary(now)) {
      this.#secondarySince = this.times;
    }
    this.next = this.#nextTime(now);
    const reached = this.next >= this.#timeoutAt;
    this.#timedOut = this.#reachedTimeout && reached;
    this.#reachedTimeout = reached || this.#reachedTimeout;
  }

  /** Whether there are no more tries. */
  get spent(): boolean {
    const { forever, maxTimes } = this.#settings;
    return !forever && (this.#timedOut || (maxTimes !== undefined && this.times >= maxTimes));
  }

  #nextTime(now: number): number {
    const { forever, secondaryThreshold, randomize } = this.#settings;
    const wait = waitBefore(this.#settings, this.times - (this.#secondarySince ?? 0));
    const naive = now + (randomize ? wait * (1 + randomWidth * (2 * this.#random() - 1)) : wait);
    if (forever) {
      return naive;
    }
    const untilSecondary = secondaryThreshold !== undefined && this.#secondarySince === undefined;
    return Math.min(naive, untilSecondary ? this.#secondaryAt : this.#timeoutAt);
  }
}

/** The wait, ms, when there were `times` tries again. */
function waitBefore({ type, wait, base, maxInterval }: RetrySettings, times: number): number {
  if (type === 'periodic') {
    return wait;
  }
  // A power that is past all numbers is no wait that a clock could hold; `timeout`, where it counts, is less than this.
  return Math.min(wait * Math.min(base ** times, Number.MAX_SAFE_INTEGER), maxInterval ?? Number.MAX_SAFE_INTEGER);
}

/** How long the tries may take together, ms. */
function longestTime(settings: RetrySettings): number {
  const { timeout, maxTimes } = settings;
  if (maxTimes === undefined) {
    return timeout;
  }
  let sum = 0;
  for (let times = 0; times < maxTimes && sum < timeout; times++) {
    const wait = waitBefore(settings, times);
    if (wait <= 0 && settings.base <= 1) {
      break; // nor are there longer ones behind it
    }
    sum += wait;
  }
  return Math.min(sum, timeout);
}
