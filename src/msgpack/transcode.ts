// msgpack bytes to JSON text, without an object between: the specification of the transcoder, and the one that runs everywhere. One flat
// loop with an explicit stack. What it cannot print in one pass (keys that are no strings, a key twice) goes to transcode-slow.ts.
import { byteKinds, copyByte, escapeByte, highByte, type JsonDialect } from './json-dialects.ts';
import { writeInteger } from './numbers.ts';
import { maxDepth } from './skip.ts';
import {
  copyClean,
  extBody,
  extSpan,
  headSizes,
  sameBytes,
  writeEscape,
  writeNumber,
  writeTens,
  writeWord,
} from './transcode-scalars.ts';
import { writeSlow } from './transcode-slow.ts';
import { utf8Length } from './transcode-utf8.ts';
import { broken, noRoom, type ReadView, type WriteView } from './view.ts';

/** Keys of the open maps that are compared with each other in one pass; larger maps take the slow path. */
const maxKeys = 128;

/** A value that is written as text. What the text is, is the writer's business. */
export interface ValueWriter {
  /**
   * Writes the value at `at`. Returns the position behind it, and `to.at` stands behind the text; or `noRoom` or `broken`, and what was
   * written does not count: `to.at` is as before.
   */
  write(from: ReadView, at: number, to: WriteView): number;
}

export class JsonTranscoder implements ValueWriter {
  readonly dialect: JsonDialect;
  /** Whether DEL and C1 are escaped too. */
  readonly escapesControls: boolean;
  readonly #kinds: Uint8Array;
  /** The bits that send a word of four bytes to the byte loop, beside quotes, backslashes and C0. */
  readonly #highBits: number;
  readonly #left = new Int32Array(maxDepth + 1);
  readonly #outerKeys = new Int32Array(maxDepth + 1);
  readonly #isMap = new Uint8Array(maxDepth + 1);
  readonly #keyStarts = new Int32Array(maxKeys);
  readonly #keyLengths = new Int32Array(maxKeys);
  #next = 0;

  /** `escapeControls`: DEL and C1 are escaped too, for a terminal. */
  constructor(dialect: JsonDialect, escapeControls = false) {
    this.dialect = dialect;
    this.#kinds = byteKinds(dialect, escapeControls);
    this.escapesControls = escapeControls;
    this.#highBits = escapeControls ? -1 : dialect.repairsUtf8 ? 0x80808080 | 0 : 0;
  }

