// Passes over the entries of one stretch of time. The specification is the chunk splitter's walk in plugin/.
import { setResult } from './frame';
import { valueEnd } from './value';

/**
 * Passes over the entries from `start` on whose time is in one of its two usual forms and at least `first` and less than `last`, in seconds.
 *
 * Returns where the next entry begins, which is another one, or not whole. Result 0 is the number of entries.
 */
export function within(start: usize, end: usize, first: u32, last: u32): usize {
  let at = start;
  let count: u32 = 0;
  while (end - at >= 7 && load<u8>(at) === 0x92) {
    const timeType: u32 = load<u8>(at + 1);
    let record: usize = 0;
    let second: u32 = 0;
    if (timeType === 0xd7 && load<u8>(at + 2) === 0) {
      record = at + 11;
      second = bswap<u32>(load<u32>(at + 3));
    } else if (timeType === 0xce) {
      record = at + 6;
      second = bswap<u32>(load<u32>(at + 2));
    } else {
      break;
    }
    if (second < first || second >= last || record >= end) {
      break;
    }
    const next = valueEnd(record, end);
    if (next === 0) {
      break;
    }
    count++;
    at = next;
  }
  setResult(0, count);
  return at;
}
