// Walks over one record in place and notes where its fields are; picks out those that Docker's driver sets. Decodes nothing: that is done
// for the few events that are shown or searched (event.ts).
import { Skip } from '../../msgpack/skip.ts';
import { type Span, stringIs, stringSpan } from '../../msgpack/text.ts';
import type { ReadView } from '../../msgpack/view.ts';
import { mapBody, mapLength } from '../../msgpack/view-field.ts';

/** Fields beyond these are not looked at; the details show them. */
const maxFields = 256;

/** What Docker's driver and its like put into a record, as places of values (0: not there). */
const known = [
  'log',
  'message',
  'msg',
  'container_name',
  'container_id',
  'source',
  'partial_message',
  'partial_id',
  'partial_ordinal',
  'partial_last',
] as const;
export type KnownField = (typeof known)[number];

const first = new Set(known.map((name) => name.charCodeAt(0)));

/** One record, reused for the next. */
export class RecordView {
  /** Number of fields noted. */
  count = 0;
  /** Where the keys and the values of the noted fields stand. */
  readonly keys = new Uint32Array(maxFields);
  readonly values = new Uint32Array(maxFields);
  /** Whether there are more fields than are noted. */
  more = false;
  readonly at: Record<KnownField, number> = Object.fromEntries(known.map((name) => [name, 0])) as Record<
    KnownField,
    number
  >;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };

  /** Reads the record at `at`. Returns the position behind it, negative where it is none. */
  read(from: ReadView, at: number): number {
    const { bytes, end } = from;
    for (const name of known) {
      this.at[name] = 0;
    }
    this.count = 0;
    this.more = false;
    let pos = mapBody(bytes, at);
    for (let left = mapLength(from, at); left > 0; left--) {
      const key = pos;
      const value = this.#next(bytes, key, end);
      if (value < 0) {
        return value;
      }
      if (this.count < maxFields) {
        this.keys[this.count] = key;
        this.values[this.count++] = value;
        this.#note(bytes, key, value);
      } else {
        this.more = true;
      }
      pos = this.#next(bytes, value, end);
      if (pos < 0) {
        return pos;
      }
    }
    return pos;
  }

  #note(bytes: Uint8Array, key: number, value: number): void {
    const span = this.#span;
    if (!stringSpan(bytes, key, span) || !first.has(bytes[span.start] as number)) {
      return;
    }
    for (const name of known) {
      if (name.length === span.end - span.start && stringIs(bytes, key, name, span)) {
        this.at[name] = value;
        return;
      }
    }
  }

  #next(bytes: Uint8Array, at: number, end: number): number {
    const next = this.#skip.run(bytes, at, end);
    if (next < 0) {
      this.#skip.reset();
    }
    return next;
  }
}
