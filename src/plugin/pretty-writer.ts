// Events for people at a terminal: who, how serious, the text, and what else the record holds. Everything that others chose is escaped.
import type { Tag } from '../core/batch.ts';
import { isMap } from '../msgpack/entries.ts';
import { oj } from '../msgpack/json-dialects.ts';
import { Skip } from '../msgpack/skip.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import { JsonTranscoder, type ValueWriter } from '../msgpack/transcode.ts';
import { escapeControls } from '../msgpack/transcode-controls.ts';
import { broken, noRoom, type ReadView, type WriteView } from '../msgpack/view.ts';
import { mapBody, mapLength } from '../msgpack/view-field.ts';
import { type LogLevel, levelOfNumber, levelOfText, levelOfWord } from './log-level.ts';

const textFields = ['log', 'message', 'msg'];
const levelFields = ['level', 'severity', 'lvl', 'loglevel'];
/** Fields beyond these are not shown: a line is to be read. */
const maxFields = 64;
/** Names longer than this do not widen the column. */
const widest = 24;
const maxNames = 1000;

const marks: Readonly<Record<LogLevel, readonly [string, string]>> = {
  fatal: ['FTL', '97;41'],
  error: ['ERR', '31'],
  warn: ['WRN', '33'],
  info: ['INF', '32'],
  debug: ['DBG', '36'],
  trace: ['TRC', '90'],
};
const nameColors = ['36', '32', '33', '35', '34', '96', '92', '93', '95', '94'];

export class PrettyWriter implements ValueWriter {
  /** The tag of the events that come next. */
  tag: Tag | undefined;
  readonly #color: boolean;
  readonly #json = new JsonTranscoder(oj, true);
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #keys = new Int32Array(maxFields);
  readonly #values = new Int32Array(maxFields);
  readonly #names = new Map<string, Buffer>();
  #fields = 0;
  #width = 8;

  constructor(color: boolean) {
    this.#color = color;
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const next = this.#readFields(from, at);
    if (next < 0) {
      return broken;
    }
    const begin = to.at;
    const name = this.#take(from, 'container_name');
    const source = this.#string(from, this.#take(from, 'source'));
    if (name >= 0) {
      this.#take(from, 'container_id');
    }
    const text = this.#stripped(from, this.#takeAny(from, textFields));
    const level = this.#level(from, text);
    const head = this.#head(this.#string(from, name), source === 'stderr', level);
    const body = this.#body(text, level);
    if (!put(to, head) || !put(to, body) || !this.#writeRest(from, to, text.length > 0)) {
      to.at = begin;
      return noRoom;
    }
    return next;
  }

  /** Notes where the record's fields are; returns the position behind it, or `broken`. */
  #readFields(from: ReadView, at: number): number {
    this.#fields = 0;
    const next = this.#next(from, at);
    if (next < 0 || !isMap(from.bytes[at] as number)) {
      return broken;
    }
    let pos = mapBody(from.bytes, at);
    for (let left = mapLength(from, at); left > 0 && this.#fields < maxFields; left--) {
      this.#keys[this.#fields] = pos;
      pos = this.#next(from, pos);
      this.#values[this.#fields++] = pos;
      pos = this.#next(from, pos);
    }
    return next;
  }

  #next(from: ReadView, at: number): number {
    const next = this.#skip.run(from.bytes, at, from.end);
    if (next < 0) {
      this.#skip.reset();
    }
    return next;
  }

  /** Where the value of a field is; the field is not shown with the rest then. -1 where there is none. */
  #take(from: ReadView, name: string): number {
    for (let i = this.#fields - 1; i >= 0; i--) {
      const key = this.#keys[i] as number;
      if (key >= 0 && this.#string(from, key) === name) {
        this.#keys[i] = -1;
        return this.#values[i] as number;
      }
    }
    return -1;
  }

  #takeAny(from: ReadView, names: readonly string[]): number {
    for (const name of names) {
      const value = this.#take(from, name);
      if (value >= 0) {
        return value;
      }
    }
    return -1;
  }

  /** The content of the str at `at`, one character a byte; '' where there is none. */
  #string(from: ReadView, at: number): string {
    const span = this.#span;
    if (at < 0 || !stringSpan(from.bytes, at, span)) {
      return '';
    }
    return Buffer.from(from.bytes.buffer, from.bytes.byteOffset + span.start, span.end - span.start).latin1Slice();
  }

  /** The line's text without colours of its own and line ends; of a value that is no string its JSON. One character a byte. */
  #stripped(from: ReadView, at: number): string {
    if (at < 0) {
      return '';
    }
    if (!stringSpan(from.bytes, at, this.#span)) {
      return this.#jsonOf(from, at);
    }
    // biome-ignore lint: see below
    return this.#string(from, at).replace(colors, '').replace(/[\r\n]+$/, '');
  }
}
