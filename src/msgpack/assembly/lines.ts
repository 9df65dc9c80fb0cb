// Events to lines of text: a head (time, tag), the record as JSON, a newline. One flat function with few cursors and few calls, since V8
// keeps them in registers then. The specification is transcode.ts and plugin/lines.ts; whatever is not the usual is left to them, event by
// event.
import { frame, setResult } from './frame';
import {
  firstKept,
  keptMap,
  keptRest,
  keptSent,
  keptSize,
  keptText,
  keptTextLength,
  keptWord,
  keyPlaces,
  keyWords,
  maxKeys,
  newKey,
} from './keys';
import { eightDigits, writeDigits } from './numbers';
import { writeScalar } from './scalars';
import { specials, writeSpecials, writeString } from './text';

/** Why it stopped, beside the end: the area is full, the time is outside the head's range, the event is not one that is written here. */
const done: usize = 0;
const full: usize = 1;
const otherTime: usize = 2;
const unusual: usize = 3;

/** What `flags` are made of. */
const withNewline: u32 = 1;
const rubyDialect: u32 = 2;
/** The head begins with a time. */
const withTime: u32 = 4;

/** For each open map or array: what is left of the outer one, whether that is a map, its own first key, the place that is kept at. */
const stack: usize = memory.data(513 * 16, 16);
const stackEnd: usize = stack + 512 * 16;

/**
 * Writes the events from `start` to `end` as lines from `begin` on, none of which begins behind `limit`; up to 64 bytes behind that may be
 * overwritten. `head` are `headLength` bytes that precede each record; of them `patchCount` pairs at `patches` say where digits change from
 * event to event, and how many of the nanoseconds stand there (zeros in the head), or 0 for two of the second. The head is that of the
 * seconds from `firstSecond` to before `lastSecond`.
 *
 * Returns where the next event begins. Result 0 is why it stopped there, result 1 where the text ends.
 */
