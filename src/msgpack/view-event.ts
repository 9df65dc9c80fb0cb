// Reads the head of one event in place: its time, and where its record begins. Entries are clean behind the walk (entries.ts); what is not
// is refused here, never trusted.
import { integerAt } from './text.ts';
import { broken, type ReadView } from './view.ts';

/** One event of a run of entries, reused for the next. */
export class EventView {
  /** Whole seconds since the epoch; rounded where they are beyond the safe integers, `exact` then holds them. */
  sec = 0;
  /** Nanoseconds, up to 2^32 - 1 as sent. */
  nsec = 0;
  exact: bigint | undefined;
  /** Whether the time was an EventTime, not an integer. */
  eventTime = false;

  /** Reads the event at `at`. Returns where its record begins, or `broken`. */
  open(from: ReadView, at: number): number {
    const { bytes, data, end } = from;
    const head = at + 1 < end && bytes[at] === 0x92 ? (bytes[at + 1] as number) : 0xc1;
    if (head === 0xd7 && at + 11 < end) {
      this.#eventTime(data, at + 3);
      return bytes[at + 2] === 0 ? at + 11 : broken;
    }
    this.eventTime = false;
    this.exact = undefined;
    this.nsec = 0;
    if (head === 0xce && at + 6 < end) {
      this.sec = data.getUint32(at + 2);
      return at + 6;
    }
    if (head < 0x80 || head >= 0xe0) {
      this.sec = head < 0x80 ? head : head - 256;
      return at + 2 < end ? at + 2 : broken;
    }
    if (head >= 0xcc && head <= 0xd3) {
      const next = at + 2 + (1 << (head & 3));
      return next < end ? this.#integer(bytes, at + 1, next) : broken;
    }
    return this.#ext(from, at + 1, head);
  }

  #eventTime(data: DataView, at: number): void {
    this.sec = data.getUint32(at);
    this.nsec = data.getUint32(at + 4);
    this.exact = undefined;
    this.eventTime = true;
  }

  #integer(bytes: Uint8Array, at: number, next: number): number {
    const value = integerAt(bytes, at) ?? 0n;
    this.sec = Number(value);
    this.exact = Number.isSafeInteger(this.sec) ? undefined : value;
    return next;
  }

  /** EventTime in another length than eight bytes: Fluentd takes the seconds where there are four, and leaves the rest out. */
  #ext(from: ReadView, at: number, head: number): number {
    const { bytes, data, end } = from;
    let body = at + 2;
    let size = 0;
    if (head >= 0xd4 && head <= 0xd8) {
      size = 1 << (head - 0xd4);
    } else if (head >= 0xc7 && head <= 0xc9) {
      const lengthSize = 1 << (head - 0xc7);
      body += lengthSize;
      if (body > end) {
        return broken;
      }
      size =
        lengthSize === 1 ? data.getUint8(at + 1) : lengthSize === 2 ? data.getUint16(at + 1) : data.getUint32(at + 1);
    } else {
      return broken;
    }
    if (body + size >= end || bytes[body - 1] !== 0) {
      return broken;
    }
    this.sec = size >= 4 ? data.getUint32(body) : 0;
    this.nsec = size >= 8 ? data.getUint32(body + 4) : 0;
    this.exact = undefined;
    this.eventTime = true;
    return body + size;
  }
}
