// A chunk and what a buffer knows of it beside: its place in the queue, and what it takes of the space.
import type { Batch } from '../core/batch.ts';
import type { Chunk } from '../plugin/buffer.ts';
import type { BufferSpace } from './space.ts';

export class HeldChunk {
  readonly chunk: Chunk;
  /** What tells its events from those of other chunks. */
  readonly key: string;
  /** Its place in the queue: a lower one is older. */
  number = 0;
  bytes: number;
  count: number;
  readonly #space: BufferSpace;
  #charged = 0;
  #gone = false;

  constructor(chunk: Chunk, key: string, space: BufferSpace) {
    this.chunk = chunk;
    this.key = key;
    this.bytes = chunk.bytes;
    this.count = chunk.count;
    this.#space = space;
    this.#charge();
  }

  /** As the chunk's own. */
  append(batch: Batch): Promise<void> | undefined {
    const settled = this.chunk.append(batch);
    this.bytes += batch.entries.length;
    this.count += batch.count;
    this.#charge();
    return settled?.then(this.#charge);
  }

  /** It takes no more events. `failed` is told where the store could not note that down. */
  seal(failed: (error: unknown) => void): void {
    try {
      this.chunk.seal()?.then(this.#charge, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Gives its space back at once, and its bytes as soon as may be. */
  purge(): Promise<void> {
    this.#gone = true;
    this.#charge();
    return this.chunk.purge();
  }

  readonly #charge = (): void => {
    const stored = this.#gone ? 0 : this.chunk.stored;
    const change = stored - this.#charged;
    this.#charged = stored;
    if (change !== 0) {
      this.#space.change(change);
    }
  };
}