  write(from: ReadView, start: number, to: WriteView): number {
    const src = from.bytes;
    const data = from.data;
    const end = from.end;
    const dst = to.bytes;
    const limit = to.limit;
    let at = start;
    let o = to.at;
    let depth = 0;
    let left = 1;
    let inMap = false;
    let isKey = false;
    let firstKey = 0;
    let keys = 0;
    for (;;) {
      if (at >= end) {
        return broken;
      }
      if (o > limit) {
        return noRoom;
      }
      const head = src[at] as number;
      let length = -1;
      let children = -1;
      if (head >= 0xa0 && head < 0xc0) {
        length = head & 0x1f;
        at++;
      } else if (head < 0x80) {
        if (isKey) {
          return writeSlow(this, from, start, to);
        }
        o = head < 10 ? o : writeTens(dst, o, head);
        dst[o++] = 48 + (head % 10);
        at++;
      } else if (head < 0xa0) {
        children = head & 0x0f;
        at++;
      } else if (head >= 0xe0) {
        if (isKey) {
          return writeSlow(this, from, start, to);
        }
        o = writeInteger(dst, o, head - 256);
        at++;
      } else {
        const size = headSizes[head & 0x1f] as number;
        if (size === 0 || at + size > end) {
          return broken;
        }
        const body = at + 1;
        at += size;
        if (head === 0xd9 || head === 0xc4) {
          length = src[body] as number;
        } else if (head === 0xda || head === 0xc5) {
          length = data.getUint16(body);
        } else if (head === 0xdb || head === 0xc6) {
          length = data.getInt32(body);
          if (length < 0) {
            return broken; // over 2 GiB: no buffer is that long
          }
        } else if (isKey) {
          return writeSlow(this, from, start, to);
        } else if (head >= 0xdc) {
          children = head === 0xdc || head === 0xde ? data.getUint16(body) : data.getInt32(body);
          if (children < 0) {
            return broken;
          }
        } else if (head <= 0xc3) {
          o = writeWord(dst, o, head);
        } else if (head === 0xca || head === 0xcb) {
          const text = this.dialect.float(head === 0xca ? data.getFloat32(body) : data.getFloat64(body));
          for (let i = 0; i < text.length; i++) {
            dst[o++] = text.charCodeAt(i);
          }
        } else if (head <= 0xc9 || head >= 0xd4) {
          at = this.#eventTime(from, body - 1, to, o);
          if (at < 0) {
            return at;
          }
          o = this.#next;
        } else {
          o = writeNumber(dst, o, head, data, body);
        }
      }

      if (length >= 0) {
        const stop = (at + length) | 0;
        if (stop > end) {
          return broken;
        }
        if (o + length * 6 > limit && o + this.#textLength(src, at, stop) > limit) {
          return noRoom;
        }
        if (isKey) {
          const found = this.#rememberKey(src, at - start, length, start, firstKey, keys);
          if (found) {
            return writeSlow(this, from, start, to);
          }
          keys++;
        }
        o = this.#copyString(from, at, stop, to, o);
        at = stop;
        if (isKey) {
          dst[o++] = 58;
          isKey = false;
          continue;
        }
      } else if (children >= 0) {
        const map = head < 0x90 || head >= 0xde;
        if (isKey) {
          return writeSlow(this, from, start, to);
        }
        if (children === 0) {
          dst[o++] = map ? 123 : 91;
          dst[o++] = map ? 125 : 93;
        } else {
          if (depth >= maxDepth || children > end - at) {
            return broken;
          }
          if (map && keys + children > maxKeys) {
            return writeSlow(this, from, start, to);
          }
          this.#left[depth] = left;
          this.#isMap[depth] = inMap ? 1 : 0;
          this.#outerKeys[depth] = firstKey;
          depth++;
          left = children;
          inMap = map;
          isKey = map;
          firstKey = keys;
          dst[o++] = map ? 123 : 91;
          continue;
        }
      }

      left--;
      while (left === 0) {
        if (depth === 0) {
          to.at = o;
          return at;
        }
        if (o > limit) {
          return noRoom;
        }
        dst[o++] = inMap ? 125 : 93;
        depth--;
        keys = firstKey;
        left = (this.#left[depth] as number) - 1;
        inMap = this.#isMap[depth] === 1;
        firstKey = this.#outerKeys[depth] as number;
      }
      dst[o++] = 44;
      isKey = inMap;
    }
  }

  /** Writes the bytes from `start` to `stop` as a string; apart from the loop, because it has the registers for itself then. */
  #copyString(from: ReadView, start: number, stop: number, to: WriteView, begin: number): number {
    const out = to.data;
    out.setUint8(begin, 34);
    const clean = copyClean(from.data, start, stop, from.end, out, begin + 1, this.#highBits);
    let o = begin + 1 + clean;
    if (start + clean < stop) {
      o = this.#writeRest(from, start + clean, stop, to, o);
    }
    out.setUint8(o, 34);
    return o + 1;
  }

  /** Writes a string's bytes from one on that cannot be copied, or that ends it. Returns the position behind the text. */
  #writeRest(from: ReadView, start: number, stop: number, to: WriteView, begin: number): number {
    const { bytes: src, data, end } = from;
    const { bytes: dst, data: out } = to;
    const kinds = this.#kinds;
    let at = start;
    let o = begin;
    while (at < stop) {
      const wordEnd = Math.min(at + 4, stop);
      while (at < wordEnd) {
        const byte = src[at] as number;
        const kind = kinds[byte] as number;
        if (kind === copyByte) {
          dst[o++] = byte;
          at++;
        } else if (kind > highByte) {
          dst[o] = 92;
          dst[o + 1] = kind;
          o += 2;
          at++;
        } else if (kind === escapeByte) {
          o = writeEscape(dst, o, byte);
          at++;
        } else {
          o = this.#writeHigh(src, at, stop, dst, o);
          at = this.#next;
        }
      }
      const clean = copyClean(data, at, stop, end, out, o, this.#highBits);
      at += clean;
      o += clean;
    }
    return o;
  }

  /** Writes the bytes of a view as one JSON string; false where there is no room. */
  writeString(text: ReadView, to: WriteView): boolean {
    if (to.at + this.#textLength(text.bytes, text.start, text.end) > to.limit) {
      return false;
    }
    to.at = this.#copyString(text, text.start, text.end, to, to.at);
    return true;
  }

  /** Remembers a key of the innermost map; true where it stood there before. */
  #rememberKey(src: Uint8Array, offset: number, length: number, base: number, first: number, count: number): boolean {
    const starts = this.#keyStarts;
    const lengths = this.#keyLengths;
    for (let i = first; i < count; i++) {
      if (lengths[i] === length && sameBytes(src, base + offset, base + (starts[i] as number), length)) {
        return true;
      }
    }
    starts[count] = offset;
    lengths[count] = length;
    return false;
  }

  /** At most how long the text of a string becomes. */
  #textLength(src: Uint8Array, at: number, stop: number): number {
    let length = stop - at;
    for (let pos = at; pos < stop; pos++) {
      const kind = this.#kinds[src[pos] as number] as number;
      length += kind === copyByte ? 0 : kind > highByte ? 1 : 5;
    }
    return length;
  }

  /** A character, or a byte, from 0x80 on; `#next` is the position behind it. */
  #writeHigh(src: Uint8Array, at: number, stop: number, dst: Uint8Array, o: number): number {
    const byte = src[at] as number;
    const length = utf8Length(src, at, stop);
    if (length > 0) {
      this.#next = at + length;
      if (this.escapesControls && byte === 0xc2 && (src[at + 1] as number) < 0xa0) {
        return writeEscape(dst, o, src[at + 1] as number);
      }
      for (let i = 0; i < length; i++) {
        dst[o + i] = src[at + i] as number;
      }
      return o + length;
    }
    if (this.dialect.repairsUtf8) {
      this.#next = at - length;
      dst[o] = 0xef;
      dst[o + 1] = 0xbf;
      dst[o + 2] = 0xbd;
      return o + 3;
    }
    this.#next = at + 1;
    if (byte < 0xa0) {
      return writeEscape(dst, o, byte);
    }
    dst[o] = byte;
    return o + 1;
  }

  /** An EventTime (ext type 0) inside a record: its seconds, as in Fluentd. Returns the position behind it, `#next` behind the text. */
  #eventTime(from: ReadView, at: number, to: WriteView, o: number): number {
    const span = extSpan(from, at);
    if (span < 0) {
      return broken;
    }
    const size = span - extBody(from.bytes, at);
    this.#next = size < 4 ? writeWord(to.bytes, o, 0xc0) : writeInteger(to.bytes, o, from.data.getUint32(span - size));
    return span;
  }
}
