// Delivers queued chunks, the oldest first and several at a time, tries again what failed, hands it to the secondary output when its turn has
// come, and gives up at last. As Fluentd's Output#try_flush and update_retry_state (lib/fluent/plugin/output.rb).
import { type Clock, callAfter } from '../core/clock.ts';
import { errorText, ForebayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isUnrecoverable, reasonOf } from './failure.ts';
import type { HeldChunk } from './held-chunk.ts';
import type { Retirement } from './retirement.ts';
import { RetrySchedule } from './retry-schedule.ts';
import type { FlushSettings } from './settings.ts';
import type { WriteTarget } from './write-target.ts';

export interface FlusherSettings {
  readonly flush: FlushSettings;
  readonly primary: WriteTarget;
  readonly secondary: WriteTarget | undefined;
  readonly retirement: Retirement;
  /** Whether the chunks outlive the process. */
  readonly persistent: boolean;
  readonly clock: Clock;
  /** Numbers from 0 to less than 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Something left the queue, or the series of tries changed. */
  changed(): void;
  failed(): void;
}

/** What is under way when all ends has so long to come to an end by itself, ms. */
const lastWait = 250;

export class Flusher {
  readonly #settings: FlusherSettings;
  readonly #queue: HeldChunk[] = [];
  /** Chunks that were handed to an output. */
  readonly #writing = new Set<HeldChunk>();
  /** Of `flush_thread_count`, those that write or pause. */
  #busy = 0;
  #number = 0;
  #retry: RetrySchedule | undefined;
  #callOff: (() => void) | undefined;
  /** Until the next try. */
  #sleeps = false;
  #ended = false;
  readonly #abort = new AbortController();
  readonly #idle = new Set<() => void>();

  constructor(settings: FlusherSettings) {
    this.#settings = settings;
  }

  /** Chunks that wait for their turn. */
  get queued(): readonly HeldChunk[] {
    return this.#queue;
  }

  get writing(): ReadonlySet<HeldChunk> {
    return this.#writing;
  }

  /** The series of failures at hand. */
  get retry(): RetrySchedule | undefined {
    return this.#retry;
  }

  add(chunk: HeldChunk): void {
    chunk.number = this.#number++;
    this.#queue.push(chunk);
    this.pump();
  }

  /** The oldest chunk that waits, which waits no longer. */
  takeOldest(): HeldChunk | undefined {
    return this.#queue.shift();
  }

  /** Does not wait for the next try's time. */
  hurry(): void {
    if (this.#retry !== undefined) {
      this.#retry.next = Math.min(this.#retry.next, this.#settings.clock.now());
    }
    this.#awake();
  }

