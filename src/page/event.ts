// What a row takes from an event: time, level, container, the text of the line, and what else the record holds. Decodes the event's bytes at
// each call: it is called for the few dozen rows on the screen.
import { EventSubject, jsonBytes, withoutEnd } from '../live/query/event-subject.ts';
import { looksLikeJson, readJsonLine, readLogfmt } from '../live/query/json-line.ts';
import { type Level, levelOfText } from '../live/query/levels.ts';
import { longestField, mostFields } from '../live/query/record-text.ts';
import { stripColors } from '../live/query/strip-colors.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { colorOf } from './facet.ts';
import type { Held, Whole } from './held.ts';

/** Characters of a line that a row shows at most; the details show more. */
const rowText = 2000;
/** Ms that a sender's clock may be ahead of the collector's. */
const patience = 60_000;
/** Bytes of a line that are looked at for a row. */
const rowBytes = 16 * 1024;

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
  /** What the fields have that the reader made columns, '' where there is none. */
  readonly pins: readonly (readonly [string, string])[];
  readonly whole: Whole | undefined;
  readonly late: boolean;
  /** Whether its time was yet to come when it arrived, by more than a minute. */
  readonly ahead: boolean;
}

/** An event whose line may have come in pieces. */
class HeldSubject extends EventSubject {
  whole: Whole | undefined;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  override line(most: number): string {
    const { whole } = this;
    if (whole === undefined) {
      return super.line(most);
    }
    const isCut = Math.min(most, whole.line.length) < whole.bytes;
    // A cut in the middle of a character leaves no trace.
    const text = this.#utf8.decode(whole.line.subarray(0, most), { stream: isCut });
    this.#utf8.decode();
    return withoutEnd(text);
  }
}

export class EventReader {
  /** Fields that rows show as columns. */
  pins: readonly string[] = [];
  readonly #subject = new HeldSubject();
  readonly #span: Span = { start: 0, end: 0 };

  /** The event as a query asks for it; good until the next event is read. */
  subject(held: Held): EventSubject {
    const subject = this.#subject;
    subject.view.set(held.entry);
    subject.open(subject.view.start, held);
    subject.whole = held.whole !== undefined && held.whole.count > 1 ? held.whole : undefined;
    return subject;
  }

  shown(held: Held): Shown {
    const subject = this.subject(held);
    const { sec, nsec, eventTime } = subject.event;
    const place = subject.fields.messagePlace;
    const total = this.#subject.whole?.bytes ?? this.#bytesAt(subject, place);
    const isWhole = total <= rowBytes;
    const fields: [string, string][] = [];
    let level = subject.fields.collect(fields);
    let line = subject.line(rowBytes);
    const parsed =
      looksLikeJson(line) && total <= jsonBytes
        ? readJsonLine(isWhole ? line : subject.line(jsonBytes), mostFields, longestField)
        : isWhole && line.includes('=')
          ? readLogfmt(line, mostFields, longestField)
          : undefined;
    let more = isWhole ? 0 : total - rowBytes;
    if (parsed !== undefined) {
      line = parsed.text;
      more = 0;
      level ??= parsed.level;
      fields.unshift(...parsed.fields.map(([name, value]): [string, string] => [name, value]));
    } else {
      level ??= levelOfText(stripColors(line));
    }
    const end = held.whole?.isTrace === true ? line.indexOf('\n') : -1;
    if (end >= 0) {
      line = line.slice(0, end);
      more = 0;
    }
    if (line.length > rowText) {
      more += line.length - rowText;
      line = line.slice(0, rowText);
    }
    const pins = this.pins.map((name) => [name, subject.field(name)?.slice(0, longestField) ?? ''] as const);
    const container = subject.container();
    const { at } = subject.record;
    const messageField = place === 0 ? '' : place === at.log ? 'log' : place === at.message ? 'message' : 'msg';
    return {
      ...{ time: { sec, nsec, fine: eventTime }, level, container, color: colorOf(container) },
      ...{ messageField, text: line, more, fields, pins, whole: held.whole, late: held.late },
      ahead: sec * 1000 > held.arrived + patience,
    };
  }

  /** The line as it was sent, without its last line end; `most` bytes of it. */
  line(held: Held, most = Number.POSITIVE_INFINITY): string {
    return this.subject(held).line(most);
  }

  #bytesAt({ view }: EventSubject, place: number): number {
    return place !== 0 && stringSpan(view.bytes, place, this.#span) ? this.#span.end - this.#span.start : 0;
  }
}