export function lines(
  start: usize,
  end: usize,
  begin: usize,
  limit: usize,
  head: usize,
  headLength: usize,
  patches: usize,
  patchCount: i32,
  firstSecond: u32,
  lastSecond: u32,
  flags: u32,
): usize {
  const highBits = i8x16.splat(flags & rubyDialect ? -128 : 0);
  let event = start;
  let line = begin;
  while (event < end) {
    // The time, in one of its two usual forms.
    let second: u32 = 0;
    let fraction: u32 = 0;
    let at = event;
    if (end - at >= 12 && load<u32>(at) << 8 === 0x00d79200) {
      second = bswap(load<u32>(at + 3));
      fraction = bswap(load<u32>(at + 7));
      at += 11;
    } else if (end - at >= 7 && load<u16>(at) === 0xce92) {
      second = bswap(load<u32>(at + 2));
      at += 6;
    } else {
      return stop(event, line, unusual);
    }
    if (line + headLength > limit) {
      return stop(event, line, full);
    }
    if (flags & withTime && (second < firstSecond || second >= lastSecond || fraction >= 1000000000)) {
      return stop(event, line, otherTime);
    }
    for (let i: usize = 0; i < headLength; i += 16) {
      v128.store(line + i, v128.load(head + i));
    }
    for (let i = 0; i < patchCount; i++) {
      const place = line + load<u32>(patches + (i << 3));
      const digits = load<i32>(patches + (i << 3) + 4);
      if (digits === 0) {
        writeDigits(place, second % 60, 2);
      } else if (fraction > 0) {
        writeFraction(place, fraction, digits);
      }
    }

    let o = line + headLength;
    let top = stack;
    let left: u32 = 1;
    let inMap = false;
    let keys: u32 = 0;
    let kept = firstKept(load<u8>(at));
    /** Whether all keys were the kept ones so far. */
    let repeats = true;
    for (;;) {
      if (o > limit) {
        return stop(event, line, full);
      }
      if (inMap) {
        const same =
          i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(kept))) |
          (i8x16.bitmask(i8x16.eq(v128.load(at, 16), v128.load(kept, 16))) << 16);
        if ((same | load<i32>(kept, keptRest)) === -1 && repeats && load<u32>(kept, keptMap) === load<u32>(top, 12)) {
          v128.store(o, v128.load(kept, keptText));
          v128.store(o, v128.load(kept, keptText + 16), 16);
          v128.store(o, v128.load(kept, keptText + 32), 32);
          store<u32>(keyWords + (keys << 2), load<u32>(kept, keptWord));
          store<u32>(keyPlaces + (keys << 3), <u32>(at + 1));
          store<u32>(keyPlaces + (keys << 3) + 4, <u32>load<u16>(kept, keptSent) - 1);
          at += load<u16>(kept, keptSent);
          o += load<u16>(kept, keptTextLength);
          kept += keptSize;
        } else {
          if (at >= end) {
            return stop(event, line, unusual);
          }
          const from = at;
          const length = stringLength(at);
          at += headLengthOf(load<u8>(at));
          if (from === at || at > end || length > end - at) {
            return stop(event, line, unusual);
          }
          if (length > limit - o) {
            return stop(event, line, full);
          }
          kept = newKey(at, length, load<u32>(top, 8), keys, kept, load<u32>(top, 12));
          if (kept === 0) {
            return stop(event, line, unusual);
          }
          repeats = false;
          o = writeString(at, at + length, o, limit, highBits);
          if (o === 0 || o > limit) {
            return stop(event, line, full);
          }
          store<u8>(o++, 0x3a);
          at += length;
        }
        keys++;
        if (o > limit) {
          return stop(event, line, full);
        }
      }
      if (at >= end) {
        return stop(event, line, unusual);
      }

      const type: u32 = load<u8>(at);
      let length: usize = type & 0x1f;
      const headSize: usize = type - 0xa0 < 0x20 ? 1 : headLengthOf(type);
      if (headSize > 0) {
        if (headSize > 1) {
          length = stringLength(at);
        }
        at += headSize;
        if (at > end || length > end - at) {
          return stop(event, line, unusual);
        }
        if (length > limit - o) {
          return stop(event, line, full);
        }
        store<u8>(o++, 0x22);
        // Sixteen bytes a step, copied first and looked at then; of the last step what lies behind the string is not looked at.
        const last = at + length;
        let special: i32 = 0;
        while (at + 16 <= last) {
          const bytes = v128.load(at);
          v128.store(o, bytes);
          special = i8x16.bitmask(specials(bytes, highBits));
          if (special) {
            break;
          }
          at += 16;
          o += 16;
        }
        if (special === 0) {
          const bytes = v128.load(at);
          v128.store(o, bytes);
          const rest = <i32>(last - at);
          special = i8x16.bitmask(specials(bytes, highBits)) & ((1 << rest) - 1);
        }
        if (special) {
          const clean = <usize>ctz(special);
          o = writeSpecials(at + clean, last, o + clean, limit, highBits);
          if (o === 0) {
            return stop(event, line, full);
          }
        } else {
          o += last - at;
        }
        at = last;
        store<u8>(o++, 0x22);
      } else if (type - 0x80 < 0x20 || type - 0xdc < 4) {
        const isMap = type < 0x90 || type >= 0xde;
        let children = type & 0x0f;
        if (type >= 0xdc) {
          children = type & 1 ? bswap(load<u32>(at + 1)) : <u32>bswap(load<u16>(at + 1));
          at += type & 1 ? 4 : 2;
        }
        at++;
        if (at > end || <usize>children > end - at) {
          return stop(event, line, unusual);
        }
        store<u16>(o, isMap ? 0x7d7b : 0x5d5b); // both brackets
        if (children > 0) {
          if (top === stackEnd || (isMap && keys + children > maxKeys)) {
            return stop(event, line, unusual);
          }
          top += 16;
          store<u32>(top, left);
          store<u32>(top, inMap ? 1 : 0, 4);
          store<u32>(top, keys, 8);
          store<u32>(top, <u32>kept, 12);
          left = children;
          inMap = isMap;
          o++;
          continue;
        }
        o += 2;
      } else if (type < 0x80) {
        const tens = (type * 103) >> 10;
        if (type < 10) {
          store<u8>(o++, <u8>(0x30 + type));
        } else if (type < 100) {
          store<u16>(o, <u16>(0x3030 + tens + ((type - tens * 10) << 8)));
          o += 2;
        } else {
          store<u32>(o, 0x303031 + ((tens - 10) << 8) + ((type - tens * 10) << 16));
          o += 3;
        }
        at++;
      } else {
        o = writeScalar(at, end, o, !(flags & rubyDialect));
        if (o === 0) {
          return stop(event, line, unusual);
        }
        at = load<u32>(frame + 8);
      }

      left--;
      while (left === 0 && top !== stack) {
        if (o > limit) {
          return stop(event, line, full);
        }
        store<u8>(o++, inMap ? 0x7d : 0x5d);
        left = load<u32>(top) - 1;
        inMap = load<u32>(top, 4) !== 0;
        keys = load<u32>(top, 8);
        top -= 16;
      }
      if (left === 0) {
        break;
      }
      store<u8>(o++, 0x2c);
    }
    if (o > limit) {
      return stop(event, line, full);
    }
    if (flags & withNewline) {
      store<u8>(o++, 0x0a);
    }
    event = at;
    line = o;
  }
  return stop(event, line, done);
}

function stop(event: usize, line: usize, why: usize): usize {
  setResult(0, why);
  setResult(1, line);
  return event;
}

/** Bytes of the head of a string (str or bin); 0 where it is none. */
function headLengthOf(type: u32): usize {
  if (type - 0xa0 < 0x20) {
    return 1;
  }
  if (type === 0xd9 || type === 0xc4) {
    return 2;
  }
  if (type === 0xda || type === 0xc5) {
    return 3;
  }
  return type === 0xdb || type === 0xc6 ? 5 : 0;
}

/** The length of the string whose head is at `at`. */
function stringLength(at: usize): usize {
  const type: u32 = load<u8>(at);
  if (type - 0xa0 < 0x20) {
    return type & 0x1f;
  }
  if (type === 0xd9 || type === 0xc4) {
    return load<u8>(at + 1);
  }
  return type === 0xda || type === 0xc5 ? <usize>bswap(load<u16>(at + 1)) : bswap(load<u32>(at + 1));
}

/** The first `digits` of nine. */
function writeFraction(at: usize, nanoseconds: u32, digits: i32): void {
  if (digits === 9) {
    const eight = nanoseconds / 10;
    store<u64>(at, eightDigits(eight));
    store<u8>(at + 8, <u8>(0x30 + (nanoseconds - eight * 10)));
    return;
  }
  let shown = nanoseconds;
  for (let left = digits; left < 9; left++) {
    shown /= 10;
  }
  writeDigits(at, shown, digits);
}
