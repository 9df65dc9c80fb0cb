// Turns JSON text into msgpack bytes: keys keep their order, integers their digits, nothing becomes an object.
// Cutting a stream of JSON into documents is the forward room's business. The grammar: RFC 8259.
import { maxDepth } from './skip.ts';

const quote = 0x22;
const backslash = 0x5c;

/** How JSON strings are written: as str, or as bin, as Fluentd has them from a JSON stream. */
export type JsonStrings = 'str' | 'bin';

/** The msgpack form of the JSON document between `from` and `to`, or undefined where that is none. */
export function jsonToMsgpack(
  text: Uint8Array,
  from: number,
  to: number,
  strings: JsonStrings,
): Uint8Array | undefined {
  const reader = new JsonReader(text, from, to, strings);
  return reader.document() ? reader.result() : undefined;
}

class JsonReader {
  readonly #text: Uint8Array;
  readonly #to: number;
  readonly #binary: boolean;
  #pos: number;
  #out: Uint8Array;
  #view: DataView;
  #at = 0;
  #depth = 0;

  constructor(text: Uint8Array, from: number, to: number, strings: JsonStrings) {
    this.#text = text;
    this.#pos = from;
    this.#to = to;
    this.#binary = strings === 'bin';
    // A JSON value is never shorter than its msgpack form by more than the heads of its containers, which grow as they are closed.
    this.#out = new Uint8Array((to - from) * 2 + 16);
    this.#view = new DataView(this.#out.buffer);
  }

  result(): Uint8Array {
    return this.#out.subarray(0, this.#at);
  }

  document(): boolean {
    if (!this.#value()) {
      return false;
    }
    this.#space();
    return this.#pos === this.#to;
  }

