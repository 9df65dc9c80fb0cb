// Events for people at a terminal: who, how serious, the text, and what else the record holds. Everything that others chose is escaped.
import { oj } from '../msgpack/json-dialects.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import { JsonTranscoder, type ValueWriter } from '../msgpack/transcode.ts';
import { escapeControls } from '../msgpack/transcode-controls.ts';
import { broken, noRoom, type ReadView, WriteView } from '../msgpack/view.ts';
import { FieldList } from '../msgpack/view-fields.ts';
import { type LogLevel, levelOfNumber, levelOfText, levelOfWord } from './log-level.ts';
import { NameColumn } from './name-column.ts';

export interface PrettyStyle {
  readonly color: boolean;
  /** Texts of several lines stay that, with the lines set below each other; else their newlines are escaped. */
  readonly multiline: boolean;
  /** Characters of the time in front of each event. */
  readonly timeWidth: number;
}

/** Fields beyond these are not shown: a line is to be read. */
const maxFields = 64;
/** The level is looked for in so many bytes of a text. */
const levelSearch = 256;

const [containerName, containerId, source] = names('container_name', 'container_id', 'source');
const textFields = names('log', 'message', 'msg');
const levelFields = names('level', 'severity', 'lvl', 'loglevel');

const marks: Readonly<Record<LogLevel, readonly [text: string, color: string]>> = {
  fatal: ['FTL', '97;41'],
  error: ['ERR', '31'],
  warn: ['WRN', '33'],
  info: ['INF', '32'],
  debug: ['DBG', '36'],
  trace: ['TRC', '90'],
};

/** Colours that the text sets itself (ESC [ … m): they are left out, all other controls are escaped. */
const ownColors = new RegExp(`${String.fromCharCode(27)}\\[[0-9;:]{0,64}m`, 'g');

export class PrettyWriter implements ValueWriter {
  /** The bytes of the tag of the events that come next. */
  tag: Uint8Array = Buffer.alloc(0);
  readonly #style: PrettyStyle;
  readonly #column: NameColumn;
  readonly #fields = new FieldList(maxFields);
  readonly #json = new JsonTranscoder(oj, true);
  readonly #span: Span = { start: 0, end: 0 };
  readonly #scratch = new WriteView();

  constructor(style: PrettyStyle) {
    this.#style = style;
    this.#column = new NameColumn(style.color);
    this.#scratch.set(new Uint8Array(1024), 0);
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const fields = this.#fields;
    const next = fields.read(from, at);
    if (next < 0) {
      return broken;
    }
    const begin = to.at;
    const name = this.#takeName(from);
    const isStderr = this.#takeStream(from);
    const text = this.#text(from, fields.take(fields.indexOf(from, ...textFields)));
    const level = this.#level(from, text);
    const column = this.#column.of(name.length === 0 ? this.tag : name);
    const fits =
      put(to, column) &&
      put(to, this.#mark(isStderr, level)) &&
      put(to, this.#body(text, level)) &&
      this.#writeRest(from, to, text === '' ? '' : '  ');
    if (!fits) {
      to.at = begin;
      return noRoom;
    }
    return next;
  }

  /** Takes the container's name, and its id, which says no more then; empty where the record names none. */
  #takeName(from: ReadView): Uint8Array {
    const index = this.#fields.indexOf(from, containerName);
    const name = withoutSlash(this.#bytes(from, index < 0 ? -1 : (this.#fields.values[index] as number)));
    if (name.length > 0) {
      this.#fields.take(index);
      this.#fields.take(this.#fields.indexOf(from, containerId));
    }
    return name;
  }

  /** Takes Docker's `source`; true where it is stderr. */
  #takeStream(from: ReadView): boolean {
    const index = this.#fields.indexOf(from, source);
    const stream = index < 0 ? '' : this.#bytes(from, this.#fields.values[index] as number).toString('latin1');
    if (stream === 'stdout' || stream === 'stderr') {
      this.#fields.take(index);
    }
    return stream === 'stderr';
  }

  /** The content of the str or bin at `at`; empty where there is none. */
  #bytes(from: ReadView, at: number): Buffer {
    const span = this.#span;
    if (at < 0 || !stringSpan(from.bytes, at, span)) {
      return Buffer.alloc(0);
    }
    return Buffer.from(from.bytes.buffer, from.bytes.byteOffset + span.start, span.end - span.start);
  }

