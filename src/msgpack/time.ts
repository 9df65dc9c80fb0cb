// An event's time in msgpack: an integer of seconds, or EventTime (ext type 0: seconds and nanoseconds, each a big-endian uint32).
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1#eventtime-ext-format
import { integerAt } from './text.ts';

/** Whether the seconds of the time at `pos` are 0, which Fluentd takes for "now" in Message mode. */
export function isZeroTime(bytes: Uint8Array, pos: number): boolean {
  const head = bytes[pos] as number;
  if (head === 0) {
    return true;
  }
  if (head === 0xd7) {
    return isZero(bytes, pos + 2, 4);
  }
  if (head === 0xc7) {
    return bytes[pos + 1] === 8 && isZero(bytes, pos + 3, 4);
  }
  return head >= 0xcc && head <= 0xd3 && integerAt(bytes, pos) === 0n;
}

/** Writes `ms` (since the epoch) as an EventTime of 10 bytes to `out`. */
export function writeEventTime(out: Uint8Array, at: number, ms: number): void {
  const view = new DataView(out.buffer, out.byteOffset);
  const seconds = Math.floor(ms / 1000);
  out[at] = 0xd7;
  out[at + 1] = 0;
  view.setUint32(at + 2, seconds);
  view.setUint32(at + 6, Math.floor((ms - seconds * 1000) * 1e6));
}

/** Whether `count` bytes from `at` on are all 0. */
export function isZero(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) {
    if (bytes[i] !== 0) {
      return false;
    }
  }
  return true;
}
