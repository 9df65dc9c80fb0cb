// Standard output where it is a file: Node's own stream for that is destroyed by the first full disk. Here a write waits until there is
// room again, which stops the inputs, and loses nothing.
import { fstatSync, write, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isInMemory } from './memory-file.ts';

/** Below this a write in the loop is cheaper than one in a thread of the pool, bytes. */
const syncBelow = 65_536;
/** Between two tries while the disk is full, ms. */
const retryAfter = 1000;

const full: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const again: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'EINTR', ...full]);

/** The stream of descriptor 1: Node's own for pipes and terminals. `onFull` hears of a full disk once until it takes bytes again. */
export function standardOutput(onFull: (error: Error) => void): Writable {
  try {
    return fstatSync(1).isFile() ? new FileStream(1, onFull) : process.stdout;
  } catch {
    return process.stdout; // closed: the first write says so
  }
}

export class FileStream extends Writable {
  readonly #descriptor: number;
  /** Writes of this many bytes and more are done in a thread of the pool. */
  readonly #largeFrom: number;
  readonly #onFull: (error: Error) => void;
  #isFull = false;
  #retry: NodeJS.Timeout | undefined;

  /** Does not close `descriptor`. */
  constructor(descriptor: number, onFull: (error: Error) => void) {
    super({ decodeStrings: true });
    this.#descriptor = descriptor;
    this.#largeFrom = isInMemory(descriptor) ? Number.POSITIVE_INFINITY : syncBelow;
    this.#onFull = onFull;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#writeFrom(chunk, 0, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#retry);
    done(error);
  }

  #writeFrom(chunk: Buffer, from: number, done: (error?: Error | null) => void): void {
    if (chunk.length - from >= this.#largeFrom) {
      write(this.#descriptor, chunk, from, chunk.length - from, null, (error, written) =>
        this.#wrote(chunk, from, error, written, done),
      );
      return;
    }
    let written = 0;
    let failed: NodeJS.ErrnoException | null = null;
    try {
      written = writeSync(this.#descriptor, chunk, from, chunk.length - from, null);
    } catch (error) {
      failed = error as NodeJS.ErrnoException;
    }
    this.#wrote(chunk, from, failed, written, done);
  }

  #wrote(
    chunk: Buffer,
    from: number,
    error: NodeJS.ErrnoException | null,
    written: number,
    done: (error?: Error | null) => void,
  ): void {
    if (error === null) {
      this.#isFull = false;
      const next = from + written;
      if (next < chunk.length) {
        this.#writeFrom(chunk, next, done);
      } else {
        done();
      }
      return;
    }
    if (!again.has(error.code)) {
      done(error);
      return;
    }
    if (full.has(error.code) && !this.#isFull) {
      this.#isFull = true;
      this.#onFull(error);
    }
    this.#retry = setTimeout(() => this.#writeFrom(chunk, from, done), full.has(error.code) ? retryAfter : 10);
  }
}
