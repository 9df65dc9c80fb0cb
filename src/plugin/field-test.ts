// Whether a regular expression is found in a field of records, as Fluentd does it with `record[key].to_s`: fields are found in place, a block
// of records at a time, and only what takes a regular expression becomes text.
import { isUtf8 } from 'node:buffer';
import { compileRubyRegexp, noAnswer, type RubyRegexp } from '../config/ruby-regexp.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { RubyNotation } from '../msgpack/transcode-inspect.ts';
import { decodeTree, TextNode } from '../msgpack/transcode-tree.ts';
import type { ReadView } from '../msgpack/view.ts';
import type { FieldPath } from '../msgpack/view-field.ts';
import { isAscii, type LiteralPattern, parseLiteral } from './literal-pattern.ts';
import { localTimeText } from './local-time-text.ts';

/** Answers for one record each. */
export const answer = {
  no: 0,
  yes: 1,
  /** The expression did not come to an end in its time. */
  deadline: noAnswer,
  /** The key leads through a value that has no fields. */
  key: 3,
  /** The value is binary and the expression has characters that are no ASCII. */
  binary: 4,
} as const;

export interface FieldPattern {
  readonly source: string;
  readonly ignorecase: boolean;
  readonly multiline: boolean;
}

export class FieldTest {
  readonly path: FieldPath;
  readonly pattern: FieldPattern;
  /** Where the pattern is only words. */
  readonly literal: LiteralPattern | undefined;
  /** Whether it has characters that are no ASCII. */
  readonly hasUnicode: boolean;
  readonly #notation = new RubyNotation(localTimeText());
  readonly #span: Span = { start: 0, end: 0 };
  #regexp: RubyRegexp | undefined;
  // The records that the regular expression has to decide: their texts, and which ones they are.
  readonly #texts: string[] = [];
  readonly #places: number[] = [];
  #found = new Uint8Array(0);

  /** The pattern must have been checked: one that cannot be compiled throws when it is needed. */
  constructor(path: FieldPath, pattern: FieldPattern) {
    this.path = path;
    this.pattern = pattern;
    this.literal = parseLiteral(pattern.source, pattern.ignorecase);
    this.hasUnicode = hasUnicode(pattern.source);
  }

  /**
   * Answers for the first `count` of `records`, which are positions in `from`, as far as `wanted` is 0 for them.
   */
  run(from: ReadView, records: Int32Array, count: number, wanted: Uint8Array, answers: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      if (wanted[i] === 0) {
        answers[i] = this.#look(from, records[i] as number, i);
      }
    }
    if (this.#texts.length > 0) {
      this.#ask(answers);
    }
  }

  /** The answer, or any number where the regular expression will give it. */
  #look(from: ReadView, record: number, place: number): number {
    const { bytes } = from;
    const value = this.path.find(from, record);
    if (value < 0 || bytes[value] === 0xc0) {
      return value < 0 && this.path.blocked ? answer.key : this.#text('', place);
    }
    const span = this.#span;
    if (!stringSpan(bytes, value, span)) {
      const node = decodeTree(from, value);
      const text = node === undefined || node instanceof TextNode ? '' : this.#notation.text(node);
      return this.#text(text, place);
    }
    const head = bytes[value] as number;
    const binary = head >= 0xc4 && head <= 0xc6;
    if (binary && this.hasUnicode && !isAscii(bytes, span.start, span.end)) {
      return answer.binary;
    }
    const found = this.literal?.test(bytes, span.start, span.end);
    if (found !== undefined) {
      return found ? answer.yes : answer.no;
    }
    return this.#later(binary ? binaryText(bytes, span) : utf8Text(bytes, span), place);
  }

  #text(text: string, place: number): number {
    const bytes = Buffer.from(text);
    const found = this.literal?.test(bytes, 0, bytes.length);
    return found === undefined ? this.#later(text, place) : found ? answer.yes : answer.no;
  }

  #later(text: string, place: number): number {
    this.#texts.push(text);
    this.#places.push(place);
    return answer.no;
  }

  #ask(answers: Uint8Array): void {
    this.#regexp ??= compile(this.pattern);
    const count = this.#texts.length;
    if (this.#found.length < count) {
      this.#found = new Uint8Array(count);
    }
    this.#regexp.testEach(this.#texts, this.#found);
    for (let i = 0; i < count; i++) {
      answers[this.#places[i] as number] = this.#found[i] as number;
    }
    this.#texts.length = 0;
    this.#places.length = 0;
  }
}

function compile(pattern: FieldPattern): RubyRegexp {
  const compiled = compileRubyRegexp(pattern.source, pattern);
  if (!compiled.ok) {
    throw new TypeError(compiled.reason);
  }
  return compiled.regexp;
}

/** Whether the expression itself has a character that is no ASCII, which makes it one for UTF-8 only in Ruby. */
function hasUnicode(source: string): boolean {
  const points = [...source.matchAll(/\\u(?:\{([^}]*)\}|([0-9A-Fa-f]{4}))/g)].flatMap(([, list, one]) =>
    (list ?? one ?? '').trim().split(/\s+/),
  );
  return /[^\0-\x7f]/.test(source) || points.some((point) => Number.parseInt(point, 16) >= 0x80);
}

/** Bytes that are no UTF-8 are read as question marks, as Fluentd's `scrub('?')` does. */
function utf8Text(bytes: Uint8Array, { start, end }: Span): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? text.replaceAll('\ufffd', '?') : text;
}

/** Bytes above ASCII as characters that are no letters of any kind: in Ruby they are none in binary text. */
function binaryText(bytes: Uint8Array, { start, end }: Span): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return text.replace(/[\x80-\xff]/g, (char) => String.fromCharCode(0xf700 + char.charCodeAt(0)));
}
