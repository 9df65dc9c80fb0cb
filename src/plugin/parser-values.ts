// Values of a parsed record become what `types` says, and nil where they stand for nothing. Works on the record's bytes; a record in which nothing
// changes stays as it is.
import { toF, toI } from '../config/ruby-number.ts';
import type { RubyRegexp } from '../config/ruby-regexp.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { packFloat } from '../msgpack/pack.ts';
import { appendArrayHead, appendByte, appendInteger, appendString, appendTime } from '../msgpack/pack-text.ts';
import { Skip } from '../msgpack/skip.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import { RubyNotation } from '../msgpack/transcode-inspect.ts';
import { decodeTree, TextNode } from '../msgpack/transcode-tree.ts';
import { ReadView } from '../msgpack/view.ts';
import { mapBody, mapLength } from '../msgpack/view-field.ts';
import { localTimeText } from './local-time-text.ts';
import type { TimeReader } from './parser-time.ts';

/** What a value becomes. */
export type ValueType =
  | { readonly kind: 'string' | 'integer' | 'float' | 'bool' }
  | { readonly kind: 'array'; readonly delimiter: string }
  | { readonly kind: 'time'; readonly reader: TimeReader };

export interface ValueSettings {
  readonly types: ReadonlyMap<string, ValueType>;
  /** Texts that it matches become nil. */
  readonly nothing: RubyRegexp | undefined;
  readonly emptyIsNothing: boolean;
}

export class ValueConverter {
  readonly #settings: ValueSettings;
  readonly #notation = new RubyNotation(localTimeText());
  readonly #from = new ReadView();
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #made = new GrowingBytes();

  constructor(settings: ValueSettings) {
    this.#settings = settings;
  }

  /** Converts the record that begins at `start` and ends where `out` does, in its place. */
  convert(out: GrowingBytes, start: number): void {
    const from = this.#from;
    const made = this.#made;
    from.setRange(out.bytes, 0, out.length);
    const { bytes, end } = from;
    const record = from.start + start;
    made.length = 0;
    let pos = mapBody(bytes, record);
    made.append(bytes, record, pos);
    for (let left = mapLength(from, record); left > 0; left--) {
      const value = this.#skip.run(bytes, pos, end);
      const next = this.#skip.run(bytes, value, end);
      made.append(bytes, pos, value);
      this.#value(pos, value, next);
      pos = next;
    }
    out.length = start;
    out.append(made.bytes, 0, made.length);
  }

  #value(key: number, value: number, next: number): void {
    const { bytes } = this.#from;
    const head = bytes[value] as number;
    if (head !== 0xc0 && head !== 0xc2) {
      if (this.#isNothing(value)) {
        appendByte(this.#made, 0xc0);
        return;
      }
      const type = stringSpan(bytes, key, this.#span) ? this.#settings.types.get(this.#string()) : undefined;
      if (type !== undefined) {
        this.#append(type, value);
        return;
      }
    }
    this.#made.append(bytes, value, next);
  }

  #isNothing(value: number): boolean {
    const { nothing, emptyIsNothing } = this.#settings;
    if ((nothing === undefined && !emptyIsNothing) || !stringSpan(this.#from.bytes, value, this.#span)) {
      return false;
    }
    const isEmpty = this.#span.start === this.#span.end;
    return (emptyIsNothing && isEmpty) || nothing?.test(this.#string()) === true;
  }

  #append(type: ValueType, value: number): void {
    const made = this.#made;
    switch (type.kind) {
      case 'string':
        appendString(made, Buffer.from(this.#text(value)));
        break;
      case 'integer':
        appendInteger(made, this.#integer(value));
        break;
      case 'float':
        made.reserve(9);
        made.length = packFloat(made.bytes, made.length, this.#float(value));
        break;
      case 'bool':
        appendByte(made, /^(?:true|yes|1)$/i.test(this.#text(value)) ? 0xc3 : 0xc2);
        break;
      case 'array': {
        const parts = rubySplit(this.#text(value), type.delimiter);
        appendArrayHead(made, parts.length);
        for (const part of parts) {
          appendString(made, Buffer.from(part));
        }
        break;
      }
      case 'time':
        if (type.reader.read(this.#from, value)) {
          appendTime(made, type.reader.moment.sec, type.reader.moment.nsec);
        } else {
          appendByte(made, 0xc0);
        }
    }
  }

  #integer(value: number): number | bigint {
    const whole = integerAt(this.#from.bytes, value);
    if (whole !== undefined) {
      return whole;
    }
    const text = this.#text(value);
    const digits = /^[\s\0]*([+-]?\d{16,400})/.exec(text)?.[1];
    return digits === undefined ? Math.trunc(toI(text)) : BigInt(digits.replace('+', ''));
  }

  #float(value: number): number {
    const { bytes, data } = this.#from;
    const head = bytes[value] as number;
    if (head === 0xca || head === 0xcb) {
      return head === 0xca ? data.getFloat32(value + 1) : data.getFloat64(value + 1);
    }
    const whole = integerAt(bytes, value);
    return whole === undefined ? toF(this.#text(value)) : Number(whole);
  }

  /** `to_s` of the value. */
  #text(value: number): string {
    if (stringSpan(this.#from.bytes, value, this.#span)) {
      return this.#string();
    }
    const node = decodeTree(this.#from, value);
    return node === undefined || node instanceof TextNode ? '' : this.#notation.text(node);
  }

  /** The content of the span. */
  #string(): string {
    const { bytes } = this.#from;
    const { start, end } = this.#span;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
  }
}

/** As Ruby's split: empty parts at the end are not there, and a blank means any white space. */
function rubySplit(text: string, delimiter: string): string[] {
  const parts = delimiter === ' ' ? text.trim().split(/\s+/) : text.split(delimiter);
  while (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}
