// What the templates of a <record> section come to in an event, as msgpack: placeholders take their values from tag, time and record, in place.
import { TimeFormat } from '../core/time-format.ts';
import { localZone } from '../core/zone.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { packFloat, packInteger } from '../msgpack/pack.ts';
import { appendArrayHead, appendBinary, appendByte, appendMapHead, appendString } from '../msgpack/pack-text.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { RubyNotation } from '../msgpack/transcode-inspect.ts';
import { decodeTree, TextNode } from '../msgpack/transcode-tree.ts';
import type { ReadView } from '../msgpack/view.ts';
import type { EventView } from '../msgpack/view-event.ts';
import { localTimeText } from './local-time-text.ts';
import type { PartList, Placeholder, Template, TextTemplate } from './record-template.ts';

export interface RecordValuesOptions {
  readonly hostname: string;
  /** Whether a placeholder that is all of a text keeps its value's type. */
  readonly typecast: boolean;
  /** Is told of placeholders that are worth nothing here. */
  readonly unknown: (placeholder: string) => void;
}

/** The event at hand: its bytes, its time, and where its record begins. */
export interface EventAt {
  readonly from: ReadView;
  readonly time: EventView;
  record: number;
}

export class RecordValues {
  readonly #options: RecordValuesOptions;
  readonly #hostname: Uint8Array;
  readonly #time = new TimeFormat('%Y-%m-%d %H:%M:%S %z', localZone());
  readonly #notation = new RubyNotation(localTimeText());
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #text = new GrowingBytes();
  /** Of the text in the making: whether it has UTF-8 and binary data above ASCII in it. */
  #wide = false;
  #binary = false;
  #tag: Uint8Array = new Uint8Array(0);
  /** The parts of the tag as Ruby's split gives them: empty ones at the end are not there. */
  readonly #parts: string[] = [];

  constructor(options: RecordValuesOptions) {
    this.#options = options;
    this.#hostname = Buffer.from(options.hostname);
  }

  setTag(tag: Uint8Array): void {
    this.#tag = tag;
    this.#parts.length = 0;
    for (const part of Buffer.from(tag).toString('latin1').replace(/\.+$/, '').split('.')) {
      this.#parts.push(part);
    }
    if (this.#parts.length === 1 && this.#parts[0] === '') {
      this.#parts.length = 0;
    }
  }

  /** Appends the value; false where a text would join what has no common encoding. */
  append(template: Template, event: EventAt, out: GrowingBytes): boolean {
    switch (template.kind) {
      case 'text':
        return template.single !== undefined && this.#options.typecast
          ? this.#value(template.single, event, out)
          : this.appendText(template, event, out);
      case 'scalar':
        appendScalar(out, template.value);
        return true;
      case 'array':
        appendArrayHead(out, template.items.length);
        return template.items.every((item) => this.append(item, event, out));
      case 'map':
        return this.#map(template.pairs, event, out);
    }
  }

  /** The same for a text, which stays one. */
  appendText(template: TextTemplate, event: EventAt, out: GrowingBytes): boolean {
    const text = this.#text;
    text.length = 0;
    this.#wide = false;
    this.#binary = false;
    for (const piece of template.pieces) {
      if (piece instanceof Uint8Array) {
        this.#add(piece, 0, piece.length, false);
      } else {
        this.#addPlaceholder(piece, event);
      }
    }
    if (this.#wide && this.#binary) {
      return false;
    }
    if (this.#binary) {
      appendBinary(out, text.view());
    } else {
      appendString(out, text.view());
    }
    return true;
  }

