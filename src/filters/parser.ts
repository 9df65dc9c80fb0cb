// Parses the text in a field, and makes records of what it finds there. What a text comes to is the parsers'; here is which text, what stays of
// the original, and what becomes of texts that cannot be parsed.
import { isUtf8 } from 'node:buffer';
import { p, type Values } from '../config/options.ts';
import type { Batch } from '../core/batch.ts';
import type { ErrorCode } from '../core/errors.ts';
import { isMap } from '../msgpack/entries.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { RecordMerger } from '../msgpack/merge-records.ts';
import { appendByte, appendMapHead, appendString, appendTime } from '../msgpack/pack-text.ts';
import { FieldRemover } from '../msgpack/remove-field.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { type FieldPath, mapBody, mapLength, parseFieldPath } from '../msgpack/view-field.ts';
import { defineFilter, type Filter, type FilterContext } from '../plugin/filter.ts';
import { createParser, type Parsed, ParsedRecords, type Parser } from '../plugin/parser.ts';

const options = {
  key_name: p.string({ desc: 'The field with the text: a name, or a way to it like $.a.b.', required: true }),
  parse: p.plugin({ desc: 'How the text is read.', kind: 'parser', inline: 'format' }),
  reserve_data: p.bool({ desc: 'Whether the fields of the original stay.', default: 'false' }),
  remove_key_name_field: p.bool({
    desc: 'Whether the field with the text goes, of those that stay.',
    default: 'false',
  }),
  reserve_time: p.bool({ desc: 'Whether the time of the original stays.', default: 'false' }),
  inject_key_prefix: p.string({ desc: 'What stands before the names of the parsed fields.' }),
  hash_value_field: p.string({ desc: 'The field that gets all that was parsed, as a map.' }),
  replace_invalid_sequence: p.bool({
    desc: 'Whether bytes that are no UTF-8 become question marks, where the parser cannot read the text else.',
    default: 'false',
  }),
  emit_invalid_record_to_error: p.bool({
    desc: 'Whether what cannot be parsed goes to <label @ERROR>.',
    default: 'true',
  }),
};

export default defineFilter({
  type: 'parser',
  summary: 'Parses the text in a field.',
  options,
  check({ key_name: key }, element, report) {
    const path = parseFieldPath(key);
    if (typeof path === 'string') {
      report({
        code: 'CONFIG_FIELD_PATH',
        severity: 'error',
        at: element.attributes.get('key_name')?.valueAt ?? element.at,
        text: `The key cannot be used: ${path}.`,
        hint: "Write $.a.b, or $['a']['b'].",
      });
    }
  },
  create(context, values) {
    const path = parseFieldPath(values.key_name);
    if (typeof path === 'string') {
      throw new TypeError(path);
    }
    return new ParserFilter(context, values, path, createParser(context, values.parse));
  },
});

/** An empty map: what was parsed of a text that could not be. */
const nothing = Uint8Array.of(0x80);

class ParserFilter implements Filter {
  readonly #context: FilterContext;
  readonly #options: Values<typeof options>;
  readonly #path: FieldPath;
  readonly #parser: Parser;
  readonly #remover: FieldRemover;
  readonly #from = new ReadView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #parsed = new ParsedRecords();
  readonly #merger = new RecordMerger();
  /** The original without the field with the text, and the parsed record with other names. */
  readonly #rest = new GrowingBytes();
  readonly #named = new GrowingBytes();
  #out = new GrowingBytes(0);
  #count = 0;

  constructor(context: FilterContext, values: Values<typeof options>, path: FieldPath, parser: Parser) {
    this.#context = context;
    this.#options = values;
    this.#path = path;
    this.#parser = parser;
    this.#remover = new FieldRemover(path.path);
  }

  filter(batch: Batch): Batch | undefined {
    const from = this.#from;
    from.set(batch.entries);
    this.#out = new GrowingBytes(batch.entries.length + 64);
    this.#count = 0;
    this.#prepare();
    let first = -1;
    let seen = 0;
    for (let at = from.start; at < from.end; seen++) {
      const record = this.#event.open(from, at);
      const next = record < 0 ? -1 : this.#skip.run(from.bytes, record, from.end);
      if (next < 0 || !isMap(from.bytes[record] as number)) {
        throw new TypeError('An entry is not in clean form.');
      }
      this.#parse(batch, at, record, next, seen);
      first = first < 0 && this.#count > 0 ? seen : first;
      at = next;
    }
    from.forget();
    this.#merger.forget();
    const entries = this.#out.take();
    return this.#count === 0 ? undefined : { ...batch, entries, count: this.#count, seq: batch.seq + first };
  }

  /** Tells the parser which texts come. */
  #prepare(): void {
    if (this.#parser.prepare === undefined) {
      return;
    }
    const from = this.#from;
    const texts: string[] = [];
    for (let at = from.start; at < from.end; ) {
      const record = this.#event.open(from, at);
      const value = record < 0 ? -1 : this.#path.find(from, record);
      if (value >= 0 && stringSpan(from.bytes, value, this.#span)) {
        const { start, end } = this.#span;
        const text = Buffer.from(from.bytes.buffer, from.bytes.byteOffset + start, end - start);
        if (isUtf8(text)) {
          texts.push(text.toString());
        }
      }
      at = record < 0 ? from.end : this.#skip.run(from.bytes, record, from.end);
    }
    this.#parser.prepare(texts);
  }

