// The fields of one record as text, read in place: what a row shows behind a line, and what words are looked for in.
import { isArray, isMap } from '../../msgpack/entries.ts';
import { type Span, stringSpan } from '../../msgpack/text.ts';
import { readTree, textOf } from '../../msgpack/tree.ts';
import type { ReadView } from '../../msgpack/view.ts';
import { isLevelField } from './json-line.ts';
import { type Level, levelOfValue } from './levels.ts';
import type { RecordView } from './record.ts';

export const mostFields = 24;
/** Characters of a field's value. */
export const longestField = 300;

/** Fields that a row shows in other ways or not at all. */
const own = new Set([
  'container_name',
  'container_id',
  'source',
  'partial_message',
  'partial_id',
  'partial_ordinal',
  'partial_last',
]);

export class RecordText {
  readonly #view: ReadView;
  readonly #record: RecordView;
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(view: ReadView, record: RecordView) {
    this.#view = view;
    this.#record = record;
  }

  /** Where the line stands, 0 where there is none. */
  get messagePlace(): number {
    const { log, message, msg } = this.#record.at;
    return log || message || msg;
  }

  /** The name of the container, else the beginning of its id, else ''. */
  containerName(): string {
    const { container_name: name, container_id: id } = this.#record.at;
    const text = name === 0 ? '' : this.short(name, 256);
    if (text !== '') {
      return text.startsWith('/') ? text.slice(1) : text;
    }
    return id === 0 ? '' : this.short(id, 12);
  }

  /** Collects the fields that are shown behind the line; returns the level that one of them names. */
  collect(into: [string, string][]): Level | undefined {
    const message = this.messagePlace;
    const { count, keys, values } = this.#record;
    let level: Level | undefined;
    for (let n = 0; n < count; n++) {
      const value = values[n] as number;
      const name = this.short(keys[n] as number, longestField);
      if (own.has(name) || value === message) {
        continue;
      }
      const shown = this.value(value);
      const named = isLevelField(name) ? levelOfValue(shown) : undefined;
      level ??= named;
      if (named === undefined && into.length < mostFields) {
        into.push([name, shown]);
      }
    }
    return level;
  }

  /** The level that a field of the record names. */
  level(): Level | undefined {
    const { bytes } = this.#view;
    const { count, keys, values } = this.#record;
    const span = this.#span;
    for (let n = 0; n < count; n++) {
      const key = keys[n] as number;
      if (!stringSpan(bytes, key, span) || span.end - span.start < 3 || span.end - span.start > 8) {
        continue;
      }
      const level =
        mayBeLevel(bytes[span.start] as number) && isLevelField(this.short(key, 8))
          ? this.value(values[n] as number)
          : '';
      const named = level === '' ? undefined : levelOfValue(level);
      if (named !== undefined) {
        return named;
      }
    }
    return undefined;
  }

  /** The names of the record's fields. */
  names(): string[] {
    const { count, keys } = this.#record;
    return Array.from({ length: count }, (_, n) => this.short(keys[n] as number, longestField));
  }

  /** A string of at most so many bytes; of another value its text. */
  short(place: number, most: number): string {
    const { bytes } = this.#view;
    if (!stringSpan(bytes, place, this.#span)) {
      return this.value(place);
    }
    const { start, end } = this.#span;
    return this.#decoder.decode(bytes.subarray(start, Math.min(end, start + most)));
  }

  /** A value as text, cut where it is long. */
  value(place: number, longest = longestField): string {
    const { bytes, end } = this.#view;
    const head = bytes[place] as number;
    if (stringSpan(bytes, place, this.#span)) {
      return this.short(place, longest);
    }
    const nested = isMap(head) || isArray(head);
    const text = textOf(readTree(bytes.subarray(place, end), 0, { depth: 4, nodes: nested ? 40 : 1 }));
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
  }
}

/** l, s, p, in either case. */
function mayBeLevel(code: number): boolean {
  const lower = code | 0x20;
  return lower === 0x6c || lower === 0x73 || lower === 0x70;
}
