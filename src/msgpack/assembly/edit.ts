// Adds fields to records by copying events with a longer map. The specification is edit.ts of the TypeScript side; an event that has one of
// the fields already, or is not of the usual kind, is left to it.
import { setResult } from './frame';
import { sameBytes } from './keys';
import { valueEnd } from './value';

/**
 * Copies the events from `start` to `end` to `out`, each with `count` fields more: `pairs` are their names and values as they are appended,
 * `names` are `count` places of 8 bytes, where a name is and how long. Nothing goes behind `limit`, but for 16 bytes at most.
 *
 * Returns where the next event begins, which is one that is left to the other side, has no room, or is not whole. Result 0 is how many were copied, 1 where
 * the copy ends.
 */
export function addFields(
  start: usize,
  end: usize,
  begin: usize,
  limit: usize,
  names: usize,
  count: u32,
  pairs: usize,
  pairsLength: usize,
): usize {
  let at = start;
  let out = begin;
  let copied: u32 = 0;
  while (end - at >= 7 && load<u8>(at) === 0x92) {
    const timeType: u32 = load<u8>(at + 1);
    let pos: usize = 0;
    if (timeType === 0xd7 && load<u8>(at + 2) === 0) {
      pos = at + 11;
    } else if (timeType === 0xce) {
      pos = at + 6;
    } else {
      break;
    }
    if (pos >= end) {
      break;
    }
    const record = pos;
    const mapType: u32 = load<u8>(pos);
    let size: u32 = mapType & 0x0f;
    if (mapType - 0x80 < 0x10) {
      pos++;
    } else if (mapType === 0xde) {
      size = <u32>bswap(load<u16>(pos + 1));
      pos += 3;
    } else {
      break;
    }
    if (size + count > 0xffff) {
      break;
    }
    const body = pos;
    let left = size;
    for (; left > 0; left--) {
      if (pos >= end) {
        break;
      }
      const keyType: u32 = load<u8>(pos);
      let length: usize = keyType & 0x1f;
      if (keyType - 0xa0 < 0x20) {
        pos++;
      } else if (keyType === 0xd9) {
        length = load<u8>(pos + 1);
        pos += 2;
      } else {
        break;
      }
      const keyEnd = pos + length;
      if (keyEnd >= end || isOneOf(pos, length, names, count)) {
        break;
      }
      pos = valueEnd(keyEnd, end);
      if (pos === 0) {
        break;
      }
    }
    if (left > 0 || pos > end || pos - at + 2 + pairsLength > limit - out) {
      break;
    }
    out = copyTo(out, at, record);
    const more = size + count;
    if (more < 16) {
      store<u8>(out, <u8>(0x80 | more));
      out++;
    } else {
      store<u8>(out, 0xde);
      store<u16>(out + 1, bswap<u16>(<u16>more));
      out += 3;
    }
    out = copyTo(out, body, pos);
    out = copyTo(out, pairs, pairs + pairsLength);
    copied++;
    at = pos;
  }
  setResult(0, copied);
  setResult(1, out);
  return at;
}

function isOneOf(at: usize, length: usize, names: usize, count: u32): bool {
  for (let place = names; place < names + ((<usize>count) << 3); place += 8) {
    if (load<u32>(place + 4) === <u32>length && sameBytes(at, load<u32>(place), length)) {
      return true;
    }
  }
  return false;
}

/** Copies the bytes from `start` to `end`, sixteen at a time; returns where the copy ends. */
export function copyTo(to: usize, start: usize, end: usize): usize {
  const shift = to - start;
  for (let from = start; from < end; from += 16) {
    v128.store(from + shift, v128.load(from));
  }
  return end + shift;
}
