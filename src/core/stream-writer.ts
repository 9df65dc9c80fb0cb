// Writes text to a stream, standard output above all, that may be a pipe which nobody reads: one write in flight, out of memory that is not
// touched until it is done, with what waits counted, so that whoever fills it can be stopped. Closing the stream is not done here.
import type { Writable } from 'node:stream';
import { ForebayError } from './errors.ts';
import { FileStream } from './file-stream.ts';
import type { IoMemory } from './io-memory.ts';

/** A piece of memory, filled from `used` on. */
export interface Area {
  readonly bytes: Uint8Array;
  used: number;
}

interface OwnArea extends Area {
  /** Settles when all that is in it has been written. */
  settled: PromiseWithResolvers<void> | undefined;
}

export interface StreamWriterOptions {
  /** Called once, when the stream can be written no more. */
  readonly onFailure?: (error: ForebayError) => void;
  /** Where areas are taken from. */
  readonly memory?: IoMemory;
}

/** A pipe takes no more at a time than its 64 KB, a file a megabyte. */
const areaSize = 256 * 1024;
const fileAreaSize = 1024 * 1024;
/** Written areas that are kept for the next text. */
const spareAreas = 2;

export class StreamWriter {
  /** Whether the stream is a terminal, where people look at it. */
  readonly terminal: boolean;
  readonly #stream: Writable;
  readonly #memory: IoMemory | undefined;
  readonly #areaSize: number;
  readonly #onFailure: (error: ForebayError) => void;
  readonly #spare: OwnArea[] = [];
  readonly #full: OwnArea[] = [];
  readonly #waiting: { readonly limit: number; readonly room: PromiseWithResolvers<void> }[] = [];
  #current: OwnArea | undefined;
  #writing: OwnArea | undefined;
  /** Bytes of full areas, and of the one being written that is not yet. */
  #sealed = 0;
  #scheduled = false;
  readonly #draining = new Set<() => void>();
  #failure: ForebayError | undefined;

