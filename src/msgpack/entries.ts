// Walks over a run of `[time, record]` entries and says whether they are all in the one form that the rest of the program knows; brings
// those that are not into it. Finding the messages that hold them is the framer's business.
import { needMore, Skip } from './skip.ts';

/** An entry in clean form: array of two, time an integer or ext 0 (EventTime), record a map. */
const cleanHead = 0x92;

/** Whether a value with this first byte can be a time: an integer or a short ext (the walk has refused all types but 0). */
export function isTime(head: number): boolean {
  return head < 0x80 || head >= 0xe0 || (head >= 0xcc && head <= 0xd8) || head === 0xc7;
}

/** Whether a value with this first byte is a map. */
export function isMap(head: number): boolean {
  return (head >= 0x80 && head < 0x90) || head === 0xde || head === 0xdf;
}

/** Whether a value with this first byte is an array. */
export function isArray(head: number): boolean {
  return (head >= 0x90 && head < 0xa0) || head === 0xdc || head === 0xdd;
}

/** One walk over entries, reused. */
export class EntriesWalk {
  /** Clean entries found. */
  count = 0;
  /** Whether every whole entry is clean. */
  clean = true;
  /** Where the last whole entry ends. */
  end = 0;
  readonly #skip = new Skip();

  /**
   * Walks from `from` to `to`. Returns 0, also when the last entry is cut (`end` then lies before `to`; Fluentd takes that for the end),
   * or a code of skip.ts.
   */
  run(bytes: Uint8Array, from: number, to: number): number {
    const skip = this.#skip;
    this.count = 0;
    this.clean = true;
    let pos = from;
    while (pos < to) {
      const record = bytes[pos] === cleanHead ? timeEnd(bytes, pos + 1, to) : 0;
      const whole = record > 0 && isMap(bytes[record] as number);
      const next = skip.run(bytes, whole ? record : pos, to);
      if (next < 0) {
        skip.reset();
        this.end = pos;
        return next === needMore ? 0 : next;
      }
      if (whole) {
        this.count++;
      } else {
        this.clean = false;
      }
      pos = next;
    }
    this.end = pos;
    return 0;
  }
}

/** The end of a time, with at least a byte behind it; 0 for all else. The walk that follows checks the rest of the entry. */
function timeEnd(bytes: Uint8Array, pos: number, to: number): number {
  const head = bytes[pos] as number;
  let next = 0;
  if (head === 0xd7) {
    next = bytes[pos + 1] === 0 ? pos + 10 : 0;
  } else if (head < 0x80 || head >= 0xe0) {
    next = pos + 1;
  } else if (head >= 0xcc && head <= 0xd3) {
    next = pos + 1 + (1 << (head & 3));
  } else if (head === 0xc7) {
    next = bytes[pos + 2] === 0 ? pos + 3 + (bytes[pos + 1] as number) : 0;
  } else if (head >= 0xd4 && head <= 0xd8) {
    next = bytes[pos + 1] === 0 ? pos + 2 + (1 << (head - 0xd4)) : 0;
  }
  return next < to ? next : 0;
}

/** What `rewriteEntries` made. */
export interface Rewritten {
  /** Entries kept. */
  readonly count: number;
  /** Entries dropped, because they were no `[time, record]`. */
  readonly dropped: number;
  /** Where the kept ones end. */
  readonly end: number;
}

/**
 * Brings the whole entries between `from` and `to`, which `EntriesWalk` has walked over, into clean form, in place: the kept ones stand
 * from `from` on afterwards. Third elements and the metadata of Fluent Bit's `[[time, metadata], record]` go, entries that are none go.
 */
export function rewriteEntries(bytes: Uint8Array, from: number, to: number): Rewritten {
  const skip = new Skip();
  let count = 0;
  let dropped = 0;
  let out = from;
  let pos = from;
  while (pos < to) {
    const next = skip.run(bytes, pos, to);
    if (next < 0) {
      break;
    }
    const first = firstElement(bytes, pos);
    const time = first > 0 && arrayLength(bytes, pos) >= 2 ? firstElement(bytes, first) || first : 0;
    if (time > 0 && isTime(bytes[time] as number)) {
      const record = skip.run(bytes, first, to);
      if (isMap(bytes[record] as number)) {
        const timeEnds = skip.run(bytes, time, to);
        const recordEnds = skip.run(bytes, record, to);
        bytes[out] = cleanHead;
        bytes.copyWithin(out + 1, time, timeEnds);
        out += 1 + timeEnds - time;
        bytes.copyWithin(out, record, recordEnds);
        out += recordEnds - record;
        count++;
        pos = next;
        continue;
      }
    }
    dropped++;
    pos = next;
  }
  return { count, dropped, end: out };
}

/** Number of elements of the array at `pos`; 0 where there is no array. */
export function arrayLength(bytes: Uint8Array, pos: number): number {
  const head = bytes[pos] as number;
  if (head >= 0x90 && head <= 0x9f) {
    return head & 0x0f;
  }
  const size = head === 0xdc ? 2 : head === 0xdd ? 4 : 0;
  let length = 0;
  for (let i = 1; i <= size; i++) {
    length = length * 256 + (bytes[pos + i] as number);
  }
  return length;
}

/** Where the first element of the array at `pos` begins; 0 where there is no array or it is empty. */
export function firstElement(bytes: Uint8Array, pos: number): number {
  if (arrayLength(bytes, pos) === 0) {
    return 0;
  }
  const head = bytes[pos] as number;
  return pos + (head === 0xdc ? 3 : head === 0xdd ? 5 : 1);
}
