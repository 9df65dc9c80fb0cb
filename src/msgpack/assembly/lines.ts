// Events to lines of text: a head (time, tag), the record as JSON, a newline. One flat function, since V8 keeps its cursors in registers
// then. The specification is transcode.ts and plugin/lines.ts; whatever is not the usual is left to them, event by event.
import { setResult } from './frame';
import { writeDigits, writeFloat, writeSigned, writeUnsigned } from './numbers';

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

const maxDepth: u32 = 512;
/** Keys of the open maps that are compared with each other. */
const maxKeys: u32 = 128;

/** For each open map or array: what is left of the outer one, its first key, whether it is a map. */
const stack: usize = memory.data(512 * 12, 16);
/** For each key: a word made of its bytes, where it is, its length. */
const keyWords: usize = memory.data(132 * 4, 16);
const keyPlaces: usize = memory.data(128 * 8, 16);

/**
 * Writes the events from `start` to `end` as lines from `begin` on, none of which begins behind `limit`; up to 64 bytes behind that may be
 * overwritten. `head` are `headLength` bytes that precede each record; of them `patchCount` pairs at `patches` say where digits change from
 * event to event, and how many of the nanoseconds stand there, or 0 for two of the second. The head is that of the seconds from
 * `firstSecond` to before `lastSecond`.
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
  let shownSecond: u32 = 0;
  let shownFraction: u32 = 0xffffffff;
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
    let o = line;
    if (o + headLength > limit) {
      return stop(event, line, full);
    }
    if (flags & withTime) {
      if (second < firstSecond || second >= lastSecond || fraction >= 1000000000) {
        return stop(event, line, otherTime);
      }
      if (fraction !== shownFraction || second !== shownSecond) {
        patch(head, patches, patchCount, second, fraction);
        shownSecond = second;
        shownFraction = fraction;
      }
    }
    for (let i: usize = 0; i < headLength; i += 16) {
      v128.store(o + i, v128.load(head + i));
    }
    o += headLength;

    let depth: u32 = 0;
    let left: u32 = 1;
    let inMap = false;
    let isKey = false;
    let firstKey: u32 = 0;
    let keys: u32 = 0;
    for (;;) {
      if (at >= end) {
        return stop(event, line, unusual);
      }
      if (o > limit) {
        return stop(event, line, full);
      }
      const type: u32 = load<u8>(at);
      let length: usize = 0;
      let isString = true;
      if (type - 0xa0 < 0x20) {
        length = type & 0x1f;
        at += 1;
      } else if (type === 0xd9 || type === 0xc4) {
        length = load<u8>(at + 1);
        at += 2;
      } else if (type === 0xda || type === 0xc5) {
        length = <usize>bswap(load<u16>(at + 1));
        at += 3;
      } else if (type === 0xdb || type === 0xc6) {
        length = bswap(load<u32>(at + 1));
        at += 5;
      } else {
        isString = false;
      }
      if (isString) {
        if (at > end || length > end - at) {
          return stop(event, line, unusual);
        }
        if (length > limit - o) {
          return stop(event, line, full);
        }
        const last = at + length;
        if (isKey) {
          // Two keys of one map that are the same go the slow way.
          const word = keyWord(at, length);
          for (let i = firstKey; i < keys; i += 4) {
            let same = i32x4.bitmask(i32x4.eq(v128.load(keyWords + (i << 2)), i32x4.splat(word)));
            if (keys - i < 4) {
              same &= (1 << (keys - i)) - 1;
            }
            while (same) {
              const other = keyPlaces + ((i + ctz(same)) << 3);
              if (load<u32>(other + 4) === <u32>length && sameBytes(load<u32>(other), at, length)) {
                return stop(event, line, unusual);
              }
              same &= same - 1;
            }
          }
          store<u32>(keyWords + (keys << 2), word);
          store<u32>(keyPlaces + (keys << 3), <u32>at);
          store<u32>(keyPlaces + (keys << 3) + 4, <u32>length);
          keys++;
        }
        store<u8>(o++, 0x22);
        for (;;) {
          // Sixteen bytes a step, copied first and looked at then; of the last step what lies behind the string is not looked at.
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
            const rest = <i32>(last - at);
            if (rest === 0) {
              break;
            }
            const bytes = v128.load(at);
            v128.store(o, bytes);
            special = i8x16.bitmask(specials(bytes, highBits)) & ((1 << rest) - 1);
            if (special === 0) {
              o += rest;
              at = last;
              break;
            }
          }
          const clean = <usize>ctz(special);
          at += clean;
          o += clean;
          // One byte becomes at most six.
          if (o + (last - at) + 8 > limit) {
            return stop(event, line, full);
          }
          const byte: u32 = load<u8>(at);
          if (byte < 0x80) {
            const letter = escapeLetter(byte);
            if (letter) {
              store<u16>(o, <u16>(0x5c + (letter << 8)));
              o += 2;
            } else {
              store<u32>(o, 0x3030755c); // \u00
              store<u16>(o + 4, <u16>(0x30 + (byte >> 4) + (hexDigit(byte & 15) << 8)));
              o += 6;
            }
            at++;
            continue;
          }
          // Characters outside ASCII, as many as follow each other.
          do {
            const size = characterLength(at, last);
            if (size > 0) {
              store<u32>(o, load<u32>(at));
              at += size;
              o += size;
            } else {
              if (o + (last - at) + 8 > limit) {
                return stop(event, line, full);
              }
              store<u32>(o, 0x00bdbfef); // U+FFFD
              at -= size;
              o += 3;
            }
          } while (at < last && load<u8>(at) >= 0x80);
        }
        store<u8>(o++, 0x22);
        if (isKey) {
          store<u8>(o++, 0x3a);
          isKey = false;
          continue;
        }
      } else if (isKey) {
        return stop(event, line, unusual);
      } else if (type < 0x80) {
        o = writeUnsigned(o, type);
        at++;
      } else if (type < 0xa0 || (type >= 0xdc && type <= 0xdf)) {
        const isMap = type < 0x90 || (type & 0xfe) === 0xde;
        let children = type & 0x0f;
        if (type >= 0xdc) {
          children = type & 1 ? bswap(load<u32>(at + 1)) : <u32>bswap(load<u16>(at + 1));
          at += type & 1 ? 4 : 2;
        }
        at++;
        if (at > end || <usize>children > end - at) {
          return stop(event, line, unusual);
        }
        store<u8>(o++, isMap ? 0x7b : 0x5b);
        if (children > 0) {
          if (depth === maxDepth || (isMap && keys + children > maxKeys)) {
            return stop(event, line, unusual);
          }
          const outer = stack + depth * 12;
          store<u32>(outer, left);
          store<u32>(outer + 4, firstKey);
          store<u32>(outer + 8, inMap ? 1 : 0);
          depth++;
          left = children;
          inMap = isMap;
          isKey = isMap;
          firstKey = keys;
          continue;
        }
        store<u8>(o++, isMap ? 0x7d : 0x5d);
      } else if (type >= 0xe0) {
        o = writeSigned(o, <i64>type - 256);
        at++;
      } else if (type <= 0xc3) {
        if (type === 0xc2) {
          store<u64>(o, 0x65736c6166); // false
          o += 5;
        } else if (type !== 0xc1) {
          store<u32>(o, type === 0xc0 ? 0x6c6c756e : 0x65757274); // null, true
          o += 4;
        } else {
          return stop(event, line, unusual);
        }
        at++;
      } else if (type >= 0xca && type <= 0xd3) {
        const size: usize = type < 0xcc ? 4 << (type & 1) : 1 << (type & 3);
        if (size >= end - at) {
          return stop(event, line, unusual);
        }
        const body = at + 1;
        at = body + size;
        if (type < 0xcc) {
          const value =
            type === 0xcb ? reinterpret<f64>(bswap(load<u64>(body))) : <f64>reinterpret<f32>(bswap(load<u32>(body)));
          o = writeFloat(o, value, !(flags & rubyDialect));
          if (o === 0) {
            return stop(event, line, unusual);
          }
        } else if (type <= 0xcf) {
          const value: u64 =
            type === 0xcc
              ? load<u8>(body)
              : type === 0xcd
                ? bswap(load<u16>(body))
                : type === 0xce
                  ? bswap(load<u32>(body))
                  : bswap(load<u64>(body));
          o = writeUnsigned(o, value);
        } else {
          const value: i64 =
            type === 0xd0
              ? load<i8>(body)
              : type === 0xd1
                ? <i64>(<i16>bswap(load<u16>(body)))
                : type === 0xd2
                  ? <i64>(<i32>bswap(load<u32>(body)))
                  : <i64>bswap(load<u64>(body));
          o = writeSigned(o, value);
        }
      } else if (type === 0xd7 && end - at >= 10 && load<u8>(at + 1) === 0) {
        o = writeUnsigned(o, bswap(load<u32>(at + 2))); // an EventTime: its seconds
        at += 10;
      } else {
        return stop(event, line, unusual);
      }

      left--;
      while (left === 0 && depth > 0) {
        if (o > limit) {
          return stop(event, line, full);
        }
        store<u8>(o++, inMap ? 0x7d : 0x5d);
        depth--;
        keys = firstKey;
        const outer = stack + depth * 12;
        left = load<u32>(outer) - 1;
        firstKey = load<u32>(outer + 4);
        inMap = load<u32>(outer + 8) !== 0;
      }
      if (left === 0) {
        break;
      }
      store<u8>(o++, 0x2c);
      isKey = inMap;
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

function patch(head: usize, patches: usize, count: i32, second: u32, fraction: u32): void {
  for (let i = 0; i < count; i++) {
    const place = head + load<u32>(patches + (i << 3));
    const digits = load<i32>(patches + (i << 3) + 4);
    if (digits === 0) {
      writeDigits(place, second % 60, 2);
    } else {
      let shown = fraction;
      for (let left = digits; left < 9; left++) {
        shown /= 10;
      }
      writeDigits(place, shown, digits);
    }
  }
}

/** The bytes that cannot be copied have their highest bit set: C0, quote and backslash, and those that `highBits` asks for. */
function specials(bytes: v128, highBits: v128): v128 {
  // With quote and space having changed places, quote and C0 differ from all else in one comparison.
  const control = i8x16.le_u(v128.xor(bytes, i8x16.splat(0x02)), i8x16.splat(0x20));
  return v128.or(v128.or(control, i8x16.eq(bytes, i8x16.splat(0x5c))), v128.and(bytes, highBits));
}

