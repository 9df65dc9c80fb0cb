// The chunks that still take events, one for each key, and how events become part of them: a run that does not fit begins a new chunk, one that
// is larger than any chunk is cut between its events. As Fluentd's Buffer#write (lib/fluent/plugin/buffer.rb).
import type { Batch } from '../core/batch.ts';
import { both } from '../core/settle.ts';
import { Skip } from '../msgpack/skip.ts';
import type { Chunk, ChunkMetadata } from '../plugin/buffer.ts';
import { HeldChunk } from './held-chunk.ts';
import type { Run } from './runs.ts';
import type { ChunkLimits } from './settings.ts';
import type { BufferSpace } from './space.ts';

export interface StageSettings {
  readonly limits: ChunkLimits;
  readonly space: BufferSpace;
  create(metadata: ChunkMetadata): Chunk;
  metadata(run: Run): ChunkMetadata;
  /** A chunk takes no more events. */
  full(chunk: HeldChunk): void;
  /** A chunk begins. */
  begun(chunk: HeldChunk): void;
  /** An event is larger than any chunk. */
  tooLarge(event: Batch): void;
}

export class Stage {
  /** By their keys, in the order of their beginnings. */
  readonly chunks = new Map<string, HeldChunk>();
  /** Bytes in them. */
  bytes = 0;
  readonly #settings: StageSettings;
  readonly #skip = new Skip();

  constructor(settings: StageSettings) {
    this.#settings = settings;
  }

  /** A chunk that an earlier process left. */
  restore(chunk: HeldChunk): void {
    this.chunks.set(chunk.key, chunk);
    this.bytes += chunk.bytes;
  }

  /** Settles when all of the run is held; nothing is returned where that is so already. */
  take(run: Run): Promise<void> | undefined {
    const { limits } = this.#settings;
    const staged = this.chunks.get(run.key);
    if (staged !== undefined && !fits(staged, run.bytes, run.count, limits)) {
      this.#end(staged);
    }
    const whole = run.bytes <= limits.bytes && run.count <= limits.count;
    let settled: Promise<void> | undefined;
    for (const piece of run.pieces) {
      settled = both(settled, whole ? this.#append(run, piece) : this.#cut(run, piece));
    }
    const chunk = this.chunks.get(run.key);
    if (chunk !== undefined && isFull(chunk, limits)) {
      this.#end(chunk);
    }
    return settled;
  }

  /** Takes a chunk out: it gets no more events. */
  release(key: string): HeldChunk | undefined {
    const chunk = this.chunks.get(key);
    if (chunk !== undefined) {
      this.chunks.delete(key);
      this.bytes -= chunk.bytes;
    }
    return chunk;
  }

  #end(chunk: HeldChunk): void {
    this.release(chunk.key);
    this.#settings.full(chunk);
  }

  #append(run: Run, batch: Batch): Promise<void> | undefined {
    let chunk = this.chunks.get(run.key);
    if (chunk === undefined) {
      chunk = new HeldChunk(this.#settings.create(this.#settings.metadata(run)), run.key, this.#settings.space);
      this.chunks.set(run.key, chunk);
      this.#settings.begun(chunk);
    }
    this.bytes += batch.entries.length;
    return chunk.append(batch);
  }

  /** Appends as many events to each chunk as it takes. */
  #cut(run: Run, piece: Batch): Promise<void> | undefined {
    const { limits } = this.#settings;
    const { entries } = piece;
    let settled: Promise<void> | undefined;
    let [from, count] = [0, 0];
    const flush = (to: number) => {
      if (count > 0) {
        settled = both(settled, this.#append(run, { ...piece, entries: entries.subarray(from, to), count }));
      }
      [from, count] = [to, 0];
    };
    for (let at = 0, next = 0; at < entries.length; at = next) {
      next = this.#behind(entries, at);
      if (next - at > limits.bytes) {
        flush(at);
        this.#settings.tooLarge({ ...piece, entries: entries.subarray(at, next), count: 1 });
        from = next;
        continue;
      }
      const staged = this.chunks.get(run.key);
      const [bytes, events] = [staged?.bytes ?? 0, staged?.count ?? 0];
      if (bytes + next - from > limits.bytes || events + count + 1 > limits.count) {
        flush(at);
        const chunk = this.chunks.get(run.key);
        if (chunk !== undefined) {
          this.#end(chunk);
        }
      }
      count++;
    }
    flush(entries.length);
    return settled;
  }

  /** Where the event ends that begins at `at`; the end of all where it is none, which no walk lets through. */
  #behind(entries: Uint8Array, at: number): number {
    const next = this.#skip.run(entries, at, entries.length);
    if (next < 0) {
      this.#skip.reset();
      return entries.length;
    }
    return next;
  }
}

function fits(chunk: HeldChunk, bytes: number, count: number, limits: ChunkLimits): boolean {
  return chunk.count === 0 || (chunk.bytes + bytes <= limits.bytes && chunk.count + count <= limits.count);
}

function isFull(chunk: HeldChunk, limits: ChunkLimits): boolean {
  return chunk.bytes >= limits.fullBytes || chunk.count >= limits.fullCount;
}
