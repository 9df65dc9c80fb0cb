// Cuts entries that come in pieces into runs of whole ones. Judging the entries is entries.ts.
import { needMore, Skip } from './skip.ts';

/** A value that grows in the middle of a piece is kept until the rest of it comes; the kept bytes are `held`. */
export class EntryStream {
  readonly #skip = new Skip();
  #tail = new Uint8Array(0);
  /** What the tail was before its run was given out: they change places, so that no run needs memory of its own. */
  #spare = new Uint8Array(0);
  #used = 0;
  /** Where in the tail the walk goes on. */
  #walked = 0;
  readonly #room: number;

  /** `room` is how many bytes an entry and a piece may have together, where that is known: so much is taken at once. */
  constructor(room = 0) {
    this.#room = room;
  }

  /** Bytes of an unfinished entry. */
  get held(): number {
    return this.#used;
  }

  /**
   * The whole entries that `piece` completes, as one run: a view that is valid until the next call. Where the bytes are no msgpack, a code
   * of skip.ts.
   */
  push(piece: Uint8Array): Uint8Array | number {
    if (piece.length === 0) {
      return piece;
    }
    let bytes = piece;
    let end = piece.length;
    if (this.#used > 0) {
      this.#append(piece);
      bytes = this.#tail;
      end = this.#used;
    }
    let pos = this.#walked;
    let whole = 0;
    while (pos < end) {
      const next = this.#skip.run(bytes, pos, end);
      if (next === needMore) {
        break;
      }
      if (next < 0) {
        return next;
      }
      whole = next;
      pos = next;
    }
    this.#walked = pos < end ? this.#skip.at - whole : 0;
    if (bytes !== this.#tail || whole > 0) {
      this.#keep(bytes, whole, end);
    }
    return bytes.subarray(0, whole);
  }

  #append(piece: Uint8Array): void {
    const needed = this.#used + piece.length;
    if (needed > this.#tail.length) {
      const larger = new Uint8Array(Math.max(needed, this.#tail.length * 2, this.#room));
      larger.set(this.#tail.subarray(0, this.#used));
      this.#tail = larger;
    }
    this.#tail.set(piece, this.#used);
    this.#used = needed;
  }

  /** The bytes behind a run are kept where the run is not. */
  #keep(bytes: Uint8Array, from: number, end: number): void {
    if (bytes === this.#tail) {
      [this.#tail, this.#spare] = [this.#spare, this.#tail];
    }
    this.#used = 0;
    if (from < end) {
      this.#append(bytes.subarray(from, end));
    }
  }
}
