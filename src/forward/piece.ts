// One piece of a line, as Docker's fluentd driver cuts it (16 KiB each): read in place, and several of them put together again into one event.
// Which pieces belong together, and when they are all there, is pieces.ts. All generations of the driver: github.com/moby/moby,
// daemon/logger/copier.go and daemon/logger/fluentd/fluentd.go.
import { packMapHead, packStringHead } from '../msgpack/pack.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { mapLength } from '../msgpack/view-field.ts';
import { FieldList } from '../msgpack/view-fields.ts';

const name = (text: string) => new TextEncoder().encode(text);
const names = {
  message: name('partial_message'),
  id: name('partial_id'),
  ordinal: name('partial_ordinal'),
  last: name('partial_last'),
  container: name('container_id'),
  source: name('source'),
  log: name('log'),
} as const;
const partialNames = [names.message, names.id, names.ordinal, names.last];

/** Records with more fields than this are no pieces. */
const mostFields = 512;
/** What no line of any sense reaches: a petabyte of pieces. */
const highestOrdinal = 1e9;

/** Reads the fields of a record that say whether it is a piece; reused for the next. */
export class PieceReader {
  /** Whether it says that it is one, and holds text. */
  isPiece = false;
  /** Whether it holds text that may be the last piece of a line whose earlier ones were marked. */
  hasText = false;
  id = '';
  /** From 1; NaN where there is none that makes sense. */
  ordinal = Number.NaN;
  isLast = false;
  /** Container and stream. */
  stream = '';
  /** Bytes of the text. */
  length = 0;
  readonly #fields = new FieldList(mostFields);
  readonly #span: Span = { start: 0, end: 0 };

  /** Returns the position behind the record at `at`, or a code below 0 where it is none. */
  read(from: ReadView, at: number): number {
    const fields = this.#fields;
    this.isPiece = false;
    this.hasText = false;
    const next = fields.read(from, at);
    if (next < 0 || mapLength(from, at) > mostFields || !this.#spanOf(from, names.log)) {
      return next;
    }
    this.hasText = true;
    this.length = this.#span.end - this.#span.start;
    this.stream = `${this.#text(from, names.container)} ${this.#text(from, names.source)}`;
    if (this.#text(from, names.message) === 'true') {
      this.isPiece = true;
      this.id = this.#text(from, names.id);
      const ordinal = this.#text(from, names.ordinal);
      this.ordinal = /^[1-9]\d{0,9}$/.test(ordinal) && Number(ordinal) <= highestOrdinal ? Number(ordinal) : Number.NaN;
      this.isLast = this.#text(from, names.last) === 'true';
    }
    return next;
  }

  #spanOf(from: ReadView, key: Uint8Array): boolean {
    const index = this.#fields.indexOf(from, key);
    return index >= 0 && stringSpan(from.bytes, this.#fields.values[index] as number, this.#span);
  }

  /** Of a field: its text, 'true' for a true, '' for all else. Texts that are too long to be an id are cut. */
  #text(from: ReadView, key: Uint8Array): string {
    const index = this.#fields.indexOf(from, key);
    if (index < 0) {
      return '';
    }
    const value = this.#fields.values[index] as number;
    if (stringSpan(from.bytes, value, this.#span)) {
      const { start, end } = this.#span;
      return Buffer.from(from.bytes.buffer, from.bytes.byteOffset + start, Math.min(end - start, 256)).toString(
        'latin1',
      );
    }
    return from.bytes[value] === 0xc3 ? 'true' : '';
  }
}

/**
 * One event of several: time and fields of the first of these entries, the texts of all of them in a row. `whole`: no `partial_*` field stays;
 * else they stay as the first has them.
 */
export function joinEntries(entries: readonly [Uint8Array, ...Uint8Array[]], whole: boolean): Uint8Array {
  const view = new ReadView();
  const event = new EventView();
  const fields = new FieldList(mostFields);
  const span: Span = { start: 0, end: 0 };
  const texts: Uint8Array[] = [];
  let length = 0;
  for (const entry of entries) {
    view.set(entry);
    fields.read(view, event.open(view, view.start));
    if (stringSpan(view.bytes, fields.values[fields.indexOf(view, names.log)] as number, span)) {
      texts.push(view.bytes.subarray(span.start, span.end));
      length += span.end - span.start;
    }
  }
  const [first] = entries;
  view.set(first);
  const at = event.open(view, view.start);
  const end = fields.read(view, at);
  const log = fields.indexOf(view, names.log);
  const dropped = whole ? partialNames.map((each) => fields.indexOf(view, each)).filter((index) => index >= 0) : [];
  const out = new Uint8Array(first.length + length + 10);
  const { bytes } = view;
  let to = 0;
  const copy = (start: number, stop: number) => {
    out.set(bytes.subarray(start, stop), to);
    to += stop - start;
  };
  copy(view.start, at);
  to = packMapHead(out, to, fields.count - dropped.length);
  for (let i = 0; i < fields.count; i++) {
    const key = fields.keys[i] as number;
    const value = fields.values[i] as number;
    if (i === log) {
      copy(key, value);
      to = textHead(out, to, length, isBinary(bytes[value] as number));
      for (const text of texts) {
        out.set(text, to);
        to += text.length;
      }
    } else if (!dropped.includes(i)) {
      copy(key, i + 1 < fields.count ? (fields.keys[i + 1] as number) : end);
    }
  }
  return out.subarray(0, to);
}

function isBinary(head: number): boolean {
  return head >= 0xc4 && head <= 0xc6;
}

function textHead(out: Uint8Array, at: number, length: number, binary: boolean): number {
  if (!binary) {
    return packStringHead(out, at, length);
  }
  const size = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4;
  out[at] = size === 1 ? 0xc4 : size === 2 ? 0xc5 : 0xc6;
  for (let i = 0; i < size; i++) {
    out[at + 1 + i] = length >>> ((size - 1 - i) * 8);
  }
  return at + 1 + size;
}
