// An event's msgpack bytes as a query asks for them: decodes what is asked for, once, and nothing else. The page puts in where lines that came
// in pieces are whole; the terminal takes events as they are.

import { stringSpan } from '../../msgpack/text.ts';
import { ReadView } from '../../msgpack/view.ts';
import { EventView } from '../../msgpack/view-event.ts';
import { FieldPath } from '../../msgpack/view-field.ts';
import type { Place } from '../protocol.ts';
import type { Subject } from './compile.ts';
import { fieldOfObject, fieldOfText, levelOfObject, looksLikeJson, objectOf } from './json-line.ts';
import { type Level, levelOfText } from './levels.ts';
import { RecordView } from './record.ts';
import { RecordText } from './record-text.ts';
import { stripColors } from './strip-colors.ts';

/** Bytes of a line that are searched at most. */
const searchBytes = 8 * 1024 * 1024;
/** Longer lines are not tried as JSON. */
export const jsonBytes = 64 * 1024;
/** Bytes near a line's beginning that may name its level. */
const levelBytes = 640;
/** Bytes of a field's value that are compared. */
const valueBytes = 64 * 1024;
const mostPaths = 200;

export interface EventContext {
  readonly tag: string;
  readonly place: Place;
}

export class EventSubject implements Subject {
  readonly view = new ReadView();
  readonly event = new EventView();
  readonly record = new RecordView();
  readonly fields = new RecordText(this.view, this.record);
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #paths = new Map<string, FieldPath>();
  readonly #span = { start: 0, end: 0 };
  #context: EventContext | undefined;
  #recordAt = 0;
  #text: string | undefined;
  #folded: string | undefined;
  #line: string | undefined;
  #json: object | null | undefined;

  /** Reads the event at `at` of the view; returns where it ends, negative where it is none. */
  open(at: number, context: EventContext | undefined): number {
    this.#context = context;
    this.#text = undefined;
    this.#folded = undefined;
    this.#line = undefined;
    this.#json = undefined;
    this.#recordAt = this.event.open(this.view, at);
    return this.#recordAt < 0 ? this.#recordAt : this.record.read(this.view, this.#recordAt);
  }

  text(): string {
    this.#text ??= `${this.head()}\n${this.#wholeLine()}`;
    return this.#text;
  }

  /** What a row shows of the event beside its line. */
  head(): string {
    const shown: [string, string][] = [];
    this.fields.collect(shown);
    let text = this.container();
    for (const [name, value] of shown) {
      text += `\n${name}=${value}`;
    }
    return text;
  }

  /** Where the record begins. */
  get recordAt(): number {
    return this.#recordAt;
  }

  folded(): string {
    this.#folded ??= this.text().toLowerCase();
    return this.#folded;
  }

  time(): number {
    return this.event.sec * 1000 + this.event.nsec / 1e6;
  }

  level(): Level | undefined {
    const named = this.fields.level();
    if (named !== undefined) {
      return named;
    }
    const head = this.line(levelBytes);
    return levelOf(head, () => this.#object());
  }

  /** The level that the line in these bytes names. */
  levelOfLine(bytes: Uint8Array, from: number, to: number): Level | undefined {
    const head = this.#part(bytes, from, to, levelBytes);
    return levelOf(head, () => this.#objectOf(this.#part(bytes, from, to, jsonBytes + 1)));
  }

  /** The container's name, else the tag. */
  container(): string {
    return this.fields.containerName() || (this.#context?.tag ?? '');
  }

  field(name: string): string | undefined {
    switch (name) {
      case 'container':
        return this.container();
      case 'tag':
        return this.#context?.tag;
      case 'feed':
        return this.#context?.place.listener;
      case 'label':
        return this.#context?.place.label;
      case 'from':
        return this.#context?.place.name ?? this.#context?.place.address;
      case 'level':
        return this.level();
      case 'source':
        return this.record.at.source === 0 ? undefined : this.fields.value(this.record.at.source);
      default:
        return this.recordField(name) ?? this.#lineField(name);
    }
  }

  /** The names of the fields of record and line. */
  names(): string[] {
    return [...this.fields.names(), ...Object.keys(this.#object() ?? {})];
  }

  /** Up to `most` bytes of the line, without its end. */
  line(most: number): string {
    const place = this.fields.messagePlace;
    if (place === 0) {
      return '';
    }
    const { bytes } = this.view;
    if (!stringSpan(bytes, place, this.#span)) {
      return this.fields.value(place);
    }
    return this.#part(bytes, this.#span.start, this.#span.end, most);
  }

  #part(bytes: Uint8Array, start: number, end: number, most: number): string {
    const stop = Math.min(end, start + most);
    if (stop === end) {
      return withoutEnd(this.#decoder.decode(bytes.subarray(start, end)));
    }
    // A cut of our own in the middle of a character leaves no trace.
    const text = this.#decoder.decode(bytes.subarray(start, stop), { stream: true });
    this.#decoder.decode();
    return withoutEnd(text);
  }

  #wholeLine(): string {
    this.#line ??= stripColors(this.line(searchBytes));
    return this.#line;
  }

  #object(): object | null {
    if (this.#json === undefined) {
      this.#json = this.#objectOf(this.line(jsonBytes + 1));
    }
    return this.#json;
  }

  #objectOf(line: string): object | null {
    return line.length <= jsonBytes && looksLikeJson(line) ? (objectOf(line) ?? null) : null;
  }

  /** A field of the record, not of the line. */
  recordField(name: string): string | undefined {
    const { view } = this;
    const own = this.#path(name, false).find(view, this.#recordAt);
    const at = own < 0 && name.includes('.') ? this.#path(name, true).find(view, this.#recordAt) : own;
    return at < 0 ? undefined : this.fields.value(at, valueBytes);
  }

  #lineField(name: string): string | undefined {
    const json = this.#object();
    return json === null ? fieldOfText(this.#wholeLine(), name) : fieldOfObject(json, name);
  }

  #path(name: string, nested: boolean): FieldPath {
    const key = nested ? `.${name}` : name;
    let path = this.#paths.get(key);
    if (path === undefined) {
      const steps = nested ? name.split('.').map((step) => (/^\d{1,6}$/.test(step) ? Number(step) : step)) : [name];
      path = new FieldPath(name, steps);
      if (this.#paths.size >= mostPaths) {
        this.#paths.clear();
      }
      this.#paths.set(key, path);
    }
    return path;
  }
}

function levelOf(head: string, object: () => object | null): Level | undefined {
  const json = looksLikeJson(head) ? object() : null;
  return json === null ? levelOfText(stripColors(head)) : levelOfObject(json);
}

export function withoutEnd(text: string): string {
  return text.endsWith('\r\n') ? text.slice(0, -2) : /[\r\n]$/.test(text) ? text.slice(0, -1) : text;
}