/** The letter behind the backslash; 0 where there is none. */
function escapeLetter(byte: u32): u32 {
  switch (byte) {
    case 0x08:
      return 0x62;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0c:
      return 0x66;
    case 0x0d:
      return 0x72;
    case 0x22:
    case 0x5c:
      return byte;
    default:
      return 0;
  }
}

function hexDigit(digit: u32): u32 {
  return digit < 10 ? 0x30 + digit : 0x57 + digit;
}

/** Bytes of a valid character, or the negative number of bytes that one U+FFFD stands for: utf8Length of transcode-utf8.ts. */
function characterLength(at: usize, end: usize): i32 {
  const lead: u32 = load<u8>(at);
  if (lead < 0xc2 || lead > 0xf4) {
    return -1;
  }
  const length: usize = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i: usize = 1; i < length; i++) {
    const byte: u32 = at + i < end ? load<u8>(at + i) : 0;
    let low: u32 = 0x80;
    let high: u32 = 0xbf;
    if (i === 1) {
      low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    }
    if (byte < low || byte > high) {
      return -(<i32>i);
    }
  }
  return <i32>length;
}

/** A word that tells keys apart mostly: their length, their first, middle and last bytes. */
function keyWord(at: usize, length: usize): u32 {
  if (length < 4) {
    return (load<u32>(at) & ((1 << ((<u32>length) << 3)) - 1)) + ((<u32>length) << 24);
  }
  const middle = load<u32>(at + (length >> 1) - 2);
  return (
    (rotl(load<u32>(at), 7) * 0x9e3779b1) ^ (rotl(middle, 15) * 0x85ebca77) ^ (load<u32>(at + length - 4) + <u32>length)
  );
}

function sameBytes(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(a + i), v128.load(b + i)))) {
      return false;
    }
  }
  const left = <i32>(length - i);
  const rest = (1 << left) - 1;
  return (i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))) & rest) === rest;
}
