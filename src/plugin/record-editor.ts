// Makes records anew from their bytes: the pairs that stay are copied, new ones stand in the place of those of the same name or at the end, as in
// a Ruby hash. Reads the time of the event out of a field where that is asked for.
import type { Batch, Tag } from '../core/batch.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { FieldEdit } from '../msgpack/edit.ts';
import { isMap } from '../msgpack/entries.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { appendByte, appendMapHead, appendTime } from '../msgpack/pack-text.ts';
import { FieldRemover } from '../msgpack/remove-field.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { type FieldPath, mapBody, mapLength, matches } from '../msgpack/view-field.ts';
import type { Template, TextTemplate } from './record-template.ts';
import { type EventAt, RecordValues, type RecordValuesOptions } from './record-values.ts';
import { floatAt, nanoseconds } from './ruby-time.ts';

export interface RecordEdits {
  readonly fields: readonly { readonly name: TextTemplate; readonly value: Template }[];
  /** Whether only these fields, and those of the names in `keep`, stay. */
  readonly renew: boolean;
  readonly keep: readonly string[];
  /** At last these go. */
  readonly remove: readonly FieldPath[];
  /** The field whose value, before it may go, becomes the time. */
  readonly timeKey: string | undefined;
  readonly typecast: boolean;
}

/** A field to set. What does not change from event to event stays in `bytes`; else it stands in the scratch bytes of the event. */
interface Field {
  readonly name: TextTemplate;
  readonly value: Template;
  readonly changes: boolean;
  bytes: Uint8Array;
  /** Where in `bytes` the key (a str or bin), its content, and the value begin and end. */
  keyStart: number;
  contentStart: number;
  valueStart: number;
  valueEnd: number;
  removed: boolean;
  /** Whether it took the place of another one, of the record's or of a field before it. */
  placed: boolean;
  /** Which field's value it has: its own, or that of a later one of the same name. */
  giver: number;
}

export class RecordEditor {
  /** Why the last event is not among the edited ones. */
  fault: { readonly code: ErrorCode; readonly key: string } | undefined;
  readonly #edits: RecordEdits;
  readonly #values: RecordValues;
  readonly #fields: readonly Field[];
  /** Those that each event gives another value. */
  readonly #changing: readonly Field[];
  readonly #namesMayRepeat: boolean;
  readonly #keep: readonly Uint8Array[];
  readonly #removeNames: readonly Uint8Array[];
  readonly #removers: readonly FieldRemover[];
  readonly #timeKey: Uint8Array | undefined;
  readonly #from = new ReadView();
  readonly #event: EventAt = { from: this.#from, time: new EventView(), record: 0 };
  readonly #made = new ReadView();
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  /** Where the pairs that stay begin, their values and their ends, and which field takes a value's place: four a pair. */
  readonly #pairs: number[] = [];
  /** What the fields come to in the event at hand. */
  readonly #scratch = new GrowingBytes();
  #out = new GrowingBytes(0);
  #tag: Tag | undefined;

