// The time of an event out of a field's value, as Fluentd's time parameters say: a number of seconds, or text of some form.
import { float, integer, toI } from '../config/ruby-number.ts';
import { commonFormats, type ParsedMoment, TimePattern } from '../core/time-parse.ts';
import type { Zone } from '../core/zone.ts';
import { rubyFloat } from '../msgpack/numbers.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import type { ReadView } from '../msgpack/view.ts';

export const timeTypes = ['string', 'unixtime', 'float', 'mixed'] as const;
export type TimeType = (typeof timeTypes)[number];

export interface TimeSettings {
  readonly type: TimeType;
  readonly format: string | undefined;
  readonly fallbacks: readonly string[];
  readonly zone: Zone;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Texts longer than this hold no time. */
const longestText = 400;

export class TimeReader {
  readonly moment: ParsedMoment = { sec: 0, nsec: 0 };
  readonly #tries: readonly ((text: string) => boolean)[];
  readonly #numbers: boolean;
  readonly #span: Span = { start: 0, end: 0 };
  /** The text that `moment` was read from last. */
  #text: string | undefined;

  constructor({ type, format, fallbacks, zone, now }: TimeSettings) {
    const formats = (list: readonly string[]) => {
      const pattern = new TimePattern(list, zone, now);
      return (text: string) => pattern.parse(text, this.moment);
    };
    // Among others, what is no number as a whole is left to the others.
    const strictly =
      (read: (text: string) => boolean, number: (text: string) => number | undefined) => (text: string) =>
        (type !== 'mixed' || number(text) !== undefined) && read(text);
    const one = (kind: string | undefined) =>
      kind === 'unixtime'
        ? strictly(this.#unixtime, integer)
        : kind === 'float'
          ? strictly(this.#float, float)
          : formats(kind === undefined ? commonFormats : [kind]);
    this.#numbers = type !== 'string';
    this.#tries =
      type === 'mixed'
        ? [...(format === undefined ? [] : [format]), ...fallbacks].map(one)
        : [type === 'string' ? one(format) : one(type)];
  }

  /** Reads the value at `at` into `moment`; false where it is no time. */
  read(from: ReadView, at: number): boolean {
    const text = this.#textAt(from, at);
    if (text === undefined || text.length > longestText) {
      return false;
    }
    // Lines of one moment come in a row.
    if (text === this.#text) {
      return true;
    }
    const found = this.#tries.some((read) => read(text));
    this.#text = found ? text : undefined;
    return found;
  }

  #textAt(from: ReadView, at: number): string | undefined {
    const { bytes, data } = from;
    const span = this.#span;
    if (stringSpan(bytes, at, span)) {
      return Buffer.from(bytes.buffer, bytes.byteOffset + span.start, span.end - span.start).toString();
    }
    if (!this.#numbers) {
      return undefined;
    }
    const head = bytes[at] as number;
    if (head === 0xca || head === 0xcb) {
      return rubyFloat(head === 0xca ? data.getFloat32(at + 1) : data.getFloat64(at + 1));
    }
    return integerAt(bytes, at)?.toString();
  }

  readonly #unixtime = (text: string): boolean => {
    this.moment.sec = toI(text);
    this.moment.nsec = 0;
    return Number.isFinite(this.moment.sec);
  };

  /** By its digits: a double would lose the last of them. */
  readonly #float = (text: string): boolean => {
    const [whole = '', fraction = ''] = text.split('.');
    this.moment.sec = toI(whole);
    this.moment.nsec = toI(fraction.slice(0, 9).padEnd(9, '0'));
    return Number.isFinite(this.moment.sec);
  };
}