  #parse(batch: Batch, start: number, record: number, next: number, seen: number): void {
    const from = this.#from;
    const refuse = (code: ErrorCode) => {
      if (this.#options.emit_invalid_record_to_error) {
        const entries = from.bytes.subarray(start, next);
        const event = { ...batch, entries, count: 1, seq: batch.seq + seen };
        this.#context.refuse(event, code, { key: this.#path.text });
      }
    };
    const value = this.#path.find(from, record);
    if (value < 0 || from.bytes[value] === 0xc0) {
      if (this.#options.reserve_data && !(value < 0 && this.#path.blocked)) {
        this.#emit(start, record, next, undefined);
      }
      refuse('FILTER_PARSER_KEY');
      return;
    }
    for (const parsed of this.#read(value)) {
      if (parsed.fault === undefined) {
        this.#emit(start, record, next, parsed);
        continue;
      }
      if (this.#options.reserve_data && parsed.fault === 'PARSE_UNMATCHED') {
        this.#emit(start, record, next, undefined);
      }
      refuse(parsed.fault);
    }
  }

  /** What the value at `value` comes to. Most parsers know the form of texts only. */
  #read(value: number): readonly Parsed[] {
    const { bytes } = this.#from;
    const parsed = this.#parsed;
    parsed.clear();
    if (!stringSpan(bytes, value, this.#span)) {
      if (this.#parser.parseValue === undefined) {
        parsed.fail('PARSE_UNMATCHED');
      } else {
        this.#parser.parseValue(bytes, value, this.#skip.run(bytes, value, this.#from.end), parsed);
      }
      return parsed.list;
    }
    const { start, end } = this.#span;
    this.#parser.parse(bytes, start, end, parsed);
    if (this.#options.replace_invalid_sequence && parsed.list[0]?.fault === 'PARSE_ENCODING') {
      parsed.clear();
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
      const mended = Buffer.from(text.replaceAll('\ufffd', '?'));
      this.#parser.parse(mended, 0, mended.length, parsed);
    }
    return parsed.list;
  }

  /** Appends an event: the original, with what was parsed where something was. */
  #emit(start: number, record: number, next: number, parsed: Parsed | undefined): void {
    const { bytes } = this.#from;
    const out = this.#out;
    if (parsed?.timed === true && !this.#options.reserve_time) {
      appendByte(out, 0x92);
      appendTime(out, parsed.sec, parsed.nsec);
    } else {
      out.append(bytes, start, record);
    }
    const { inject_key_prefix: prefix, hash_value_field: holder } = this.#options;
    if (parsed === undefined || prefix !== undefined || holder !== undefined) {
      const { bytes: read } = this.#parsed.bytes;
      const made = this.#rename(parsed === undefined ? nothing : read.subarray(parsed.start, parsed.end));
      this.#append(record, next, parsed !== undefined, made, 0, made.length);
    } else {
      this.#append(record, next, true, this.#parsed.bytes.bytes, parsed.start, parsed.end);
    }
    this.#count++;
  }

  /** Appends the record: what was made, and what stays of the original. */
  #append(record: number, next: number, parsed: boolean, made: Uint8Array, start: number, end: number): void {
    const { bytes } = this.#from;
    const out = this.#out;
    if (!this.#options.reserve_data) {
      out.append(made, start, end);
    } else if (parsed && this.#options.remove_key_name_field) {
      const rest = this.#rest;
      rest.length = 0;
      rest.append(bytes, record, next);
      rest.length = this.#remover.remove(rest.bytes, 0, rest.length);
      this.#merger.merge(rest.bytes, 0, rest.length, made, start, end, out);
    } else {
      this.#merger.merge(bytes, record, next, made, start, end, out);
    }
  }

  #rename(fields: Uint8Array): Uint8Array {
    const { inject_key_prefix: prefix, hash_value_field: holder } = this.#options;
    const named = this.#named;
    named.length = 0;
    if (holder !== undefined) {
      appendMapHead(named, 1);
      appendString(named, Buffer.from(holder));
    }
    if (prefix === undefined) {
      named.append(fields);
    } else {
      this.#prefix(fields, prefix);
    }
    return named.view();
  }

  #prefix(fields: Uint8Array, prefix: string): void {
    const from = new ReadView();
    from.set(fields);
    const count = mapLength(from, from.start);
    appendMapHead(this.#named, count);
    let pos = mapBody(from.bytes, from.start);
    for (let i = 0; i < count; i++) {
      const value = this.#skip.run(from.bytes, pos, from.end);
      const next = this.#skip.run(from.bytes, value, from.end);
      const isText = stringSpan(from.bytes, pos, this.#span);
      const name = isText ? from.bytes.subarray(this.#span.start, this.#span.end) : new Uint8Array(0);
      appendString(this.#named, Buffer.concat([Buffer.from(prefix), name]));
      this.#named.append(from.bytes, value, next);
      pos = next;
    }
  }
}
