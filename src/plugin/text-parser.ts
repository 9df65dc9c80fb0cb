// A parser that reads a text as a whole into fields: decoding the text and writing the record are here, the form of the text is the plug-in's.
import { isUtf8 } from 'node:buffer';
import { type Captures, compileRubyRegexp, type RubyRegexp, type RubyRegexpFlags } from '../config/ruby-regexp.ts';
import { ForebayError } from '../core/errors.ts';
import type { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { appendByte, appendInteger, appendMapHead, appendString } from '../msgpack/pack-text.ts';
import type { ParsedRecords, ParseFault, Parser } from './parser.ts';
import type { RecordFinisher } from './parser-options.ts';

export type FieldValue = string | number | null;
/** The fields of one record. A name that comes twice keeps its place and has its last value. */
export type Fields = Map<string, FieldValue>;

/** What a text says, or why it says nothing. */
export type ReadFields = (text: string) => Fields | ParseFault;
/** Hears which texts come next. */
export type Prepare = (texts: readonly string[]) => void;

export class TextParser implements Parser {
  readonly #finisher: RecordFinisher;
  readonly #read: ReadFields;

  readonly prepare?: Prepare;

  constructor(finisher: RecordFinisher, read: ReadFields, prepare?: Prepare) {
    this.#finisher = finisher;
    this.#read = read;
    if (prepare !== undefined) {
      this.prepare = prepare;
    }
  }

  parse(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void {
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const fields = isUtf8(part) ? this.#read(part.toString()) : 'PARSE_ENCODING';
    if (typeof fields === 'string') {
      out.fail(fields);
      return;
    }
    const begin = out.bytes.length;
    appendFields(out.bytes, fields);
    this.#finisher.finish(out, begin);
  }
}

function appendFields(out: GrowingBytes, fields: Fields): void {
  appendMapHead(out, fields.size);
  for (const [name, value] of fields) {
    appendString(out, Buffer.from(name));
    if (value === null) {
      appendByte(out, 0xc0);
    } else if (typeof value === 'number') {
      appendInteger(out, value);
    } else {
      appendString(out, Buffer.from(value));
    }
  }
}

/** Reads by an expression: the groups that took part in a match are the fields. */
export class GroupReader {
  readonly #regexp: RubyRegexp;
  #texts: readonly string[] = [];
  #found: readonly Captures[] = [];
  #next = 0;

  constructor(regexp: RubyRegexp) {
    this.#regexp = regexp;
  }

  readonly prepare: Prepare = (texts) => {
    this.#texts = texts;
    this.#found = this.#regexp.capturesEach(texts);
    this.#next = 0;
  };

  readonly read: ReadFields = (text) => {
    const found = this.#captures(text);
    if (found === undefined) {
      return 'PARSE_DEADLINE';
    }
    if (found === null) {
      return 'PARSE_UNMATCHED';
    }
    const fields: Fields = new Map();
    for (const [index, name] of this.#regexp.names.entries()) {
      const value = found[index];
      if (value !== undefined) {
        fields.set(name, value);
      }
    }
    return fields;
  };

  /** As it was prepared, if it was. */
  #captures(text: string): Captures {
    if (this.#next < this.#texts.length && this.#texts[this.#next] === text) {
      return this.#found[this.#next++];
    }
    return this.#regexp.captures(text);
  }
}

/** Compiles an expression that the configuration's check let pass. Throws CONFIG_INVALID_VALUE. */
export function expressionOf(option: string, source: string, flags: RubyRegexpFlags = {}): RubyRegexp {
  const compiled = compileRubyRegexp(source, flags);
  if (!compiled.ok) {
    throw new ForebayError('CONFIG_INVALID_VALUE', { option, value: source, reason: compiled.reason });
  }
  return compiled.regexp;
}
