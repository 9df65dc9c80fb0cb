// Time zones: how far from UTC a moment is, in the process's own zone, at a fixed offset, or in a zone of the IANA database.
// Writing the time is time-format.ts.
import { readFileSync } from 'node:fs';

export interface Zone {
  /** Seconds east of UTC at `sec` (seconds since the epoch). */
  offsetAt(sec: number): number;
  /** What `%Z` prints: an abbreviation, or '' where there is none. */
  nameAt(sec: number): string;
  /** UTC itself, which ISO 8601 writes as Z. */
  readonly utc: boolean;
  /** Whether what holds at `sec` holds for all of its minute. */
  wholeMinuteAt(sec: number): boolean;
}

export const utcZone: Zone = { utc: true, offsetAt: () => 0, nameAt: () => 'UTC', wholeMinuteAt: () => true };

/** The zone that the process runs in (TZ, /etc/localtime). */
export function localZone(): Zone {
  const names = new LocalNames();
  const offsets = new OffsetCache(localOffset);
  return {
    utc: false,
    offsetAt: (sec) => offsets.at(sec),
    nameAt: (sec) => names.at(sec, offsets.at(sec)),
    wholeMinuteAt: hasWholeMinutes,
  };
}

/**
 * A zone as Fluentd's `timezone` names it: `+09:00`, `+0900`, `+09` or `Region/City`. Undefined where it is none of these.
 * As in Fluentd, `%Z` prints nothing for them.
 */
export function parseZone(text: string): Zone | undefined {
  const fixed = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text);
  if (fixed !== null) {
    const seconds = Number(fixed[2]) * 3600 + Number(fixed[3] ?? 0) * 60;
    const offset = fixed[1] === '-' ? -seconds : seconds;
    return { utc: false, offsetAt: () => offset, nameAt: () => '', wholeMinuteAt: () => true };
  }
  if (!/^[^/]+\/[^/]+(\/[^/]+)?$/.test(text)) {
    return undefined;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: text, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const offsets = new OffsetCache((sec) => namedOffset(format, sec));
  return { utc: false, offsetAt: (sec) => offsets.at(sec), nameAt: () => '', wholeMinuteAt: hasWholeMinutes };
}

/** The seconds that a Date can hold, less two days for the offset. */
const dateLimit = 8_640_000_000_000 - 172_800;
/** Before 1973 offsets changed within a minute too. */
const wholeMinutesSince = 94_694_400;

function hasWholeMinutes(sec: number): boolean {
  return sec >= wholeMinutesSince;
}

/** Remembers the offset of one minute: since 1973 no zone has changed within one. */
class OffsetCache {
  #minute = Number.NaN;
  #offset = 0;
  readonly #look: (sec: number) => number;

  constructor(look: (sec: number) => number) {
    this.#look = look;
  }

  at(sec: number): number {
    const minute = Math.floor(sec / 60);
    if (minute !== this.#minute) {
      this.#offset = this.#look(Math.max(-dateLimit, Math.min(dateLimit, sec)));
      this.#minute = hasWholeMinutes(sec) ? minute : Number.NaN;
    }
    return this.#offset;
  }
}

/** From the fields of the local time, because `getTimezoneOffset` leaves out the seconds that old offsets have. */
function localOffset(sec: number): number {
  const local = new Date(sec * 1000);
  const asUtc = new Date(0);
  asUtc.setUTCFullYear(local.getFullYear(), local.getMonth(), local.getDate());
  asUtc.setUTCHours(local.getHours(), local.getMinutes(), local.getSeconds(), local.getMilliseconds());
  return Math.round((asUtc.getTime() - sec * 1000) / 1000) || 0;
}

function namedOffset(format: Intl.DateTimeFormat, sec: number): number {
  const text = format.formatToParts(sec * 1000).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const offset = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (offset === null) {
    return 0;
  }
  const seconds = Number(offset[2]) * 3600 + Number(offset[3]) * 60 + Number(offset[4] ?? 0);
  return offset[1] === '-' ? -seconds : seconds;
}

/** Abbreviations of the local zone, from the system's zone file, because Intl knows few of them (JST is "GMT+9" to it). */
class LocalNames {
  #byOffset: ReadonlyMap<number, string> | undefined;

  at(sec: number, offset: number): string {
    this.#byOffset ??= readAbbreviations();
    const name = this.#byOffset.get(offset);
    if (name !== undefined) {
      return name;
    }
    const format = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' });
    const parts = format.formatToParts(Math.max(-dateLimit, Math.min(dateLimit, sec)) * 1000);
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
  }
}

/** The abbreviation that each offset had last, by the zone file (RFC 8536); empty where there is no file. */
function readAbbreviations(): ReadonlyMap<number, string> {
  const byOffset = new Map<number, string>();
  const { TZ = '' } = process.env;
  const id = TZ.replace(/^:/, '');
  const file = id === '' ? '/etc/localtime' : `/usr/share/zoneinfo/${id}`;
  try {
    const data = id.includes('..') ? Buffer.alloc(0) : readFileSync(file);
    if (data.toString('latin1', 0, 4) === 'TZif') {
      // Since version 2 the file holds all twice, with times of 4 and of 8 bytes, and the first half may be empty.
      const first = readHalf(data, 0, 4);
      const half = data.readUInt8(4) >= 0x32 ? readHalf(data, first.end, 8) : first;
      const types = Array.from({ length: half.typeCount }, (_, index) => index);
      for (const type of [...types, ...data.subarray(half.usesAt, half.typesAt)]) {
        const at = half.typesAt + type * 6;
        const from = half.namesAt + data.readUInt8(at + 5);
        byOffset.set(data.readInt32BE(at), data.toString('latin1', from, Math.min(data.indexOf(0, from), half.end)));
      }
    }
  } catch {
    // No such file, or one that is cut: no abbreviations.
  }
  return byOffset;
}

/** Where in a half of a zone file the parts begin: which type each change leads to, the types, their names. */
function readHalf(data: Buffer, at: number, timeSize: number) {
  const count = (index: number) => data.readUInt32BE(at + 20 + index * 4);
  const usesAt = at + 44 + count(3) * timeSize;
  const typesAt = usesAt + count(3);
  const typeCount = count(4);
  const namesAt = typesAt + typeCount * 6;
  const end = namesAt + count(5) + count(2) * (timeSize + 4) + count(1) + count(0);
  return { usesAt, typesAt, typeCount, namesAt, end };
}