  #value(): boolean {
    this.#space();
    const head = this.#text[this.#pos];
    if (this.#pos >= this.#to) {
      return false;
    }
    switch (head) {
      case quote:
        return this.#string();
      case 0x7b:
        return this.#container(0x7d, true);
      case 0x5b:
        return this.#container(0x5d, false);
      case 0x74:
        return this.#word('true', 0xc3);
      case 0x66:
        return this.#word('false', 0xc2);
      case 0x6e:
        return this.#word('null', 0xc0);
      default:
        return this.#number();
    }
  }

  #container(close: number, map: boolean): boolean {
    if (this.#depth === maxDepth) {
      return false;
    }
    this.#depth++;
    this.#pos++;
    const head = this.#at++;
    let count = 0;
    this.#space();
    if (this.#text[this.#pos] === close) {
      this.#pos++;
    } else {
      for (;;) {
        if (map && !this.#key()) {
          return false;
        }
        if (!this.#value()) {
          return false;
        }
        count++;
        this.#space();
        const next = this.#text[this.#pos++];
        if (next === close) {
          break;
        }
        if (next !== 0x2c || this.#pos > this.#to) {
          return false;
        }
      }
    }
    this.#depth--;
    this.#head(head, count, map);
    return this.#pos <= this.#to;
  }

  #key(): boolean {
    this.#space();
    if (this.#text[this.#pos] !== quote || !this.#string()) {
      return false;
    }
    this.#space();
    return this.#text[this.#pos++] === 0x3a;
  }

  /** Writes a container's head into the byte kept for it, and makes room where it needs more. */
  #head(at: number, count: number, map: boolean): void {
    if (count < 16) {
      this.#out[at] = (map ? 0x80 : 0x90) | count;
      return;
    }
    const size = count < 65536 ? 2 : 4;
    this.#reserve(size);
    this.#out.copyWithin(at + 1 + size, at + 1, this.#at);
    this.#at += size;
    if (size === 2) {
      this.#out[at] = map ? 0xde : 0xdc;
      this.#view.setUint16(at + 1, count);
    } else {
      this.#out[at] = map ? 0xdf : 0xdd;
      this.#view.setUint32(at + 1, count);
    }
  }

  #string(): boolean {
    const text = this.#text;
    const head = this.#at;
    // Five bytes hold any head; the content moves down to the one that it needs.
    this.#reserve(5 + 8);
    let at = head + 5;
    let pos = this.#pos + 1;
    for (;;) {
      if (pos >= this.#to) {
        return false;
      }
      const byte = text[pos++] as number;
      if (byte === quote) {
        break;
      }
      if (byte < 0x20) {
        return false;
      }
      this.#at = at;
      this.#reserve(8);
      if (byte !== backslash) {
        this.#out[at++] = byte;
        continue;
      }
      const escaped = text[pos++] as number;
      if (escaped === 0x75) {
        const unit = this.#hex(pos);
        pos += 4;
        let point = unit;
        if (unit >= 0xd800 && unit < 0xdc00 && text[pos] === backslash && text[pos + 1] === 0x75) {
          const low = this.#hex(pos + 2);
          if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            pos += 6;
          }
        }
        if (unit < 0) {
          return false;
        }
        at = this.#utf8(at, point);
      } else {
        const plain = escapes.get(escaped);
        if (plain === undefined) {
          return false;
        }
        this.#out[at++] = plain;
      }
    }
    this.#pos = pos;
    this.#stringHead(head, at - head - 5);
    return true;
  }

  #stringHead(at: number, length: number): void {
    const out = this.#out;
    const view = this.#view;
    let body: number;
    if (!this.#binary && length < 32) {
      out[at] = 0xa0 | length;
      body = at + 1;
    } else if (length < 256) {
      out[at] = this.#binary ? 0xc4 : 0xd9;
      out[at + 1] = length;
      body = at + 2;
    } else if (length < 65536) {
      out[at] = this.#binary ? 0xc5 : 0xda;
      view.setUint16(at + 1, length);
      body = at + 3;
    } else {
      out[at] = this.#binary ? 0xc6 : 0xdb;
      view.setUint32(at + 1, length);
      body = at + 5;
    }
    out.copyWithin(body, at + 5, at + 5 + length);
    this.#at = body + length;
  }

  /** Four hexadecimal digits; -1 where they are none. */
  #hex(pos: number): number {
    let value = 0;
    for (let i = pos; i < pos + 4; i++) {
      const digit = i < this.#to ? Number.parseInt(String.fromCharCode(this.#text[i] as number), 16) : Number.NaN;
      if (Number.isNaN(digit)) {
        return -1;
      }
      value = value * 16 + digit;
    }
    return value;
  }

  #utf8(at: number, point: number): number {
    const encoded = new TextEncoder().encode(String.fromCodePoint(point));
    this.#out.set(encoded, at);
    return at + encoded.length;
  }

  #word(word: string, value: number): boolean {
    for (let i = 0; i < word.length; i++) {
      if (this.#text[this.#pos + i] !== word.charCodeAt(i) || this.#pos + i >= this.#to) {
        return false;
      }
    }
    this.#pos += word.length;
    this.#reserve(1);
    this.#out[this.#at++] = value;
    return true;
  }

  #number(): boolean {
    let end = this.#pos;
    while (end < this.#to && end - this.#pos < 400 && isNumberByte(this.#text[end] as number)) {
      end++;
    }
    const text = String.fromCharCode(...this.#text.subarray(this.#pos, end));
    const parts = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.exec(text);
    if (parts === null) {
      return false;
    }
    this.#pos = end;
    this.#reserve(9);
    if (parts[1] === undefined && parts[2] === undefined && this.#integer(BigInt(text))) {
      return true;
    }
    this.#out[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, Number(text));
    this.#at += 9;
    return true;
  }

  /** False where msgpack has no integer as large as that. */
  #integer(value: bigint): boolean {
    const [out, view, at] = [this.#out, this.#view, this.#at];
    if (value >= 2n ** 64n || value < -(2n ** 63n)) {
      return false;
    }
    if (value >= -32n && value < 128n) {
      out[at] = Number(value) & 0xff;
      this.#at += 1;
      return true;
    }
    const [head, low] = value < 0n ? [0xd0, -value * 2n - 1n] : [0xcc, value];
    const step = low < 2n ** 8n ? 0 : low < 2n ** 16n ? 1 : low < 2n ** 32n ? 2 : 3;
    out[at] = head + step;
    const bits = BigInt.asUintN(64, value);
    for (let i = 0; i < 1 << step; i++) {
      view.setUint8(at + (1 << step) - i, Number((bits >> BigInt(i * 8)) & 0xffn));
    }
    this.#at += 1 + (1 << step);
    return true;
  }

  #space(): void {
    while (this.#pos < this.#to && isSpace(this.#text[this.#pos] as number)) {
      this.#pos++;
    }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#out.length) {
      const larger = new Uint8Array(this.#out.length * 2 + bytes);
      larger.set(this.#out.subarray(0, this.#at));
      this.#out = larger;
      this.#view = new DataView(larger.buffer);
    }
  }
}

/** Space, tab, line feed, carriage return. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function isNumberByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || (byte | 0x20) === 0x65;
}

/** What stands behind a backslash, and the byte that it means; `u` has a way of its own. */
export const escapes: ReadonlyMap<number, number> = new Map([
  [quote, quote],
  [backslash, backslash],
  [0x2f, 0x2f],
  [0x62, 8],
  [0x66, 12],
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
]);
