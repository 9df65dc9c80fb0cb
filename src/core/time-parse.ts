// Times out of text, as Ruby's Time.strptime reads them (https://docs.ruby-lang.org/en/3.1/strptime_formatting_rdoc.html): what stands behind the
// match is not looked at, a day too many goes into the next month, and what the format leaves out is that of now. Writing times is time-format.ts.
import type { Zone } from './zone.ts';

/** A moment; reused for the next. */
export interface ParsedMoment {
  /** Whole seconds since the epoch. */
  sec: number;
  nsec: number;
}

interface Fields {
  year?: number;
  century?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  nsec?: number;
  /** Seconds since the epoch. */
  epoch?: number;
  /** Seconds east of UTC. */
  offset?: number;
}

/** Texts longer than this hold no time. */
const longestText = 256;

export class TimePattern {
  readonly #formats: readonly string[];
  readonly #zone: Zone;
  readonly #now: () => number;

  /** The first of the formats that fits counts. `zone` is that of texts that name none; `now` is in ms. */
  constructor(formats: readonly string[], zone: Zone, now: () => number) {
    this.#formats = formats.map((format) => (format === '%iso8601' ? '%Y-%m-%dT%H:%M:%S%f%z' : format));
    this.#zone = zone;
    this.#now = now;
  }

  /** False where the text fits no format. */
  parse(text: string, into: ParsedMoment): boolean {
    for (const format of text.length > longestText ? [] : this.#formats) {
      const reader = new TextReader(text);
      if (reader.read(format)) {
        return this.#moment(reader.fields, into);
      }
    }
    return false;
  }

  #moment(fields: Fields, into: ParsedMoment): boolean {
    into.nsec = fields.nsec ?? 0;
    if (fields.epoch !== undefined) {
      into.sec = fields.epoch;
      return true;
    }
    const { dayOfYear } = fields;
    const year = fields.century === undefined ? fields.year : fields.century * 100 + ((fields.year ?? 0) % 100);
    let { month, day, hour } = fields;
    if ([year, month, day, dayOfYear, hour, fields.minute, fields.second].every((field) => field === undefined)) {
      return false;
    }
    const now = this.#here(fields.offset);
    // From the year on, what is missing before the first that is there is that of now; behind it, the first of its kind.
    if (year === undefined && dayOfYear === undefined && month === undefined) {
      month = now.getUTCMonth() + 1;
      day ??= now.getUTCDate();
    }
    if (fields.afternoon !== undefined && hour !== undefined) {
      hour = (hour % 12) + (fields.afternoon ? 12 : 0);
    }
    const date = new Date(0);
    date.setUTCFullYear(
      year ?? now.getUTCFullYear(),
      dayOfYear === undefined ? (month ?? 1) - 1 : 0,
      dayOfYear ?? day ?? 1,
    );
    const local = date.getTime() / 1000 + (hour ?? 0) * 3600 + (fields.minute ?? 0) * 60 + (fields.second ?? 0);
    if (dayOfYear !== undefined && date.getUTCFullYear() !== (year ?? now.getUTCFullYear())) {
      return false;
    }
    if (!Number.isFinite(local)) {
      // A year beyond what a Date holds.
      return false;
    }
    into.sec = local - (fields.offset ?? this.#offsetOf(local));
    return Number.isFinite(into.sec);
  }

