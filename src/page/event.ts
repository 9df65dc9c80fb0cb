// What a row and the search take from an event: time, level, container, the text of the line, and what else the record holds. Decodes the
// event's bytes at each call: it is called for the few dozen rows on the screen, and for a search.
import { EventSubject, jsonBytes, withoutEnd } from '../live/query/event-subject.ts';
import { looksLikeJson, readJsonLine } from '../live/query/json-line.ts';
import { type Level, levelOfText } from '../live/query/levels.ts';
import { longestField, mostFields } from '../live/query/record-text.ts';
import { stripColors } from '../live/query/strip-colors.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import type { Joined } from './pieces.ts';
import { batchOf, type EventRef, entryOf, type Store } from './store.ts';
import { colorOf } from './values.ts';

/** Characters of a line that a row shows at most; the details show more. */
const rowText = 2000;
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
  readonly joined: Joined | undefined;
}

/** An event of the store, whose line may have come in pieces. */
class StoredSubject extends EventSubject {
  whole: ((most: number) => string) | undefined;

  override line(most: number): string {
    return this.whole === undefined ? super.line(most) : this.whole(most);
  }
}

export class EventReader {
  readonly #store: Store;
  readonly #subject = new StoredSubject();
  /** For the pieces of a line: they are read while the subject is open. */
  readonly #piece = new EventSubject();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(store: Store) {
    this.#store = store;
  }

  /** The event as a query asks for it; good until the next event is read. */
  subject(ref: EventRef): EventSubject {
    const subject = this.#subject;
    open(subject, ref);
    const joined = this.#store.pieces.line(ref.id);
    subject.whole =
      joined === undefined || joined.events.length < 2 ? undefined : (most) => this.#joinedText(ref, joined, most);
    return subject;
  }

  shown(ref: EventRef): Shown {
    const subject = this.subject(ref);
    const { sec, nsec, eventTime } = subject.event;
    const joined = this.#store.pieces.line(ref.id);
    const place = subject.fields.messagePlace;
    const total = joined === undefined ? this.#bytesAt(subject, place) : this.#joinedBytes(joined);
    const whole = total <= rowBytes;
    const fields: [string, string][] = [];
    let level = subject.fields.collect(fields);
    let line = subject.line(rowBytes);
    const parsed =
      looksLikeJson(line) && total <= jsonBytes
        ? readJsonLine(whole ? line : subject.line(jsonBytes), mostFields, longestField)
        : undefined;
    let more = whole ? 0 : total - rowBytes;
    if (parsed !== undefined) {
      line = parsed.text;
      more = 0;
      level ??= parsed.level;
      fields.unshift(...parsed.fields.map(([name, value]): [string, string] => [name, value]));
    } else {
      level ??= levelOfText(stripColors(line));
    }
    if (line.length > rowText) {
      more += line.length - rowText;
      line = line.slice(0, rowText);
    }
    const container = subject.container();
    const { at } = subject.record;
    const messageField = place === 0 ? '' : place === at.log ? 'log' : place === at.message ? 'message' : 'msg';
    return {
      time: { sec, nsec, fine: eventTime },
      level,
      container,
      color: colorOf(container),
      messageField,
      text: line,
      more,
      fields,
      joined,
    };
  }

  /** The line as it was sent, without its last line end; `most` bytes of it. */
  line(ref: EventRef, most = Number.POSITIVE_INFINITY): string {
    return this.subject(ref).line(most);
  }

  #bytesAt({ view }: EventSubject, place: number): number {
    return place !== 0 && stringSpan(view.bytes, place, this.#span) ? this.#span.end - this.#span.start : 0;
  }

  #joinedBytes(joined: Joined): number {
    const piece = this.#piece;
    let sum = 0;
    for (const id of joined.events) {
      const ref = this.#store.ref(id);
      if (ref !== undefined) {
        open(piece, ref);
        sum += this.#bytesAt(piece, piece.fields.messagePlace);
      }
    }
    return sum;
  }

  /** Up to `most` bytes of a line, of all its pieces. A character that is cut in two between them is made whole. */
  #joinedText(head: EventRef, joined: Joined, most: number): string {
    const piece = this.#piece;
    let text = '';
    let left = most;
    for (const id of joined.events) {
      const ref = id === head.id ? head : this.#store.ref(id);
      if (ref === undefined || left <= 0) {
        continue;
      }
      open(piece, ref);
      const { bytes } = piece.view;
      const place = piece.fields.messagePlace;
      if (place === 0 || !stringSpan(bytes, place, this.#span)) {
        text += piece.line(left);
        continue;
      }
      const { start, end } = this.#span;
      text += this.#decoder.decode(bytes.subarray(start, Math.min(end, start + left)), { stream: true });
      left -= end - start;
    }
    return withoutEnd(text + this.#decoder.decode());
  }
}

function open(subject: EventSubject, ref: EventRef): void {
  subject.view.set(entryOf(ref));
  subject.open(subject.view.start, batchOf(ref));
}
