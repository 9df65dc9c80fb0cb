// Writes text to a stream, standard output above all, that may be a pipe which nobody reads: one write in flight, out of memory that is not
// touched until it is done, with what waits counted, so that whoever fills it can be stopped. Closing the stream is not done here.
import type { Writable } from 'node:stream';
import { ForebayError } from '../core/errors.ts';
import type { IoMemory } from '../core/io-memory.ts';
import { Drains, Room } from '../core/room.ts';
import { type Area, AreaPool, AreaQueue } from './area-queue.ts';
import { FileStream } from './file-stream.ts';

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
  readonly #areaSize: number;
  readonly #onFailure: (error: ForebayError) => void;
  readonly #queue: AreaQueue;
  readonly #room = new Room();
  readonly #drains = new Drains();
  #writing = false;
  #scheduled = false;
  #failure: ForebayError | undefined;
  /** Bytes that waited when the stream failed. */
  #lost = 0;

  constructor(stream: Writable, options: StreamWriterOptions = {}) {
    this.#stream = stream;
    this.#areaSize = stream instanceof FileStream ? fileAreaSize : areaSize;
    this.#queue = new AreaQueue(new AreaPool(this.#areaSize, spareAreas, options.memory));
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
    return this.#queue.pending + this.#lost;
  }

  /** Memory to append whole lines to, before the next turn of the event loop; `commit` when they are there. */
  get area(): Area {
    return this.#queue.area;
  }

  /** What is in the area is to be written; returns another one, empty, of at least `size` bytes. */
  nextArea(size = 0): Area {
    const area = this.#queue.nextArea(size);
    this.#writeNext();
    return area;
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
      return this.#queue.whenWritten();
    }
    return this.pending > limit ? this.#room.when(limit) : undefined;
  }

  /** Resolves when nothing waits any more, or `signal` aborts, or the stream has failed: with the bytes that are left. */
  async drain(signal: AbortSignal): Promise<number> {
    this.#queue.seal();
    this.#writeNext();
    if (this.pending > 0 && this.#failure === undefined && !signal.aborted) {
      await this.#drains.wait(signal);
    }
    return this.pending;
  }

  #schedule(): void {
    if (!this.#scheduled && !this.#writing && this.pending > 0) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#writeNext();
      });
    }
  }

  /** Starts the next write where none is under way. */
  #writeNext(): void {
    if (this.#writing || this.#failure !== undefined) {
      return;
    }
    const head = this.#queue.head(this.#areaSize);
    if (head === undefined) {
      this.#drains.end();
      return;
    }
    this.#writing = true;
    this.#stream.write(head, (error) => {
      this.#writing = false;
      if (error) {
        this.#fail(error);
      } else if (this.#failure === undefined) {
        this.#queue.advance(head.length);
        this.#room.update(this.pending);
        this.#writeNext();
      }
    });
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
    this.#lost = this.#queue.pending;
    this.#queue.clear(error);
    this.#room.fail(error);
    this.#drains.end();
    this.#onFailure(error);
  }
}
