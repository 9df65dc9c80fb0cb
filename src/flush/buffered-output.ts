// An output behind a buffer: events are staged in chunks, chunks are queued when they are full or old enough, and delivered by the flusher.
// Here it is decided when a chunk is due, and what becomes of events that find the buffer full.
import type { Batch, Emit } from '../core/batch.ts';
import { callAfter } from '../core/clock.ts';
import type { Counter } from '../core/counters.ts';
import { errorText, ForebayError } from '../core/errors.ts';
import { both } from '../core/settle.ts';
import type { Chunk, ChunkStore } from '../plugin/buffer.ts';
import type { PluginContext, Refuse } from '../plugin/context.ts';
import type { ChunkOutput, Output } from '../plugin/output.ts';
import type { ChunkBackup } from './backup.ts';
import { reasonOf } from './failure.ts';
import { Flusher } from './flusher.ts';
import { HeldChunk } from './held-chunk.ts';
import { Leftovers } from './leftovers.ts';
import { Retirement } from './retirement.ts';
import { type Run, RunSplitter } from './runs.ts';
import type { FlushSettings } from './settings.ts';
import type { BufferSpace } from './space.ts';
import { Stage } from './stage.ts';
import { Waiting } from './waiting.ts';
import { chunkTarget, type SecondaryTarget } from './write-target.ts';

export interface BufferedOutputSettings {
  readonly context: PluginContext & { readonly refuse: Refuse };
  readonly type: string;
  readonly output: ChunkOutput;
  readonly store: ChunkStore;
  readonly flush: FlushSettings;
  readonly space: BufferSpace;
  readonly secondary: SecondaryTarget | undefined;
  readonly backup: ChunkBackup;
  /** Where the chunks are, for people. */
  readonly place: string;
}

/** Events may come whose time is over for long: so many of them become a chunk as come in this time, ms. In Fluentd, flush_thread_interval. */
const lateWait = 1000;