  constructor(stream: Writable, options: StreamWriterOptions = {}) {
    this.#stream = stream;
    this.#memory = options.memory;
    this.#areaSize = stream instanceof FileStream ? fileAreaSize : areaSize;
    this.#onFailure = options.onFailure ?? (() => {});
    this.terminal = 'isTTY' in stream && stream.isTTY === true;
    stream.on('error', (error) => this.#fail(error));
    stream.on('close', () => {
      if (this.pending > 0) {
        this.#fail(undefined);
      }
    });
  }

  /** Why the stream can be written no more. */
  get failure(): ForebayError | undefined {
    return this.#failure;
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    return this.#sealed + (this.#current?.used ?? 0);
  }

  /** Memory to append whole lines to, before the next turn of the event loop; `commit` when they are there. */
  get area(): Area {
    this.#current ??= this.#spare.pop() ?? this.#newArea(this.#areaSize);
    return this.#current;
  }

  /** What is in the area is to be written; returns another one, empty, of at least `size` bytes. */
  nextArea(size = this.#areaSize): Area {
    this.#seal();
    if (size > this.#areaSize) {
      if (this.#current !== undefined) {
        this.#recycle(this.#current);
      }
      this.#current = this.#newArea(size);
    }
    this.#writeNext();
    return this.area;
  }

  /**
   * What was appended will be written in this turn of the event loop, or as soon as the stream takes it. With `wait`, the promise settles
   * when it is written; without, there is one only where more than `limit` bytes wait, and it settles when half of them are gone. Rejects
   * where the stream has failed.
   */
  commit(wait: boolean, limit: number): Promise<void> | undefined {
    if (this.#failure !== undefined) {
      return Promise.reject(this.#failure);
    }
    this.#schedule();
    if (wait) {
      return this.#whenWritten();
    }
    return this.pending > limit ? this.#whenRoom(limit) : undefined;
  }

  /** Resolves when nothing waits any more, or `signal` aborts, or the stream has failed: with the bytes that are left. */
  async drain(signal: AbortSignal): Promise<number> {
    this.#seal();
    this.#writeNext();
    if (this.pending > 0 && this.#failure === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done);
          this.#draining.delete(done);
          resolve();
        };
        signal.addEventListener('abort', done);
        this.#draining.add(done);
      });
    }
    return this.pending;
  }

  #schedule(): void {
    if (!this.#scheduled && this.#writing === undefined && this.pending > 0) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#writeNext();
      });
    }
  }

  #whenWritten(): Promise<void> | undefined {
    const last =
      this.#current !== undefined && this.#current.used > 0 ? this.#current : (this.#full.at(-1) ?? this.#writing);
    if (last === undefined) {
      return undefined;
    }
    last.settled ??= Promise.withResolvers();
    return last.settled.promise;
  }

  #whenRoom(limit: number): Promise<void> {
    let waiting = this.#waiting.find((one) => one.limit === limit);
    if (waiting === undefined) {
      waiting = { limit, room: Promise.withResolvers() };
      this.#waiting.push(waiting);
    }
    return waiting.room.promise;
  }

  #seal(): void {
    const area = this.#current;
    if (area !== undefined && area.used > 0) {
      this.#current = undefined;
      this.#sealed += area.used;
      this.#full.push(area);
    }
  }

  /** Starts the next write where none is under way. */
  #writeNext(): void {
    if (this.#writing !== undefined || this.#failure !== undefined) {
      return;
    }
    if (this.#full.length === 0) {
      this.#seal();
    }
    this.#writing = this.#full.shift();
    if (this.#writing !== undefined) {
      this.#write(this.#writing, 0);
    }
  }

  #write(area: OwnArea, from: number): void {
    const to = Math.min(from + this.#areaSize, area.used);
    this.#stream.write(area.bytes.subarray(from, to), (error) => {
      if (error) {
        this.#fail(error);
      } else if (this.#failure === undefined) {
        this.#sealed -= to - from;
        this.#written(area, to);
      }
    });
  }

  #written(area: OwnArea, to: number): void {
    if (to < area.used) {
      this.#write(area, to);
      return;
    }
    this.#writing = undefined;
    area.settled?.resolve();
    this.#recycle(area);
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i];
      if (waiting !== undefined && this.pending <= waiting.limit / 2) {
        this.#waiting.splice(i, 1);
        waiting.room.resolve();
      }
    }
    this.#writeNext();
    if (this.#writing === undefined) {
      this.#endDrains();
    }
  }

  #recycle(area: OwnArea): void {
    if (area.bytes.length === this.#areaSize && this.#spare.length < spareAreas) {
      area.used = 0;
      area.settled = undefined;
      this.#spare.push(area);
    } else {
      this.#memory?.give(area.bytes);
    }
  }

  #newArea(size: number): OwnArea {
    return { bytes: this.#memory?.take(size) ?? new Uint8Array(size), used: 0, settled: undefined };
  }

  /** `cause` is undefined where the stream was closed without an error. */
  #fail(cause: Error | null | undefined): void {
    if (this.#failure !== undefined) {
      return;
    }
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    const error =
      cause == null || code === 'EPIPE' || code === 'EIO'
        ? new ForebayError('STDOUT_CLOSED', {}, { cause })
        : new ForebayError('STDOUT_FAILED', { reason: cause.message }, { cause });
    this.#failure = error;
    for (const area of [this.#writing, ...this.#full, this.#current]) {
      area?.settled?.promise.catch(() => {}); // whoever waits hears of it; nobody need wait
      area?.settled?.reject(error);
    }
    for (const { room } of this.#waiting.splice(0)) {
      room.promise.catch(() => {});
      room.reject(error);
    }
    this.#sealed = this.pending;
    this.#full.length = 0;
    this.#writing = undefined;
    this.#current = undefined;
    this.#endDrains();
    this.#onFailure(error);
  }

  #endDrains(): void {
    for (const done of this.#draining) {
      done();
    }
  }
}
