// A parser that reads a text as a whole into fields: decoding the text and writing the record are here, the form of the text is the plug-in's.
import { isUtf8 } from 'node:buffer';
import { compileRubyRegexp, type RubyRegexp, type RubyRegexpFlags } from '../config/ruby-regexp.ts';
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

export class TextParser implements Parser {
  readonly #finisher: RecordFinisher;
  readonly #read: ReadFields;

  constructor(finisher: RecordFinisher, read: ReadFields) {
    this.#finisher = finisher;
    this.#read = read;
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

/** The groups that took part in a match are the fields. */
export function readGroups(regexp: RubyRegexp): ReadFields {
  return (text) => {
    const found = regexp.captures(text);
    if (found === undefined) {
      return 'PARSE_DEADLINE';
    }
    if (found === null) {
      return 'PARSE_UNMATCHED';
    }
    const fields: Fields = new Map();
    for (const [index, name] of regexp.names.entries()) {
      const value = found[index];
      if (value !== undefined) {
        fields.set(name, value);
      }
    }
    return fields;
  };
}

/** Compiles an expression that the configuration's check let pass. Throws CONFIG_INVALID_VALUE. */
export function expressionOf(option: string, source: string, flags: RubyRegexpFlags = {}): RubyRegexp {
  const compiled = compileRubyRegexp(source, flags);
  if (!compiled.ok) {
    throw new ForebayError('CONFIG_INVALID_VALUE', { option, value: source, reason: compiled.reason });
  }
  return compiled.regexp;
}