  /** Begins what may begin. */
  pump(): void {
    const { writes } = this.#settings.flush;
    // While all fails, one chunk at a time tells whether it still does.
    while (!this.#ended && !this.#sleeps && this.#busy < (this.#retry === undefined ? writes : 1)) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) {
        return;
      }
      void this.#deliver(chunk);
    }
  }

  /** Nothing begins before the next try's time, and not within this turn of the event loop, however short the wait is. */
  #sleep(until: number): void {
    const { clock } = this.#settings;
    this.#callOff?.();
    this.#sleeps = true;
    this.#callOff = callAfter(clock, until - clock.now(), () => {
      // A timer has an end of its own for waits of weeks.
      if (until > clock.now()) {
        this.#sleep(until);
      } else {
        this.#awake();
      }
    });
  }

  #awake(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#sleeps = false;
    this.pump();
  }

  /** Settles when nothing is left, or `signal` aborts. Where `all` is false only what is under way is waited for. */
  async end(signal: AbortSignal, all: boolean): Promise<void> {
    this.#ended = !all;
    const done = () => this.#writing.size === 0 && (!all || this.#queue.length === 0);
    await this.#until(done, signal);
    this.#ended = true;
    this.#callOff?.();
    this.#abort.abort();
    if (this.#writing.size > 0) {
      const patience = new AbortController();
      const callOff = callAfter(this.#settings.clock, lastWait, () => patience.abort());
      await this.#until(() => this.#writing.size === 0, patience.signal);
      callOff();
    }
  }

  #until(done: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (done() || signal.aborted) {
          this.#idle.delete(look);
          signal.removeEventListener('abort', look);
          resolve();
        }
      };
      this.#idle.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  async #deliver(held: HeldChunk): Promise<void> {
    const { flush, clock, secondary, primary } = this.#settings;
    this.#busy++;
    this.#writing.add(held);
    this.#settings.changed();
    const bySecondary = secondary !== undefined && this.#retry?.secondary(clock.now()) === true;
    let working = true;
    const rest = () => {
      working = false;
      this.#rest(flush.burst);
    };
    try {
      const delayed = await this.#write(bySecondary ? secondary : primary, held);
      if (delayed !== undefined) {
        rest();
        await this.#within(delayed.committed, flush.commitTimeout);
      }
      await this.#delivered(held, bySecondary);
    } catch (error) {
      await this.#failed(held, error, bySecondary);
    }
    this.#writing.delete(held);
    if (working) {
      rest();
    }
    this.#settings.changed();
    this.pump();
    this.#tell();
  }

  /** Frees the place of one write, after the pause between chunks. */
  #rest(pause: number): void {
    const free = () => {
      this.#busy--;
      this.pump();
    };
    if (pause > 0 && this.#queue.length > 0) {
      callAfter(this.#settings.clock, pause, free);
    } else {
      free();
    }
  }

  async #write({ type, write }: WriteTarget, held: HeldChunk) {
    const { clock, log, flush } = this.#settings;
    const began = clock.now();
    const delayed = await write(held.chunk, this.#abort.signal);
    const ms = Math.round(clock.now() - began);
    if (ms > flush.slow) {
      log.warn({ chunk: held.chunk.id, type, ms }, 'A chunk took longer to deliver than slow_flush_log_threshold.');
    }
    return delayed ?? undefined;
  }

  async #within(committed: Promise<void>, ms: number): Promise<void> {
    const late = Promise.withResolvers<never>();
    const callOff = callAfter(this.#settings.clock, ms, () => late.reject(new ForebayError('BUFFER_COMMIT_TIMEOUT')));
    try {
      await Promise.race([committed, late.promise]);
    } finally {
      callOff();
    }
  }

  async #delivered(held: HeldChunk, bySecondary: boolean): Promise<void> {
    this.#succeeded(held, bySecondary);
    await this.#settings.retirement.purge(held);
  }

  #succeeded(held: HeldChunk, bySecondary: boolean): void {
    if (this.#retry !== undefined) {
      this.#endSeries();
      const { log } = this.#settings;
      log.warn({ chunk: held.chunk.id, secondary: bySecondary }, 'A chunk was delivered after failures.');
    }
  }

  async #failed(held: HeldChunk, error: unknown, bySecondary: boolean): Promise<void> {
    this.#settings.failed();
    if (this.#abort.signal.aborted) {
      this.#takeBack(held);
      return;
    }
    if (isUnrecoverable(error) && (await this.#retire(held, error, bySecondary))) {
      this.#endSeries();
      return;
    }
    const { clock, flush, random, log } = this.#settings;
    const now = clock.now();
    if (this.#retry === undefined) {
      this.#retry = new RetrySchedule(flush.retry, now, random);
    } else {
      this.#retry.failed(now);
    }
    this.#takeBack(held);
    const code = 'BUFFER_WRITE_FAILED';
    const { times, next, spent } = this.#retry;
    const fields = { code, chunk: held.chunk.id, secondary: bySecondary, retries: times };
    const text = errorText(code, { reason: reasonOf(error) });
    if (spent) {
      await this.#giveUp(reasonOf(error));
    } else {
      this.#sleep(next);
      log.warn({ ...fields, next: new Date(next).toISOString() }, text);
    }
  }

  #endSeries(): void {
    this.#retry = undefined;
    this.#awake();
  }

  /** An output will never take the chunk: the secondary may, else it goes to the backup folder. False where it could not go there. */
  async #retire(held: HeldChunk, error: unknown, bySecondary: boolean): Promise<boolean> {
    const { secondary, primary, log, flush, retirement } = this.#settings;
    const code = 'BUFFER_CHUNK_REFUSED';
    log.error({ code, chunk: held.chunk.id, secondary: bySecondary }, errorText(code, { reason: reasonOf(error) }));
    if (secondary !== undefined && !bySecondary && secondary.type !== primary.type) {
      try {
        await this.#write(secondary, held);
        await retirement.purge(held);
        return true;
      } catch (second) {
        log.warn({ chunk: held.chunk.id, reason: reasonOf(second) }, 'The secondary output does not take it either.');
      }
    }
    if (flush.backup) {
      return await retirement.keep(held);
    }
    await retirement.drop(held);
    return true;
  }

  /** The series of tries is over: all that is queued goes to the backup folder. What cannot go there stays. */
  async #giveUp(reason: string): Promise<void> {
    const { log, flush, retirement, persistent, clock, random } = this.#settings;
    const code = 'BUFFER_GIVEN_UP';
    const chunks = this.#queue.splice(0);
    log.error({ code, retries: this.#retry?.times, chunks: chunks.length, reason }, errorText(code));
    this.#endSeries();
    // Their places are taken until all are away, so that nobody believes the buffer to be empty.
    for (const chunk of chunks) {
      this.#writing.add(chunk);
    }
    for (const chunk of chunks) {
      if (!flush.backup && !persistent) {
        await retirement.drop(chunk);
      } else if (!(await retirement.keep(chunk))) {
        this.#retry ??= new RetrySchedule(flush.retry, clock.now(), random);
        this.#sleep(this.#retry.next);
        this.#takeBack(chunk);
      }
      this.#writing.delete(chunk);
    }
  }

  /** Puts a chunk back to where it stood. */
  #takeBack(held: HeldChunk): void {
    const at = this.#queue.findIndex(({ number }) => number > held.number);
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, held);
  }

  #tell(): void {
    for (const look of this.#idle) {
      look();
    }
  }
}
