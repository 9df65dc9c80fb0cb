// Walks over entries that come in pieces and keeps none of them: whether they are msgpack, and how large the largest is. Cutting them into runs
// of whole ones is entry-stream.ts.
import { needMore, Skip } from './skip.ts';

/** No head of a msgpack value is longer. */
const longestHead = 18;
/** Takes the place of a token whose bytes have passed by. */
const standIn = Uint8Array.of(0xc0);

export class EntryCheck {
  /** Bytes of the largest entry so far; of an unfinished one, as many as have come. */
  largest = 0;
  readonly #skip = new Skip();
  /** The beginning of a token whose head was not whole, and room for as much of what comes. */
  readonly #cut = new Uint8Array(2 * longestHead);
  #cutLength = 0;
  /** Bytes of a token that are still to pass by. */
  #passing = 0;
  /** Where the entry at hand begins, counted from the piece at hand. */
  #start = 0;

  /** 0, or a code of skip.ts where the bytes are no msgpack. */
  push(piece: Uint8Array): number {
    const end = piece.length;
    for (let pos = 0; pos < end; ) {
      pos =
        this.#passing > 0
          ? this.#pass(pos, end)
          : this.#cutLength > 0
            ? this.#join(piece, pos)
            : this.#walk(piece, pos);
      if (pos < 0) {
        return pos;
      }
    }
    this.largest = Math.max(this.largest, end - this.#start);
    this.#start -= end;
    return 0;
  }

  #pass(pos: number, end: number): number {
    const to = Math.min(pos + this.#passing, end);
    this.#passing -= to - pos;
    if (this.#passing === 0 && this.#skip.run(standIn, 0, 1) >= 0) {
      this.#ended(to);
    }
    return to;
  }

  #walk(piece: Uint8Array, pos: number): number {
    const next = this.#skip.run(piece, pos, piece.length);
    if (next === needMore) {
      this.#stopped(piece, this.#skip.at, piece.length);
      return piece.length;
    }
    if (next >= 0) {
      this.#ended(next);
    }
    return next;
  }

  /** Walks over the token that was cut, and those that end in the next few bytes. */
  #join(piece: Uint8Array, pos: number): number {
    const cut = this.#cut;
    const before = this.#cutLength;
    const more = piece.subarray(pos, pos + longestHead);
    cut.set(more, before);
    const next = this.#skip.run(cut, 0, before + more.length);
    this.#cutLength = 0;
    if (next === needMore && this.#skip.at === 0) {
      this.#stopped(cut, 0, before + more.length);
      return pos + more.length;
    }
    if (next < 0 && next !== needMore) {
      return next;
    }
    const walked = pos - before + (next < 0 ? this.#skip.at : next);
    if (next >= 0) {
      this.#ended(walked);
    }
    return walked;
  }

  /** In the middle of a token that begins at `at`. */
  #stopped(bytes: Uint8Array, at: number, end: number): void {
    if (end - at >= longestHead) {
      this.#passing = this.#skip.want - end;
    } else {
      this.#cut.set(bytes.subarray(at, end));
      this.#cutLength = end - at;
    }
  }

  #ended(at: number): void {
    this.largest = Math.max(this.largest, at - this.#start);
    this.#start = at;
  }
}
