// Times as text, as Ruby's Time#strftime writes them: a format is compiled once, the text of a second is kept, and within that second only
// the digits of the fraction are written anew. Which zone a moment is seen in is zone.ts.
import { compile, type Directive, pad } from './time-directives.ts';
import type { Zone } from './zone.ts';

/** A moment as text, made anew by `render`; valid until the next one. */
export interface TimeText {
  /** Only the first `length` bytes count. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** The text is that of all seconds from the first to before the last but for `patches`; no second where they are equal. */
  readonly firstSecond: number;
  readonly lastSecond: number;
  /** Pairs: where digits stand, and how many of the nanoseconds they are, or 0 for the two of the second in its minute. */
  readonly patches: readonly number[];
  /**
   * `sec` are whole seconds since the epoch, `nsec` may exceed a second. `exact` is `sec` where that is beyond the safe integers,
   * `eventTime` says that the time was sent with a fraction. Returns false where the text differs from the one before in nothing but
   * digits of the fraction: those `patch` writes, into `bytes` or into a copy.
   */
  render(sec: number, nsec: number, exact: bigint | undefined, eventTime: boolean): boolean;
  /** Brings the text at the beginning of `copy` up to date after a `render` that returned false. */
  patch(copy: Uint8Array): void;
}

const encoder = new TextEncoder();

/** A strftime format, or ISO 8601 without a fraction where it is undefined (UTC as `Z`), seen in a zone. */
export class TimeFormat implements TimeText {
  bytes: Uint8Array = new Uint8Array(64);
  length = 0;
  firstSecond = 0;
  lastSecond = 0;
  readonly patches: number[] = [];
  readonly #directives: readonly Directive[];
  readonly #zone: Zone;
  #sec = Number.NaN;
  #exact: bigint | undefined;
  #nsec = 0;

  constructor(format: string | undefined, zone: Zone) {
    this.#directives = compile(format ?? (zone.utc ? '%Y-%m-%dT%H:%M:%SZ' : '%Y-%m-%dT%H:%M:%S%:z'));
    this.#zone = zone;
  }

  render(sec: number, nsec: number, exact: bigint | undefined): boolean {
    let second = sec;
    let fraction = nsec;
    let large = exact;
    if (nsec >= 1_000_000_000) {
      const carry = Math.floor(nsec / 1_000_000_000);
      fraction = nsec - carry * 1_000_000_000;
      second += carry;
      large = large === undefined ? undefined : large + BigInt(carry);
    }
    if (second !== this.#sec || large !== this.#exact) {
      this.#renderSecond(second, large);
      this.#nsec = fraction;
      this.patch(this.bytes);
      return true;
    }
    this.#nsec = fraction;
    return false;
  }

  patch(copy: Uint8Array): void {
    for (let i = 0; i < this.patches.length; i += 2) {
      const digits = this.patches[i + 1] as number;
      if (digits > 0) {
        writeFraction(copy, this.patches[i] as number, digits, this.#nsec);
      }
    }
  }

  /** The text of a moment as a string. */
  text(sec: number, nsec: number): string {
    if (!this.render(sec, nsec, undefined)) {
      this.patch(this.bytes);
    }
    return new TextDecoder().decode(this.bytes.subarray(0, this.length));
  }

  #renderSecond(sec: number, exact: bigint | undefined): void {
    const offset = this.#zone.offsetAt(sec);
    const moment = {
      ...civil(sec, exact, offset),
      sec: exact ?? BigInt(sec),
      offset,
      zoneName: () => this.#zone.nameAt(sec),
    };
    this.patches.length = 0;
    let wholeMinute = this.#zone.wholeMinuteAt(sec) && offset % 60 === 0;
    let text = '';
    for (const directive of this.#directives) {
      if (directive.fraction > 0) {
        this.patches.push(Buffer.byteLength(text), directive.fraction);
        text += '0'.repeat(directive.fraction);
      } else {
        text += directive.write(moment);
        wholeMinute &&= directive.seconds !== 'other';
        if (directive.seconds === 'digits') {
          this.patches.push(Buffer.byteLength(text) - 2, 0);
        }
      }
    }
    this.firstSecond = wholeMinute ? sec - moment.second : sec;
    this.lastSecond = wholeMinute ? this.firstSecond + 60 : sec + 1;
    this.length = Buffer.byteLength(text);
    if (this.length + 4 > this.bytes.length) {
      this.bytes = new Uint8Array(this.length * 2);
    }
    encoder.encodeInto(text, this.bytes);
    this.#sec = sec;
    this.#exact = exact;
  }
}

/** The first `digits` digits of a fraction of a second; Ruby fills up with zeros behind the ninth. */
function writeFraction(bytes: Uint8Array, at: number, digits: number, nsec: number): void {
  let rest = nsec | 0;
  for (let i = 9; i < digits; i++) {
    bytes[at + i] = 48;
  }
  for (let i = 8; i >= 0; i--) {
    const next = (rest / 10) | 0;
    if (i < digits) {
      bytes[at + i] = 48 + rest - next * 10;
    }
    rest = next;
  }
}

/** Seconds since the epoch as a number: `1700000000.123456789`, and `1700000000.0` for an integer time. */
export class FloatTime implements TimeText {
  readonly bytes = new Uint8Array(48);
  length = 0;
  readonly firstSecond = 0;
  readonly lastSecond = 0;
  readonly patches = [];

  render(sec: number, nsec: number, exact: bigint | undefined, eventTime: boolean): boolean {
    const fraction = eventTime ? pad(String(nsec), 9) : '0';
    this.length = encoder.encodeInto(`${exact ?? sec}.${fraction}`, this.bytes).written;
    return true;
  }

  patch(): void {}
}

/** Whole seconds since the epoch. */
export class UnixTime implements TimeText {
  readonly bytes = new Uint8Array(32);
  length = 0;
  firstSecond = 0;
  lastSecond = 0;
  readonly patches = [];

  render(sec: number, _nsec: number, exact: bigint | undefined): boolean {
    this.length = encoder.encodeInto(String(exact ?? sec), this.bytes).written;
    this.firstSecond = sec;
    this.lastSecond = sec + 1;
    return true;
  }

  patch(): void {}
}

/** The date in the proleptic Gregorian calendar, from days since 1970-01-01 (http://howardhinnant.github.io/date_algorithms.html). */
function civil(sec: number, exact: bigint | undefined, offset: number) {
  let days = Math.floor((sec + offset) / 86_400);
  let secondOfDay = sec + offset - days * 86_400;
  if (exact !== undefined) {
    const local = exact + BigInt(offset);
    secondOfDay = Number(((local % 86_400n) + 86_400n) % 86_400n);
    days = Number((local - BigInt(secondOfDay)) / 86_400n);
  }
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(secondOfDay / 3600),
    minute: Math.floor(secondOfDay / 60) % 60,
    second: secondOfDay % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}