export class BufferedOutput implements Output {
  readonly #settings: BufferedOutputSettings;
  readonly #splitter: RunSplitter;
  readonly #stage: Stage;
  readonly #flusher: Flusher;
  readonly #waiting = new Waiting();
  readonly #leftovers: Leftovers;
  readonly #gauges: Readonly<Record<'staged' | 'queued' | 'stored', Counter>>;
  #callOff: (() => void) | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #leaveSpace: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: BufferedOutputSettings) {
    const { context, output, store, flush, space, secondary, backup, type, place } = settings;
    const { id, log, counters, clock } = context;
    this.#settings = settings;
    this.#splitter = new RunSplitter(flush.keys, context.wasm);
    const retirement = new Retirement({ id, backup, log, counters });
    this.#leftovers = new Leftovers({ context, persistent: store.persistent, backup: flush.backup, retirement, place });
    this.#stage = new Stage({
      limits: flush.chunk,
      space,
      create: (metadata) => store.create(metadata),
      metadata: (run) => this.#splitter.metadata(run),
      begun: (chunk) => this.#wakeFor(chunk),
      full: (chunk) => this.#enqueue(chunk),
      tooLarge: (event) => this.#tooLarge(event),
    });
    const failures = counters.get('forebay_buffer_failed_deliveries_total', { id });
    this.#flusher = new Flusher({
      flush,
      primary: chunkTarget(type, output),
      secondary,
      retirement,
      persistent: store.persistent,
      clock,
      random: () => fraction(context.random),
      log,
      changed: () => this.#changed(),
      failed: () => {
        failures.value++;
      },
    });
    this.#gauges = {
      staged: counters.get('forebay_buffer_staged_bytes', { id }),
      queued: counters.get('forebay_buffer_queued_chunks', { id }),
      stored: counters.get('forebay_buffer_stored_bytes', { id }),
    };
  }

  /** What is held, for whoever looks on. */
  get state(): { readonly staged: readonly HeldChunk[]; readonly flusher: Flusher; readonly waiting: number } {
    return { staged: [...this.#stage.chunks.values()], flusher: this.#flusher, waiting: this.#waiting.size };
  }

  async start(): Promise<void> {
    const { store, space, context } = this.#settings;
    for (const each of this.#outputs) {
      await each.start?.();
    }
    const left = await store.open();
    this.#leaveSpace = space.shared.join({ room: () => this.#changed(), press: () => this.#makeRoom() });
    if (left.length > 0) {
      context.log.info({ chunks: left.length }, 'Chunks of an earlier run are delivered.');
    }
    // Others are still to be started that may get what is in them.
    callAfter(context.clock, 0, () => this.#restore(left));
  }

  readonly emit: Emit = (batch) => {
    if (this.#stopped !== undefined) {
      return Promise.reject(new ForebayError('BUFFER_STOPPED', { id: this.#settings.context.id }));
    }
    if (this.#waiting.size > 0) {
      return this.#waiting.add(batch);
    }
    const { space } = this.#settings;
    return space.full ? this.#overflow(batch) : this.#take(batch);
  };

  flush(): void {
    this.#enqueueDue(true);
    this.#flusher.hurry();
    for (const each of this.#outputs) {
      each.flush?.();
    }
  }

  replaced(taken: boolean): void {
    this.#leftovers.replaced = { taken };
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(signal);
    return this.#stopped;
  }

  get #outputs(): readonly (Output | ChunkOutput)[] {
    const { secondary, output } = this.#settings;
    return [...(secondary?.outputs ?? []), output];
  }

  #take(batch: Batch): Promise<void> | undefined {
    let settled: Promise<void> | undefined;
    const runs = this.#splitter.split(batch);
    for (const run of runs) {
      settled = both(settled, this.#stage.take(run));
    }
    if (this.#settings.flush.immediate) {
      this.#enqueueRuns(runs);
    }
    this.#count();
    return settled;
  }

  #enqueueRuns(runs: readonly Run[]): void {
    for (const { key } of runs) {
      const chunk = this.#stage.release(key);
      if (chunk !== undefined) {
        this.#enqueue(chunk);
      }
    }
  }

  #enqueue(chunk: HeldChunk): void {
    const { log } = this.#settings.context;
    chunk.seal((error) => log.warn({ chunk: chunk.chunk.id, reason: reasonOf(error) }, 'A chunk could not be sealed.'));
    this.#flusher.add(chunk);
  }

  #overflow(batch: Batch): Promise<void> | undefined {
    const { flush, space, context } = this.#settings;
    if (flush.overflow === 'drop_oldest_chunk') {
      while (space.full && this.#dropOldest()) {
        // until there is room, or nothing to drop
      }
    }
    if (!space.full) {
      return this.#take(batch);
    }
    if (flush.overflow !== 'block') {
      return Promise.reject(new ForebayError('BUFFER_OVERFLOW', { id: context.id }));
    }
    const settled = this.#waiting.add(batch);
    space.shared.press();
    this.#makeRoom();
    return settled;
  }

  /** Where all that fills the buffer is staged, nobody would ever make room: the oldest chunk is queued. */
  #makeRoom(): void {
    const { writing, queued } = this.#flusher;
    const [oldest] = this.#stage.chunks.keys();
    if (writing.size === 0 && queued.length === 0 && oldest !== undefined) {
      const chunk = this.#stage.release(oldest);
      if (chunk !== undefined) {
        this.#enqueue(chunk);
      }
    }
  }

  #dropOldest(): boolean {
    const chunk = this.#flusher.takeOldest();
    if (chunk === undefined) {
      return false;
    }
    const { counters, id, log } = this.#settings.context;
    counters.get('forebay_buffer_dropped_events_total', { id }).value += chunk.count;
    const code = 'BUFFER_OLDEST_DROPPED';
    log.error({ code, chunk: chunk.chunk.id, events: chunk.count }, errorText(code));
    void chunk
      .purge()
      .catch((error: unknown) => log.error({ reason: reasonOf(error) }, 'A dropped chunk cannot be removed.'));
    return true;
  }

  #tooLarge(event: Batch): void {
    const { context, flush } = this.#settings;
    const fields = { size: event.entries.length, limit: flush.chunk.bytes };
    context.refuse(event, 'BUFFER_EVENT_TOO_LARGE', fields);
  }

  #changed(): void {
    const { space } = this.#settings;
    this.#enqueueDue(false);
    if (this.#waiting.size > 0) {
      this.#waiting.drain(
        () => !space.full,
        (batch) => this.#take(batch),
      );
      if (this.#waiting.size > 0 && space.full) {
        this.#makeRoom();
      }
    }
    this.#count();
  }

  #count(): void {
    const { staged, queued, stored } = this.#gauges;
    staged.value = this.#stage.bytes;
    queued.value = this.#flusher.queued.length;
    stored.value = this.#settings.space.used;
  }

  /** When a chunk is queued for its age or because its time is over, ms since the epoch. */
  #due({ chunk }: HeldChunk): number {
    const { interval, wait, keys } = this.#settings.flush;
    const { timekey } = chunk.metadata;
    const byAge = interval === undefined ? Number.POSITIVE_INFINITY : chunk.created + interval;
    const byTime =
      timekey === undefined || keys.time === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max((timekey + keys.time.size) * 1000 + wait, chunk.created + lateWait);
    return Math.min(byAge, byTime);
  }

  /** The system's timers may call a little early: it is not due yet then. */
  #awake(): void {
    this.#callOff = undefined;
    this.#enqueueDue(false);
    const now = this.#settings.context.clock.now();
    if (this.#callOff === undefined && now < this.#dueAt) {
      this.#setAlarm(now);
    }
  }

  /** Queues the chunks that are due, or all. */
  #enqueueDue(all: boolean): void {
    const { clock } = this.#settings.context;
    const { queuedLimit } = this.#settings.flush;
    const now = clock.now();
    if (!all && now < this.#dueAt) {
      return;
    }
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const chunk of [...this.#stage.chunks.values()]) {
      const due = this.#due(chunk);
      if (!all && (due > now || this.#flusher.queued.length >= queuedLimit)) {
        this.#dueAt = Math.min(this.#dueAt, due);
        continue;
      }
      // Queueing one may let others go before.
      if (this.#stage.chunks.get(chunk.key) === chunk) {
        this.#stage.release(chunk.key);
        this.#enqueue(chunk);
      }
    }
    this.#setAlarm(now);
    this.#count();
  }

  #wakeFor(chunk: HeldChunk): void {
    const due = this.#due(chunk);
    if (due < this.#dueAt) {
      this.#dueAt = due;
      this.#setAlarm(this.#settings.context.clock.now());
    }
  }

  /** A chunk that is due and has no place in the queue gets it when one leaves. */
  #setAlarm(now: number): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const late = this.#dueAt <= now && this.#flusher.queued.length >= this.#settings.flush.queuedLimit;
    if (this.#dueAt !== Number.POSITIVE_INFINITY && !late) {
      this.#callOff = callAfter(this.#settings.context.clock, this.#dueAt - now, () => this.#awake());
    }
  }

  #restore(left: readonly Chunk[]): void {
    const { space, flush } = this.#settings;
    if (this.#stopped !== undefined) {
      return; // the folder may be another one's already
    }
    for (const chunk of left) {
      const key = this.#splitter.keyOf(chunk.metadata);
      // Values of other kinds that have the same text cannot be told apart any more: the second one gets no more events.
      const known = this.#stage.chunks.has(key) ? `${key} ${chunk.id}` : key;
      const held = new HeldChunk(chunk, known, space);
      if (chunk.sealed) {
        this.#flusher.add(held);
      } else if (flush.immediate) {
        // No event need ever come that would take it along.
        this.#enqueue(held);
      } else {
        this.#stage.restore(held);
        this.#wakeFor(held);
      }
    }
    this.#changed();
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const { flush, store, context } = this.#settings;
    this.#callOff?.();
    if (flush.flushAtEnd) {
      this.#enqueueDue(true);
    }
    await this.#flusher.end(signal, flush.flushAtEnd);
    this.#callOff?.();
    this.#leaveSpace?.();
    this.#waiting.fail(new ForebayError('BUFFER_STOPPED', { id: context.id }));
    const { queued, writing } = this.#flusher;
    await this.#leftovers.settle([...this.#stage.chunks.values(), ...queued, ...writing]);
    await Promise.all(this.#outputs.map((each) => each.stop(signal)));
    await store.close();
    this.#count();
  }
}

/** A number from 0 to less than 1. */
function fraction(random: PluginContext['random']): number {
  const bytes = random?.(4);
  return bytes === undefined
    ? Math.random()
    : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 0x1_0000_0000;
}