  /** The line's text without colours of its own and line ends, one character a byte; of a value that is no string its JSON. */
  #text(from: ReadView, at: number): string {
    if (at < 0) {
      return '';
    }
    if (!stringSpan(from.bytes, at, this.#span)) {
      return this.#jsonOf(from, at);
    }
    const text = this.#bytes(from, at).toString('latin1');
    const plain = text.includes('\u001b') ? text.replace(ownColors, '') : text;
    return plain.endsWith('\n') || plain.endsWith('\r') ? withoutLineEnds(plain) : plain;
  }

  #jsonOf(from: ReadView, at: number): string {
    for (;;) {
      const to = this.#scratch;
      to.at = 0;
      const next = this.#json.write(from, at, to);
      if (next === noRoom) {
        to.set(new Uint8Array(to.bytes.length * 2), 0);
        continue;
      }
      const text = next < 0 ? '' : Buffer.from(to.bytes.buffer, 0, to.at).toString('latin1');
      if (to.bytes.length > 65_536) {
        to.set(new Uint8Array(1024), 0);
      }
      return text;
    }
  }

  /** From a field that holds one, which is not shown again then; or from the text. */
  #level(from: ReadView, text: string): LogLevel | undefined {
    const index = this.#fields.indexOf(from, ...levelFields);
    const at = index < 0 ? -1 : (this.#fields.values[index] as number);
    const number = at < 0 ? undefined : integerAt(from.bytes, at);
    const level =
      number === undefined ? levelOfWord(this.#bytes(from, at).toString('latin1')) : levelOfNumber(Number(number));
    if (level !== undefined) {
      this.#fields.take(index);
      return level;
    }
    return levelOfText(text.slice(0, levelSearch));
  }

  /** What came from stderr has a `!` behind its name. */
  #mark(isStderr: boolean, level: LogLevel | undefined): string {
    const bar = isStderr ? '!' : '|';
    const [text, color] = level === undefined ? ['   ', ''] : marks[level];
    if (!this.#style.color) {
      return `${bar} ${text} `;
    }
    return `${colored(bar, isStderr ? '31' : '90')} ${level === undefined ? text : colored(text, color)} `;
  }

  #body(text: string, level: LogLevel | undefined): string {
    const { multiline, timeWidth, color } = this.#style;
    const indent = ' '.repeat(timeWidth + this.#column.width + 7);
    const lines = text.includes('\n') ? text.replaceAll('\n', multiline ? `\n${indent}` : '\\n') : text;
    const safe = Buffer.from(escapeControls(Buffer.from(lines, 'latin1'), true)).toString('latin1');
    return color && (level === 'error' || level === 'fatal') ? colored(safe, '31') : safe;
  }

  /** What else the record holds, as key=value. */
  #writeRest(from: ReadView, to: WriteView, separator: string): boolean {
    const { keys, values, count } = this.#fields;
    let between = separator + (this.#style.color ? '\u001b[2m' : '');
    let any = false;
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      if (key >= 0) {
        const pair = `${between}${this.#plainOf(from, key)}=${this.#plainOf(from, values[i] as number)}`;
        if (!put(to, pair)) {
          return false;
        }
        between = ' ';
        any = true;
      }
    }
    return !any || !this.#style.color || to.ascii('\u001b[0m');
  }

  /** JSON, without the quotes where they are not needed. */
  #plainOf(from: ReadView, at: number): string {
    const json = this.#jsonOf(from, at);
    return /^"[^\s"\\=]+"$/.test(json) ? json.slice(1, -1) : json;
  }
}

function names<const N extends readonly string[]>(...texts: N): { readonly [I in keyof N]: Uint8Array } {
  return texts.map((text) => Buffer.from(text)) as unknown as { readonly [I in keyof N]: Uint8Array };
}

function colored(text: string, color: string): string {
  return `\u001b[${color}m${text}\u001b[0m`;
}

function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) {
    end--;
  }
  return text.slice(0, end);
}

function withoutSlash(name: Uint8Array): Uint8Array {
  return name[0] === 0x2f ? name.subarray(1) : name;
}

/** Appends a text of one character a byte; false where it does not fit. */
function put(to: WriteView, text: string): boolean {
  if (to.at + text.length > to.limit) {
    return false;
  }
  Buffer.from(to.bytes.buffer, to.bytes.byteOffset, to.bytes.byteLength).write(text, to.at, 'latin1');
  to.at += text.length;
  return true;
}
