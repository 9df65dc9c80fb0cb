// Pieces on their way to a file: those that wait to be written, and those that are written and kept until they are synced, because a sync that
// fails says that they may be gone from the page cache.
import type { Piece } from './block-filler.ts';

export class PieceQueue {
  readonly #waiting: Piece[] = [];
  readonly #unsynced: Piece[] = [];
  /** Of the first that waits: what is written. */
  #done = 0;

  /** What is written next. */
  get first(): Piece | undefined {
    return this.#waiting[0];
  }

  /** Bytes of the first that are written. */
  get done(): number {
    return this.#done;
  }

  /** Bytes that wait. */
  get pending(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Pieces that are written and not synced. */
  get unsynced(): number {
    return this.#unsynced.length;
  }

  /** What waits, as it will stand in the file. */
  get contents(): Uint8Array[] {
    return this.#waiting.map(({ bytes }) => bytes);
  }

  push(piece: Piece | undefined): void {
    if (piece !== undefined) {
      this.#waiting.push(piece);
    }
  }

  /** All that waits is written. */
  releaseWaiting(): void {
    this.#waiting.splice(0).forEach(release);
    this.#done = 0;
  }

  /** `count` more bytes of the first are written. Returns its length where that is all of it. */
  advance(count: number, keep: boolean): number {
    const [piece] = this.#waiting;
    this.#done += count;
    if (piece === undefined || this.#done < piece.bytes.length) {
      return 0;
    }
    this.#waiting.shift();
    this.#done = 0;
    if (keep) {
      this.#unsynced.push(piece);
    } else {
      release(piece);
    }
    return piece.bytes.length;
  }

  /** The first `count` of those that were written are synced. */
  releaseUnsynced(count: number): void {
    this.#unsynced.splice(0, count).forEach(release);
  }

  /** What is not synced waits again. Returns its bytes. */
  unwrite(): number {
    const pieces = this.#unsynced.splice(0);
    this.#waiting.unshift(...pieces);
    this.#done = 0;
    return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Forgets all; whoever waits for it hears `error`, or that it is done with. */
  drop(error: Error | undefined): void {
    for (const piece of [...this.#unsynced.splice(0), ...this.#waiting.splice(0)]) {
      if (error !== undefined) {
        const { settled } = piece.area;
        settled?.promise.catch(() => {}); // whoever waits hears of it; nobody need wait
        settled?.reject(error);
      }
      release(piece);
    }
    this.#done = 0;
  }
}

function release({ area }: Piece): void {
  area.settled?.resolve();
  area.pool.give(area);
}