  constructor(edits: RecordEdits, options: RecordValuesOptions) {
    this.#edits = edits;
    this.#values = new RecordValues(options);
    this.#fields = edits.fields.map(({ name, value }) => ({
      name,
      value,
      changes: name.changes === 'event' || value.changes === 'event',
      bytes: new Uint8Array(0),
      keyStart: 0,
      contentStart: 0,
      valueStart: 0,
      valueEnd: 0,
      removed: false,
      placed: false,
      giver: -1,
    }));
    this.#changing = this.#fields.filter(({ changes }) => changes);
    const flat = edits.remove.filter(({ nested }) => !nested);
    this.#namesMayRepeat = edits.fields.some(({ name }) => name.changes !== 'never');
    this.#keep = edits.keep.map(encode);
    this.#removeNames = flat.map(({ path }) => encode(String(path[0])));
    this.#removers = edits.remove.filter(({ nested }) => nested).map(({ path }) => new FieldRemover(path));
    this.#timeKey = edits.timeKey === undefined ? undefined : encode(edits.timeKey);
  }

  /** Begins with a batch. */
  open(batch: Batch): void {
    this.#from.set(batch.entries);
    this.#out = new GrowingBytes(batch.entries.length + batch.count * 64);
    this.#setTag(batch.tag);
  }

  /** Whether fields are set that are the same in all events of a tag, and that is all. */
  get constant(): boolean {
    const { renew, remove, timeKey } = this.#edits;
    const more = renew || remove.length > 0 || timeKey !== undefined || this.#changing.length > 0;
    return this.#fields.length > 0 && !more;
  }

  /** The fields of all events of the tag, where they are constant; undefined where they cannot be made, or have an odd name. */
  constants(tag: Tag): readonly FieldEdit[] | undefined {
    this.#setTag(tag);
    // A name that is no UTF-8 is a bin.
    if (!this.#makeFields() || this.#fields.some(({ bytes, keyStart }) => ((bytes[keyStart] ?? 0) & 0xfc) === 0xc4)) {
      return undefined;
    }
    return this.#fields.map(({ bytes, contentStart, valueStart, valueEnd }) => ({
      name: bytes.slice(contentStart, valueStart),
      value: bytes.slice(valueStart, valueEnd),
    }));
  }

  /** Edits the event that begins so many bytes into the batch; returns where the next one does. */
  edit(offset: number): number {
    const from = this.#from;
    const start = from.start + offset;
    const record = this.#event.time.open(from, start);
    const next = record < 0 ? -1 : this.#skip.run(from.bytes, record, from.end);
    if (next < 0 || !isMap(from.bytes[record] as number)) {
      throw new TypeError('An entry is not in clean form.');
    }
    this.#event.record = record;
    this.fault = undefined;
    const length = this.#out.length;
    if (!this.#makeFields() || !this.#write(start, record)) {
      this.#out.length = length;
    }
    return next - from.start;
  }

  /** The edited events, which are the caller's. */
  close(): Uint8Array {
    this.#from.forget();
    this.#made.forget();
    for (const remover of this.#removers) {
      remover.forget();
    }
    return this.#out.take();
  }

  #setTag(tag: Tag): void {
    if (tag !== this.#tag) {
      this.#tag = tag;
      this.#values.setTag(tag.bytes);
      for (const field of this.#fields) {
        field.bytes = new Uint8Array(0);
      }
    }
  }

  #makeFields(): boolean {
    this.#scratch.length = 0;
    for (let f = 0; f < this.#fields.length; f++) {
      const field = this.#fields[f] as Field;
      field.placed = false;
      field.giver = f;
      if (!field.changes && field.bytes.length > 0) {
        continue;
      }
      const into = field.changes ? this.#scratch : new GrowingBytes(64);
      field.keyStart = into.length;
      const named = this.#values.appendText(field.name, this.#event, into);
      field.valueStart = into.length;
      if (!named || !this.#values.append(field.value, this.#event, into)) {
        this.fault = { code: 'FILTER_RECORD_ENCODING', key: textOf(field.name) };
        return false;
      }
      field.valueEnd = into.length;
      if (!field.changes) {
        field.bytes = into.bytes;
        this.#finishField(field);
      }
    }
    for (const field of this.#changing) {
      // The scratch bytes may have been moved to more room in between.
      field.bytes = this.#scratch.bytes;
      this.#finishField(field);
    }
    return true;
  }

  #finishField(field: Field): void {
    stringSpan(field.bytes, field.keyStart, this.#span);
    field.contentStart = this.#span.start;
    field.removed = false;
    for (const name of this.#removeNames) {
      field.removed ||= this.#isNamed(field, name);
    }
  }

  #write(start: number, record: number): boolean {
    const { bytes } = this.#from;
    const out = this.#out;
    this.#findPairs(record);
    this.#placeFields();
    if (this.#timeKey === undefined) {
      out.append(bytes, start, record);
    } else if (!this.#writeTime(start, record)) {
      this.fault = { code: 'FILTER_RECORD_TIME', key: this.#edits.timeKey ?? '' };
      return false;
    }
    const begin = out.length;
    this.#writePairs();
    for (const remover of this.#removers) {
      out.length = remover.remove(out.bytes, begin, out.length);
    }
    return true;
  }

  /** The pairs of the record that stay, as far as the record itself says it. */
  #findPairs(record: number): void {
    this.#pairs.length = 0;
    if (!this.#edits.renew) {
      this.#eachPair(record, undefined);
      return;
    }
    for (const name of this.#keep) {
      this.#eachPair(record, name);
    }
  }

  /** Of a name, the last pair alone. */
  #eachPair(record: number, name: Uint8Array | undefined): void {
    const { bytes, end } = this.#from;
    const count = this.#pairs.length;
    let pos = mapBody(bytes, record);
    for (let left = mapLength(this.#from, record); left > 0; left--) {
      const value = this.#skip.run(bytes, pos, end);
      const next = this.#skip.run(bytes, value, end);
      if (name === undefined) {
        this.#pairs.push(pos, value, next, -1);
      } else if (stringSpan(bytes, pos, this.#span) && matches(bytes, this.#span, name)) {
        this.#pairs.length = count;
        this.#pairs.push(pos, value, next, -1);
      }
      pos = next;
    }
  }

  #placeFields(): void {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 4) {
      if (!stringSpan(this.#from.bytes, pairs[i] as number, this.#span)) {
        continue;
      }
      for (let f = 0; f < this.#fields.length; f++) {
        const field = this.#fields[f] as Field;
        if (this.#spanIs(field.bytes, field.contentStart, field.valueStart)) {
          pairs[i + 3] = f;
          field.placed = true;
        }
      }
    }
    if (this.#namesMayRepeat) {
      this.#dropRepeats();
    }
  }

  /** Of fields whose names come out the same, the last one's value stands in the first one's place. */
  #dropRepeats(): void {
    for (let f = 1; f < this.#fields.length; f++) {
      const field = this.#fields[f] as Field;
      for (let g = 0; g < f && !field.placed; g++) {
        const before = this.#fields[g] as Field;
        if (!before.placed && sameName(before, field)) {
          before.giver = f;
          field.placed = true;
        }
      }
    }
  }

  #writePairs(): void {
    const { bytes } = this.#from;
    const out = this.#out;
    const pairs = this.#pairs;
    let count = 0;
    for (let i = 0; i < pairs.length; i += 4) {
      if (this.#isRemoved(pairs[i] as number)) {
        pairs[i] = -1;
      } else {
        count++;
      }
    }
    for (const field of this.#fields) {
      count += field.placed || field.removed ? 0 : 1;
    }
    appendMapHead(out, count);
    for (let i = 0; i < pairs.length; i += 4) {
      const key = pairs[i] as number;
      const field = this.#fields[pairs[i + 3] as number];
      if (key >= 0) {
        out.append(bytes, key, pairs[field === undefined ? i + 2 : i + 1] as number);
        if (field !== undefined) {
          out.append(field.bytes, field.valueStart, field.valueEnd);
        }
      }
    }
    for (const field of this.#fields) {
      if (!field.placed && !field.removed) {
        const giver = this.#fields[field.giver] as Field;
        out.append(field.bytes, field.keyStart, field.valueStart);
        out.append(giver.bytes, giver.valueStart, giver.valueEnd);
      }
    }
  }

  /** The head of the entry with the time from the field, where that is there; false where it holds no time. */
  #writeTime(start: number, record: number): boolean {
    const found = this.#findTime();
    if (found === undefined) {
      this.#out.append(this.#from.bytes, start, record);
      return true;
    }
    this.#made.set(found);
    const seconds = floatAt(this.#made, this.#made.start);
    if (seconds === undefined || !Number.isFinite(seconds)) {
      return false;
    }
    appendByte(this.#out, 0x92);
    appendTime(this.#out, Math.floor(seconds), nanoseconds(seconds));
    return true;
  }

  /** The bytes of the time field's value in the record as it will be, and what stands behind them. */
  #findTime(): Uint8Array | undefined {
    const name = this.#timeKey as Uint8Array;
    const field = this.#fields.findLast((each) => this.#isNamed(each, name));
    if (field !== undefined) {
      return field.bytes.subarray(field.valueStart, field.valueEnd);
    }
    const { bytes } = this.#from;
    let found: Uint8Array | undefined;
    for (let i = 0; i < this.#pairs.length; i += 4) {
      if (stringSpan(bytes, this.#pairs[i] as number, this.#span) && matches(bytes, this.#span, name)) {
        found = bytes.subarray(this.#pairs[i + 1], this.#pairs[i + 2]);
      }
    }
    return found;
  }

  #isRemoved(key: number): boolean {
    const { bytes } = this.#from;
    if (this.#removeNames.length > 0 && stringSpan(bytes, key, this.#span)) {
      for (const name of this.#removeNames) {
        if (matches(bytes, this.#span, name)) {
          return true;
        }
      }
    }
    return false;
  }

  #isNamed({ bytes, contentStart, valueStart }: Field, name: Uint8Array): boolean {
    return Buffer.compare(bytes.subarray(contentStart, valueStart), name) === 0;
  }

  /** Whether the string of the span is that piece of `other`. */
  #spanIs(other: Uint8Array, start: number, stop: number): boolean {
    const { bytes } = this.#from;
    const at = this.#span.start;
    if (this.#span.end - at !== stop - start) {
      return false;
    }
    for (let i = 0; i < stop - start; i++) {
      if (bytes[at + i] !== other[start + i]) {
        return false;
      }
    }
    return true;
  }
}

function sameName(a: Field, b: Field): boolean {
  return (
    Buffer.compare(a.bytes.subarray(a.contentStart, a.valueStart), b.bytes.subarray(b.contentStart, b.valueStart)) === 0
  );
}

function textOf({ pieces }: TextTemplate): string {
  return pieces.map((piece) => (piece instanceof Uint8Array ? Buffer.from(piece).toString() : piece.text)).join('');
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
