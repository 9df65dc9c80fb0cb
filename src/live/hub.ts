// The hub of the live stream: takes every batch that is tapped, holds them in bounded memory, and wakes its readers. It decodes nothing and
// waits for nobody: whoever is too slow loses the oldest and is told how many.
import { randomBytes } from 'node:crypto';
import type { Batch, Origin } from '../core/batch.ts';
import { encodePlace } from './protocol.ts';
import { frameSize, Reader } from './reader.ts';
import { Segments } from './segments.ts';

/** How a batch came to the tap: the label whose rules it passed (`@ROOT` is the top level), and whether a match took it. */
export interface TapPlace {
  readonly label: string;
  readonly matched: boolean;
}

export interface HubSettings {
  /** Bytes that are held at most. Readers that stand still hold a segment (about 1 MB) more each. */
  readonly memorySize: number;
  /** Bytes that a reader, once up to date, may be behind. Default 16 MB. */
  readonly backlogSize?: number;
}

const rootLabel = '@ROOT';
/** Frames smaller than `frameSize` go out no oftener than this, ms. When it is quiet nothing waits for it. */
const pace = 5;

export class Hub {
  /** Names this run: positions of another one mean nothing here. */
  readonly stream = randomBytes(9).toString('base64url');
  readonly memorySize: number;
  readonly #segments: Segments;
  readonly #backlogSize: number;
  readonly #readers = new Set<Reader>();
  #scheduled = false;
  #lastWake = 0;
  // Most batches in a row come from the same place.
  #origin: Origin | undefined;
  #label = '';
  #matched = true;
  #place: Uint8Array = new Uint8Array(0);

  constructor({ memorySize, backlogSize = 16 * 1024 * 1024 }: HubSettings) {
    this.memorySize = memorySize;
    this.#backlogSize = backlogSize;
    this.#segments = new Segments(memorySize, (segment) => {
      for (const reader of this.#readers) {
        reader.evict(segment);
      }
    });
  }

  /** The position of the oldest event that is held, and of the next one to come. */
  get oldest(): number {
    const { first } = this.#segments;
    return first.used === 0 ? this.#segments.next : first.start;
  }
  get next(): number {
    return this.#segments.next;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Takes a batch: its bytes are copied before this returns. */
  tap(batch: Batch, { label, matched }: TapPlace): void {
    if (batch.origin !== this.#origin || label !== this.#label || matched !== this.#matched) {
      this.#origin = batch.origin;
      this.#label = label;
      this.#matched = matched;
      this.#place = encodePlace({ ...batch.origin, matched, label: label === rootLabel ? undefined : label });
    }
    this.#segments.add(batch, this.#place);
    if (this.#readers.size > 0) {
      this.schedule();
    }
  }

  /** A new reader, that begins when it is started. `wake` is called when there is something for it. */
  open(wake: () => void): Reader {
    const reader = new Reader(this.#segments, { backlogSize: this.#backlogSize, wake });
    this.#readers.add(reader);
    return reader;
  }

  close(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** Wakes the readers: at once when it is quiet, else at the hub's pace. */
  schedule(): void {
    if (this.#scheduled) {
      return;
    }
    this.#scheduled = true;
    const since = performance.now() - this.#lastWake;
    if (since >= pace) {
      setImmediate(this.#wake);
    } else {
      setTimeout(this.#wake, pace - since);
    }
  }

  readonly #wake = (): void => {
    this.#scheduled = false;
    this.#lastWake = performance.now();
    for (const reader of this.#readers) {
      if (reader.ready) {
        reader.wake();
      }
    }
  };
}

/** Whether a reader should send on without waiting for the hub's pace. */
export function isFull(reader: Reader): boolean {
  return reader.pending >= frameSize;
}