  /** Now, with the fields of the zone as if they were UTC's. */
  #here(offset: number | undefined): Date {
    const sec = this.#now() / 1000;
    return new Date((sec + (offset ?? this.#zone.offsetAt(sec))) * 1000);
  }

  /** The offset at a local time: looked up twice, since the first one is that of another moment. */
  #offsetOf(local: number): number {
    return this.#zone.offsetAt(local - this.#zone.offsetAt(local));
  }
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const longMonths = 'january february march april may june july august september october november december'.split(' ');
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const longDays = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

/** Directives that stand for others. */
const composed: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  n: ' ',
  t: ' ',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  v: '%e-%b-%Y',
  '+': '%a %b %e %H:%M:%S %Z %Y',
};

/** Numbers of at most two digits, with a blank in front where there is one: into which field, from where to where. */
const small: Readonly<
  Record<string, readonly [keyof Fields & ('day' | 'month' | 'hour' | 'minute' | 'second'), number, number]>
> = {
  d: ['day', 1, 31],
  e: ['day', 1, 31],
  H: ['hour', 0, 23],
  k: ['hour', 0, 23],
  I: ['hour', 1, 12],
  l: ['hour', 1, 12],
  m: ['month', 1, 12],
  M: ['minute', 0, 59],
  S: ['second', 0, 60],
};

/** Names of other zones are passed over, as in Fluentd. */
const zones: Readonly<Record<string, number>> = {
  z: 0,
  utc: 0,
  gmt: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

/** Reads one text by one format. */
class TextReader {
  readonly fields: Fields = {};
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(format: string): boolean {
    for (let i = 0; i < format.length; i++) {
      const char = format[i] as string;
      if (/\s/.test(char)) {
        this.#take(/\s*/y);
        continue;
      }
      const directive = char === '%' ? /%:{0,3}[EO]?([A-Za-z%+])/y : undefined;
      if (directive !== undefined) {
        directive.lastIndex = i;
      }
      const found = directive?.exec(format);
      if (found === null || found === undefined) {
        if (this.#text[this.#at] !== char) {
          return false;
        }
        this.#at++;
        continue;
      }
      const behind = i + found[0].length;
      // Digits that follow belong to what follows: this directive takes no more than its own.
      const tight = /^(?:\d|%[EO]?[CDdeFGgHIjkLlMmNQRrSsTUuVvWwXxYy])/.test(format.slice(behind, behind + 3));
      if (!this.#directive(found[1] as string, tight)) {
        return false;
      }
      i = behind - 1;
    }
    return true;
  }

  #directive(letter: string, tight: boolean): boolean {
    const others = composed[letter];
    if (others !== undefined) {
      return this.read(others);
    }
    const number = small[letter];
    if (number !== undefined) {
      const value = Number(this.#take(/ \d|\d{1,2}/y) ?? Number.NaN);
      this.fields[number[0]] = value;
      return value >= number[1] && value <= number[2];
    }
    switch (letter) {
      case 'Y':
        return this.#number('year', tight ? /[+-]?\d{1,4}/y : /[+-]?\d{1,9}/y);
      case 'C':
        return this.#number('century', tight ? /[+-]?\d{1,2}/y : /[+-]?\d{1,7}/y);
      case 'y': {
        const year = this.#take(/\d{1,2}/y);
        this.fields.year = Number(year) + (Number(year) >= 69 ? 1900 : 2000);
        return year !== undefined;
      }
      case 'j':
        return this.#number('dayOfYear', /\d{1,3}/y) && this.#within(this.fields.dayOfYear, 1, 366);
      case 's':
        return this.#number('epoch', /-?\d{1,15}/y);
      case 'Q':
        return this.#milliseconds();
      case 'N':
      case 'L':
        return this.#fraction(tight ? (letter === 'L' ? 3 : 9) : longestText);
      case 'f':
        return this.#take(/\./y) === undefined || this.#fraction(longestText);
      case 'A':
      case 'a':
        return this.#name(longDays, days) >= 0;
      case 'B':
      case 'b':
      case 'h':
        this.fields.month = this.#name(longMonths, months) + 1;
        return this.fields.month > 0;
      case 'P':
      case 'p': {
        const half = this.#take(/[ap](?:m\b|\.m\.)/iy);
        this.fields.afternoon = /^p/i.test(half ?? '');
        return half !== undefined;
      }
      case 'Z':
      case 'z':
        return this.#zone();
      case 'u':
      case 'w':
        return this.#take(/\d/y) !== undefined;
      case 'U':
      case 'V':
      case 'W':
        return this.#take(/\d{1,2}/y) !== undefined;
      case '%':
        return this.#take(/%/y) !== undefined;
      default:
        return false;
    }
  }

  #number(field: 'year' | 'century' | 'dayOfYear' | 'epoch', pattern: RegExp): boolean {
    const digits = this.#take(pattern);
    this.fields[field] = Number(digits);
    return digits !== undefined;
  }

  #within(value: number | undefined, from: number, to: number): boolean {
    return value !== undefined && value >= from && value <= to;
  }

  #milliseconds(): boolean {
    const digits = this.#take(/-?\d{1,18}/y);
    const value = Number(digits);
    this.fields.epoch = Math.floor(value / 1000);
    this.fields.nsec = (value - this.fields.epoch * 1000) * 1_000_000;
    return digits !== undefined;
  }

  #fraction(width: number): boolean {
    const digits = this.#take(new RegExp(`\\d{1,${width}}`, 'y'));
    this.fields.nsec = Number((digits ?? '').slice(0, 9).padEnd(9, '0'));
    return digits !== undefined;
  }

  #name(long: readonly string[], short: readonly string[]): number {
    const word = (this.#text.slice(this.#at, this.#at + 9).match(/^[A-Za-z]+/)?.[0] ?? '').toLowerCase();
    let index = long.findIndex((name) => word.startsWith(name));
    let length = long[index]?.length ?? 0;
    if (index < 0) {
      index = short.findIndex((name) => word.startsWith(name));
      length = 3;
    }
    this.#at += index < 0 ? 0 : length;
    return index;
  }

  #zone(): boolean {
    const text = this.#take(/[+-]\d{1,2}(?::?\d\d)?(?::?\d\d)?|(?:utc|gmt)(?:[+-]\d{1,2}(?::?\d\d)?)?|[a-z]+/iy);
    const offset = /^(?:utc|gmt)?([+-])(\d{1,2}):?(\d\d)?:?(\d\d)?$/i.exec(text ?? '');
    if (offset !== null) {
      const seconds = Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60 + Number(offset[4] ?? 0);
      this.fields.offset = offset[1] === '-' ? -seconds : seconds;
      return true;
    }
    const hours = zones[(text ?? '').toLowerCase()];
    if (hours !== undefined) {
      this.fields.offset = hours * 3600;
    }
    return text !== undefined;
  }

  /** Takes what the sticky pattern finds here. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

/** What Ruby's Time.parse takes, as far as programs write it: ISO 8601, HTTP and mail, `date`, databases. */
export const commonFormats: readonly string[] = [
  '%Y-%m-%dT%H:%M:%S%f%z',
  '%Y-%m-%dT%H:%M:%S%f',
  '%Y-%m-%d %H:%M:%S%f %z',
  '%Y-%m-%d %H:%M:%S%f',
  '%Y/%m/%d %H:%M:%S%f %z',
  '%Y/%m/%d %H:%M:%S%f',
  '%Y%m%dT%H%M%S%z',
  '%Y%m%dT%H%M%S',
  '%a, %d %b %Y %H:%M:%S %z',
  '%a %b %e %H:%M:%S %Z %Y',
  '%a %b %e %H:%M:%S %Y',
  '%d %b %Y %H:%M:%S %z',
  '%d %b %Y %H:%M:%S',
  '%b %e %H:%M:%S',
  '%Y-%m-%dT%H:%M',
  '%Y-%m-%d %H:%M',
  '%Y-%m-%d',
  '%Y/%m/%d',
  '%H:%M:%S',
];