  /** Of names that come out the same, the first one's place and the last one's value stay. */
  #map(pairs: readonly (readonly [TextTemplate, Template])[], event: EventAt, out: GrowingBytes): boolean {
    const made = new Map<string, { readonly key: Uint8Array; value: Uint8Array }>();
    for (const [name, template] of pairs) {
      const [key, value] = [new GrowingBytes(64), new GrowingBytes(64)];
      if (!this.appendText(name, event, key) || !this.append(template, event, value)) {
        return false;
      }
      const identity = Buffer.from(key.view()).toString('latin1');
      const before = made.get(identity);
      if (before === undefined) {
        made.set(identity, { key: key.view(), value: value.view() });
      } else {
        before.value = value.view();
      }
    }
    appendMapHead(out, made.size);
    for (const { key, value } of made.values()) {
      out.append(key);
      out.append(value);
    }
    return true;
  }

  #value(placeholder: Placeholder, event: EventAt, out: GrowingBytes): boolean {
    if (placeholder.kind === 'record') {
      const { from } = event;
      const at = placeholder.field.find(from, event.record);
      if (at >= 0) {
        out.append(from.bytes, at, this.#skip.run(from.bytes, at, from.end));
        return true;
      }
    } else {
      const bytes = this.#bytes(placeholder, event);
      if (bytes !== undefined) {
        appendString(out, bytes);
        return true;
      }
    }
    this.#options.unknown(placeholder.text);
    appendByte(out, 0xc0);
    return true;
  }

  #addPlaceholder(placeholder: Placeholder, event: EventAt): void {
    if (placeholder.kind !== 'record') {
      const bytes = this.#bytes(placeholder, event);
      if (bytes === undefined) {
        this.#options.unknown(placeholder.text);
      } else {
        this.#add(bytes, 0, bytes.length, false);
      }
      return;
    }
    const { from } = event;
    const at = placeholder.field.find(from, event.record);
    if (at < 0) {
      this.#options.unknown(placeholder.text);
    } else if (stringSpan(from.bytes, at, this.#span)) {
      const head = from.bytes[at] as number;
      this.#add(from.bytes, this.#span.start, this.#span.end, head >= 0xc4 && head <= 0xc6);
    } else {
      const node = decodeTree(from, at);
      const text = Buffer.from(node === undefined || node instanceof TextNode ? '' : this.#notation.text(node));
      this.#add(text, 0, text.length, false);
    }
  }

  #add(bytes: Uint8Array, start: number, stop: number, binary: boolean): void {
    if (binary ? !this.#binary : !this.#wide) {
      for (let i = start; i < stop; i++) {
        if ((bytes[i] as number) >= 0x80) {
          this.#binary ||= binary;
          this.#wide ||= !binary;
          break;
        }
      }
    }
    this.#text.append(bytes, start, stop);
  }

  /** What does not come from the record; undefined where there is none. */
  #bytes(placeholder: Exclude<Placeholder, { kind: 'record' }>, { time }: EventAt): Uint8Array | undefined {
    switch (placeholder.kind) {
      case 'hostname':
        return this.#hostname;
      case 'tag':
        return this.#tag;
      case 'time':
        this.#time.render(time.sec, time.nsec, time.exact);
        return this.#time.bytes.subarray(0, this.#time.length);
      case 'unknown':
        return undefined;
      default:
        return this.#part(placeholder.kind, placeholder.index);
    }
  }

  /** Made when it is asked for: all of them together are as long as the square of the tag. */
  #part(list: PartList, index: number): Uint8Array | undefined {
    const parts = this.#parts;
    const at = index < 0 ? index + parts.length : index;
    if (at < 0 || at >= parts.length) {
      return undefined;
    }
    const [from, to] = list === 'tag_prefix' ? [0, at + 1] : list === 'tag_suffix' ? [at, parts.length] : [at, at + 1];
    return Buffer.from(parts.slice(from, to).join('.'), 'latin1');
  }
}

function appendScalar(out: GrowingBytes, value: null | boolean | bigint | number): void {
  if (value === null || typeof value === 'boolean') {
    appendByte(out, value === null ? 0xc0 : value ? 0xc3 : 0xc2);
    return;
  }
  out.reserve(9);
  out.length =
    typeof value === 'bigint' ? packInteger(out.bytes, out.length, value) : packFloat(out.bytes, out.length, value);
}
