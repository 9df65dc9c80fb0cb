// What a row and the search take from an event: time, level, container, the text of the line, and what else the record holds. Decodes the
// event's bytes at each call: it is called for the few dozen rows on the screen, and for a search.
import { isArray, isMap } from '../msgpack/entries.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { Containers } from './containers.ts';
import { type Level, levelFields, levelOfText, levelOfValue } from './levels.ts';
import type { Joined } from './pieces.ts';
import { RecordView } from './record.ts';
import { stripColors } from './sgr.ts';
import { containerOf, type EventRef, entryOf, type Store } from './store.ts';
import { readTree, textOf } from './tree.ts';

/** Characters of a line that a row shows at most; the details show more. */
const rowText = 2000;
const rowFields = 24;
const fieldText = 300;
/** Bytes of a line that are looked at for a row. */
const rowBytes = 16 * 1024;
/** Longer lines are not tried as JSON. */
const jsonBytes = 64 * 1024;
/** Bytes of a line that are searched at most. */
const searchBytes = 8 * 1024 * 1024;

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
const fieldsOfJson = ['message', 'msg', 'log', 'event'];
const timesOfJson = new Set(['time', 'timestamp', 'ts', '@timestamp']);

export interface EventTime {
  readonly sec: number;
  readonly nsec: number;
  /** Whether the sender knew more than the second. */
  readonly fine: boolean;
}

export interface Shown {
  readonly time: EventTime;
  readonly level: Level | undefined;
  readonly container: string;
  readonly color: number;
  /** The field that holds the line, '' where there is none. */
  readonly messageField: string;
  readonly text: string;
  /** Bytes of the line beyond `text`. */
  readonly more: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly joined: Joined | undefined;
}

