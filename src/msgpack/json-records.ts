// The records in a JSON text, as msgpack: an object is one, an array may hold several. Nothing becomes an object of JavaScript: keys keep their
// order, integers their digits. A key that stands twice keeps its first place and its last value, as in Ruby. The grammar is RFC 8259; what more
// the dialects of Ruby's readers take is said where it is.
import { escapes } from './from-json.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { appendJsonNumber, standsAt } from './json-number.ts';
import { KeyRepeats } from './key-repeats.ts';
import { appendArrayHead, appendByte, appendMapHead, appendString } from './pack-text.ts';
import { maxDepth } from './skip.ts';

const quote = 0x22;
const backslash = 0x5c;

/** Where a record stands in the bytes; -1 and -1 for an element of an array that is no object. */
export interface RecordSpan {
  readonly start: number;
  readonly end: number;
}

export class JsonRecords {
  readonly #lenient: boolean;
  readonly #text = new GrowingBytes(64);
  readonly #repeats = new KeyRepeats();
  #json: Uint8Array = new Uint8Array(0);
  #pos = 0;
  #end = 0;
  #depth = 0;
  #out: GrowingBytes = this.#text;

  /** `lenient` is Oj's dialect: NaN, Infinity and control characters in strings are taken. */
  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  /** Appends the records in the text from `start` to `end` to `out`, and where they are to `spans`. False where it is no JSON. */
  read(json: Uint8Array, start: number, end: number, out: GrowingBytes, spans: RecordSpan[]): boolean {
    this.#json = json;
    this.#pos = start;
    this.#end = end;
    this.#depth = 0;
    this.#repeats.reset();
    this.#out = out;
    const length = out.length;
    const count = spans.length;
    const whole = this.#document(spans);
    this.#json = this.#text.bytes;
    this.#out = this.#text;
    if (!whole) {
      out.length = length;
      spans.length = count;
    }
    return whole;
  }

  #document(spans: RecordSpan[]): boolean {
    this.#space();
    const isList = this.#pos < this.#end && this.#json[this.#pos] === 0x5b;
    if (!(isList ? this.#list(spans) : this.#element(spans))) {
      return false;
    }
    this.#space();
    return this.#pos === this.#end;
  }

