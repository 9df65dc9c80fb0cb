// Walks over messages and over entries, and moves events together in place. The specification is Intake and Batcher in forward/, and
// entries.ts; a message or an entry that is not of the usual kind is left to them.
import { setResult } from './frame';
import { sameBytes } from './keys';
import { isMap, moveDown, valueEnd } from './value';

/**
 * Takes the messages from `start` on that are of Message mode, with the first one's tag (any tag where `anyTag`), a time other than 0 in
 * one of its two usual forms, an empty option or none, and at most `limit` bytes. The first one's event stays where it is, the others are
 * moved next to it, each with the byte of an array of two in front; the first one's is still to be written, since the tag stands there.
 *
 * Returns where the next message begins: `start` where not even one was taken. Result 0 is the number of events; 1 and 2 are where they
 * begin and end; 3 and 4 where the tag does; 5 and 6 the earliest and the latest second.
 */
export function messages(start: usize, end: usize, limit: usize, anyTag: bool): usize {
  let at = start;
  let out: usize = 0;
  let count: u32 = 0;
  /** The tag with its head, of the first message. */
  const wanted = start + 1;
  let wantedLength: usize = 0;
  let earliest: u32 = 0xffffffff;
  let latest: u32 = 0;
  while (end - at >= 9) {
    const type: u32 = load<u8>(at);
    if (type !== 0x93 && type !== 0x94) {
      break;
    }
    let time: usize = 0;
    if (count > 0 && !anyTag) {
      time = at + 1 + wantedLength;
      if (time >= end || !sameBytes(at + 1, wanted, wantedLength)) {
        break;
      }
    } else {
      const tagType: u32 = load<u8>(at + 1);
      if (tagType - 0xa0 < 0x20) {
        time = at + 2 + (tagType & 0x1f);
      } else if (tagType === 0xd9) {
        time = at + 3 + <usize>load<u8>(at + 2);
      } else {
        break;
      }
      if (time >= end) {
        break;
      }
    }
    const timeType: u32 = load<u8>(time);
    let record: usize = 0;
    let second: u32 = 0;
    if (timeType === 0xce) {
      record = time + 5;
      second = bswap(load<u32>(time + 1));
    } else if (timeType === 0xd7 && load<u8>(time + 1) === 0) {
      record = time + 10;
      second = bswap(load<u32>(time + 2));
    } else {
      break;
    }
    if (second === 0 || record >= end || !isMap(load<u8>(record))) {
      break;
    }
    const recordEnd = valueEnd(record, end);
    if (recordEnd === 0) {
      break;
    }
    let next = recordEnd;
    if (type === 0x94) {
      if (next >= end) {
        break;
      }
      const option: u32 = load<u8>(next++);
      if (option !== 0x80 && option !== 0xc0) {
        break;
      }
    }
    if (next - at > limit) {
      break;
    }
    if (count === 0) {
      wantedLength = time - wanted;
      setResult(1, time - 1);
      setResult(3, load<u8>(wanted) === 0xd9 ? wanted + 2 : wanted + 1);
      setResult(4, time);
      out = recordEnd;
    } else {
      store<u8>(out, 0x92);
      moveDown(out + 1, time, recordEnd);
      out += 1 + recordEnd - time;
    }
    earliest = min<u32>(earliest, second);
    latest = max<u32>(latest, second);
    count++;
    at = next;
  }
  setResult(0, count);
  setResult(2, out);
  setResult(5, earliest);
  setResult(6, latest);
  return at;
}

/**
 * Takes the entries from `start` on that are `[time, record]`, or Fluent Bit's `[[time, metadata], record]`, which are brought into the
 * other form: all that was taken then stands from `start` on.
 *
 * Returns where the next entry begins, which is not such a one, or not whole. Result 0 is the number of entries, 1 where they end, 5 and 6
 * the earliest and the latest second.
 */
export function entries(start: usize, end: usize): usize {
  let at = start;
  let out = start;
  let count: u32 = 0;
  let earliest: u32 = 0xffffffff;
  let latest: u32 = 0;
  while (end - at >= 7 && load<u8>(at) === 0x92) {
    const nested = load<u8>(at + 1) === 0x92;
    const time = at + (nested ? 2 : 1);
    const timeType: u32 = load<u8>(time);
    let timeEnd: usize = 0;
    let second: u32 = 0;
    if (timeType === 0xd7 && load<u8>(time + 1) === 0) {
      timeEnd = time + 10;
      second = bswap(load<u32>(time + 2));
    } else if (timeType === 0xce) {
      timeEnd = time + 5;
      second = bswap(load<u32>(time + 1));
    } else {
      break;
    }
    let record = timeEnd;
    if (nested) {
      if (record < end && load<u8>(record) === 0x80) {
        record++;
      } else {
        record = valueEnd(record, end);
        if (record === 0) {
          break;
        }
      }
    }
    if (record >= end || !isMap(load<u8>(record))) {
      break;
    }
    const next = valueEnd(record, end);
    if (next === 0) {
      break;
    }
    if (nested) {
      store<u8>(out, 0x92);
      moveDown(out + 1, time, timeEnd);
      out += 1 + timeEnd - time;
      moveDown(out, record, next);
      out += next - record;
    } else {
      if (out !== at) {
        moveDown(out, at, next);
      }
      out += next - at;
    }
    earliest = min<u32>(earliest, second);
    latest = max<u32>(latest, second);
    count++;
    at = next;
  }
  setResult(0, count);
  setResult(1, out);
  setResult(5, earliest);
  setResult(6, latest);
  return at;
}