export class EventReader {
  readonly #store: Store;
  readonly #containers: Containers;
  readonly #view = new ReadView();
  readonly #event = new EventView();
  readonly #record = new RecordView();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(store: Store, containers: Containers) {
    this.#store = store;
    this.#containers = containers;
  }

  /** What a row shows of an event that is no marker. */
  shown(ref: EventRef): Shown {
    this.#open(ref);
    const { sec, nsec, eventTime } = this.#event;
    const joined = this.#store.pieces.line(ref.id);
    const place = this.#messagePlace();
    const total = joined === undefined ? this.#bytesAt(place) : this.#joinedBytes(ref, joined);
    const whole = total <= rowBytes;
    const fields: [string, string][] = [];
    let level = this.#fields(fields, place);
    let line = this.#text(ref, joined, place, rowBytes);
    const parsed =
      looksLikeJson(line) && total <= jsonBytes
        ? readJson(whole ? line : this.#text(ref, joined, place, jsonBytes))
        : undefined;
    let more = whole ? 0 : total - rowBytes;
    if (parsed !== undefined) {
      line = parsed.text;
      more = 0;
      level ??= parsed.level;
      fields.unshift(...parsed.fields);
    } else {
      level ??= levelOfText(stripColors(line));
    }
    if (line.length > rowText) {
      more += line.length - rowText;
      line = line.slice(0, rowText);
    }
    const { name, color } = this.#containers.entry(containerOf(ref));
    const { at } = this.#record;
    const messageField = place === 0 ? '' : place === at.log ? 'log' : place === at.message ? 'message' : 'msg';
    return {
      time: { sec, nsec, fine: eventTime },
      level,
      container: name,
      color,
      messageField,
      text: line,
      more,
      fields,
      joined,
    };
  }

  /** The line as it was sent, without its last line end; `most` bytes of it. */
  line(ref: EventRef, most = Number.POSITIVE_INFINITY): string {
    this.#open(ref);
    return this.#text(ref, this.#store.pieces.line(ref.id), this.#messagePlace(), most);
  }

  /** All that the filter looks at, in lower case: what a row shows of an event, all of its line. Nobody would see why an id has matched. */
  searched(ref: EventRef): string {
    this.#open(ref);
    const joined = this.#store.pieces.line(ref.id);
    const place = this.#messagePlace();
    const fields: [string, string][] = [];
    this.#fields(fields, place);
    const parts = [this.#containers.entry(containerOf(ref)).name, ...fields.map(([name, value]) => `${name}=${value}`)];
    parts.push(stripColors(this.#text(ref, joined, place, searchBytes)));
    return parts.join('\n').toLowerCase();
  }

  #open(ref: EventRef): void {
    const view = this.#view;
    view.set(entryOf(ref));
    this.#record.read(view, this.#event.open(view, view.start));
  }

  #messagePlace(): number {
    const { log, message, msg } = this.#record.at;
    return log || message || msg;
  }

  #bytesAt(place: number): number {
    return place !== 0 && stringSpan(this.#view.bytes, place, this.#span) ? this.#span.end - this.#span.start : 0;
  }

  #joinedBytes(head: EventRef, joined: Joined): number {
    let sum = 0;
    for (const id of joined.events) {
      const ref = this.#store.ref(id);
      if (ref !== undefined) {
        this.#open(ref);
        sum += this.#bytesAt(this.#messagePlace());
      }
    }
    this.#open(head);
    return sum;
  }

  /** Up to `most` bytes of the line, of all its pieces. */
  #text(ref: EventRef, joined: Joined | undefined, place: number, most: number): string {
    if (joined === undefined || joined.events.length < 2) {
      return withoutEnd(this.#part(place, most, true));
    }
    let text = '';
    let left = most;
    for (const id of joined.events) {
      const piece = id === ref.id ? ref : this.#store.ref(id);
      if (piece !== undefined && left > 0) {
        this.#open(piece);
        const at = this.#messagePlace();
        text += this.#part(at, left, false);
        left -= this.#bytesAt(at);
      }
    }
    text += this.#decoder.decode();
    this.#open(ref);
    return withoutEnd(text);
  }

  /** A character cut in two between pieces is made whole by `last` being false. */
  #part(place: number, most: number, last: boolean): string {
    if (place === 0) {
      return '';
    }
    const { bytes } = this.#view;
    if (!stringSpan(bytes, place, this.#span)) {
      return this.#value(place);
    }
    const { start, end } = this.#span;
    const stop = Math.min(end, start + most);
    // A cut of our own in the middle of a character leaves no trace.
    const text = this.#decoder.decode(bytes.subarray(start, stop), { stream: !last || stop < end });
    if (last && stop < end) {
      this.#decoder.decode();
    }
    return text;
  }

  /** Collects the fields that are shown behind the line; returns the level that one of them names. */
  #fields(into: [string, string][], message: number): Level | undefined {
    const record = this.#record;
    const { bytes } = this.#view;
    let level: Level | undefined;
    for (let n = 0; n < record.count; n++) {
      const value = record.values[n] as number;
      const name = this.#string(bytes, record.keys[n] as number);
      if (own.has(name) || value === message) {
        continue;
      }
      const shown = this.#value(value);
      const named = levelFields.includes(name.toLowerCase()) ? levelOfValue(shown) : undefined;
      level ??= named;
      if (named === undefined && into.length < rowFields) {
        into.push([name, shown]);
      }
    }
    return level;
  }

  #string(bytes: Uint8Array, place: number): string {
    if (!stringSpan(bytes, place, this.#span)) {
      return this.#value(place);
    }
    const { start, end } = this.#span;
    return this.#decoder.decode(bytes.subarray(start, Math.min(end, start + fieldText)));
  }

  #value(place: number): string {
    const { bytes, end } = this.#view;
    const head = bytes[place] as number;
    if (stringSpan(bytes, place, this.#span)) {
      return this.#string(bytes, place);
    }
    const nested = isMap(head) || isArray(head);
    const text = textOf(readTree(bytes.subarray(place, end), 0, { depth: 4, nodes: nested ? 40 : 1 }));
    return text.length > fieldText ? `${text.slice(0, fieldText)}…` : text;
  }
}

function withoutEnd(text: string): string {
  return text.endsWith('\r\n') ? text.slice(0, -2) : /[\r\n]$/.test(text) ? text.slice(0, -1) : text;
}

function looksLikeJson(text: string): boolean {
  return /^\s*\{\s*"/.test(text);
}

interface JsonLine {
  readonly text: string;
  readonly level: Level | undefined;
  readonly fields: readonly [string, string][];
}

/** A line that is a JSON object: its message first, its level, and the rest as fields. */
function readJson(line: string): JsonLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }
  const pairs = new Map(Object.entries(value));
  const message = fieldsOfJson.find((name) => typeof pairs.get(name) === 'string');
  let level: Level | undefined;
  const fields: [string, string][] = [];
  for (const [name, part] of pairs) {
    if (name === message || timesOfJson.has(name)) {
      continue;
    }
    const text = typeof part === 'string' ? part : (JSON.stringify(part) ?? '');
    const named = levelFields.includes(name.toLowerCase()) ? levelOfValue(text) : undefined;
    if (named !== undefined) {
      level ??= named;
    } else if (fields.length < rowFields) {
      fields.push([name, text.slice(0, fieldText)]);
    }
  }
  return { text: message === undefined ? '' : String(pairs.get(message)), level, fields };
}