  #list(spans: RecordSpan[]): boolean {
    this.#pos++;
    this.#depth = 1;
    this.#space();
    if (this.#json[this.#pos] === 0x5d && this.#pos < this.#end) {
      this.#pos++;
      return true;
    }
    for (;;) {
      if (!this.#element(spans)) {
        return false;
      }
      const next = this.#separator(0x5d);
      if (next !== 0x2c) {
        return next === 0x5d;
      }
    }
  }

  #element(spans: RecordSpan[]): boolean {
    this.#space();
    const isMap = this.#pos < this.#end && this.#json[this.#pos] === 0x7b;
    const start = this.#out.length;
    if (!this.#value()) {
      return false;
    }
    if (isMap) {
      spans.push({ start, end: this.#out.length });
    } else {
      this.#out.length = start;
      spans.push({ start: -1, end: -1 });
    }
    return true;
  }

  #value(): boolean {
    this.#space();
    if (this.#pos >= this.#end) {
      return false;
    }
    switch (this.#json[this.#pos]) {
      case quote:
        return this.#string();
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
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

  #object(): boolean {
    if (++this.#depth > maxDepth) {
      return false;
    }
    this.#pos++;
    const head = this.#out.length;
    appendByte(this.#out, 0x80);
    const mark = this.#repeats.open();
    let count = 0;
    this.#space();
    if (this.#pos < this.#end && this.#json[this.#pos] === 0x7d) {
      this.#pos++;
    } else {
      for (;;) {
        this.#space();
        this.#repeats.add(this.#out.length);
        if (this.#pos >= this.#end || this.#json[this.#pos] !== quote || !this.#string()) {
          return false;
        }
        this.#space();
        if (this.#pos >= this.#end || this.#json[this.#pos++] !== 0x3a || !this.#value()) {
          return false;
        }
        count++;
        const next = this.#separator(0x7d);
        if (next !== 0x2c) {
          if (next !== 0x7d) {
            return false;
          }
          break;
        }
      }
    }
    count -= this.#repeats.close(mark, this.#out);
    this.#depth--;
    this.#setHead(head, count, true);
    return true;
  }

  #array(): boolean {
    if (++this.#depth > maxDepth) {
      return false;
    }
    this.#pos++;
    const head = this.#out.length;
    appendByte(this.#out, 0x90);
    let count = 0;
    this.#space();
    if (this.#pos < this.#end && this.#json[this.#pos] === 0x5d) {
      this.#pos++;
    } else {
      for (;;) {
        if (!this.#value()) {
          return false;
        }
        count++;
        const next = this.#separator(0x5d);
        if (next !== 0x2c) {
          if (next !== 0x5d) {
            return false;
          }
          break;
        }
      }
    }
    this.#depth--;
    this.#setHead(head, count, false);
    return true;
  }

  /** Takes a comma or `close`; 0 where there is neither. */
  #separator(close: number): number {
    this.#space();
    const byte = this.#pos < this.#end ? (this.#json[this.#pos++] as number) : 0;
    return byte === 0x2c || byte === close ? byte : 0;
  }

  /** Writes a container's head over the byte that was kept for it, and makes room where it needs more. */
  #setHead(at: number, count: number, map: boolean): void {
    const out = this.#out;
    if (count < 16) {
      out.bytes[at] = (map ? 0x80 : 0x90) | count;
      return;
    }
    const head = this.#text;
    head.length = 0;
    if (map) {
      appendMapHead(head, count);
    } else {
      appendArrayHead(head, count);
    }
    out.reserve(head.length - 1);
    out.bytes.copyWithin(at + head.length, at + 1, out.length);
    out.bytes.set(head.view(), at);
    out.length += head.length - 1;
  }

  #string(): boolean {
    const json = this.#json;
    const start = this.#pos + 1;
    let pos = start;
    while (pos < this.#end) {
      const byte = json[pos] as number;
      if (byte === quote) {
        this.#pos = pos + 1;
        appendString(this.#out, json, start, pos);
        return true;
      }
      if (byte === backslash) {
        return this.#escapedString(start, pos);
      }
      if (byte < 0x20 && !(this.#lenient && byte !== 0)) {
        return false;
      }
      pos++;
    }
    return false;
  }

  /** The same from the first backslash on. */
  #escapedString(start: number, first: number): boolean {
    const json = this.#json;
    const text = this.#text;
    text.length = 0;
    text.append(json, start, first);
    let pos = first;
    while (pos < this.#end) {
      const byte = json[pos++] as number;
      if (byte === quote) {
        this.#pos = pos;
        appendString(this.#out, text.bytes, 0, text.length);
        return true;
      }
      if (byte < 0x20 && !(this.#lenient && byte !== 0)) {
        return false;
      }
      if (byte !== backslash) {
        appendByte(text, byte);
        continue;
      }
      const escaped = pos < this.#end ? (json[pos++] as number) : 0;
      if (escaped === 0x75) {
        pos = this.#unicode(pos);
        if (pos < 0) {
          return false;
        }
      } else {
        const plain = escapes.get(escaped);
        if (plain === undefined) {
          return false;
        }
        appendByte(text, plain);
      }
    }
    return false;
  }

  /** The character of `\uXXXX`, or of two of them; returns the place behind it, -1 where it is none. */
  #unicode(at: number): number {
    const unit = this.#hex(at);
    let next = at + 4;
    let point = unit;
    if (unit >= 0xd800 && unit < 0xe000) {
      const low = this.#json[next] === backslash && this.#json[next + 1] === 0x75 ? this.#hex(next + 2) : -1;
      if (low < 0xdc00 || low >= 0xe000 || unit >= 0xdc00) {
        return -1;
      }
      point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      next += 6;
    }
    if (point < 0) {
      return -1;
    }
    const text = this.#text;
    if (point < 0x80) {
      appendByte(text, point);
    } else if (point < 0x800) {
      appendByte(text, 0xc0 | (point >> 6));
      appendByte(text, 0x80 | (point & 0x3f));
    } else {
      if (point < 0x10000) {
        appendByte(text, 0xe0 | (point >> 12));
      } else {
        appendByte(text, 0xf0 | (point >> 18));
        appendByte(text, 0x80 | ((point >> 12) & 0x3f));
      }
      appendByte(text, 0x80 | ((point >> 6) & 0x3f));
      appendByte(text, 0x80 | (point & 0x3f));
    }
    return next;
  }

  /** Four hexadecimal digits; -1 where they are none. */
  #hex(at: number): number {
    if (at + 4 > this.#end) {
      return -1;
    }
    let value = 0;
    for (let i = at; i < at + 4; i++) {
      const byte = this.#json[i] as number;
      const letter = byte | 0x20;
      const digit = byte >= 48 && byte < 58 ? byte - 48 : letter >= 97 && letter < 103 ? letter - 87 : -1;
      if (digit < 0) {
        return -1;
      }
      value = value * 16 + digit;
    }
    return value;
  }

  #word(word: string, value: number): boolean {
    if (!standsAt(this.#json, this.#pos, this.#end, word)) {
      return false;
    }
    this.#pos += word.length;
    appendByte(this.#out, value);
    return true;
  }

  #number(): boolean {
    const next = appendJsonNumber(this.#json, this.#pos, this.#end, this.#lenient, this.#out);
    this.#pos = next;
    return next >= 0;
  }

  #space(): void {
    const json = this.#json;
    let pos = this.#pos;
    while (pos < this.#end) {
      const byte = json[pos] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        break;
      }
      pos++;
    }
    this.#pos = pos;
  }
}
