// Finds the documents in a stream of JSON, by their brackets alone; whether they are sound is found when they are read.
import { isSpace } from '../msgpack/from-json.ts';
import { invalidByte, needMore } from '../msgpack/skip.ts';

export class JsonFramer {
  /** Where the document begins that `next` has found, behind white space. */
  start = 0;
  #walked = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** As `Framer.next`: the position after the document that begins at `base`, `needMore`, or `invalidByte` for what begins none. */
  next(bytes: Uint8Array, base: number, end: number): number {
    let pos = base + this.#walked;
    while (this.#depth === 0 && pos < end && isSpace(bytes[pos] as number)) {
      pos++;
    }
    if (this.#depth === 0) {
      this.start = pos - base;
    }
    for (; pos < end; pos++) {
      const byte = bytes[pos] as number;
      if (this.#inString) {
        if (this.#escaped) {
          this.#escaped = false;
        } else if (byte === 0x5c) {
          this.#escaped = true;
        } else if (byte === 0x22) {
          this.#inString = false;
        }
      } else if (byte === 0x7b || byte === 0x5b) {
        this.#depth++;
      } else if (this.#depth === 0) {
        return invalidByte;
      } else if (byte === 0x22) {
        this.#inString = true;
      } else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) {
        this.#walked = 0;
        return pos + 1;
      }
    }
    // Between documents the white space is done with: what comes next is all that `base` will point at.
    this.#walked = this.#depth === 0 ? 0 : pos - base;
    return needMore;
  }

  /** Whether nothing but white space stands in front of the next document. */
  get between(): boolean {
    return this.#depth === 0;
  }
}
