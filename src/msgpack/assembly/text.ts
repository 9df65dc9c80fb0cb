// What of a string cannot be copied as it is: escapes, and the mending of broken UTF-8. The specification is transcode.ts.

/** The bytes that cannot be copied have their highest bit set: C0, quote and backslash, and those that `highBits` asks for. */
export function specials(bytes: v128, highBits: v128): v128 {
  // With quote and space having changed places, quote and C0 differ from all else in one comparison.
  const control = i8x16.le_u(v128.xor(bytes, i8x16.splat(0x02)), i8x16.splat(0x20));
  return v128.or(v128.or(control, i8x16.eq(bytes, i8x16.splat(0x5c))), v128.and(bytes, highBits));
}

/**
 * Writes the bytes from `start` to `end` of a string, sixteen at a time: they are copied, and behind each one that is written otherwise the
 * rest of them once more. Returns where the text ends; 0 where not all of it begins before `limit`.
 */
export function writeSpecials(start: usize, end: usize, begin: usize, limit: usize, highBits: v128): usize {
  let at = start;
  let o = begin;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(o, bytes);
    let special = i8x16.bitmask(specials(bytes, highBits));
    const left = end - at;
    if (left < 16) {
      special &= (1 << (<i32>left)) - 1;
    }
    // One byte becomes at most six.
    if (o + left + 5 * popcnt(special) > limit) {
      return 0;
    }
    const base = at;
    while (special) {
      const place = base + <usize>ctz(special);
      o += place - at;
      at = place + 1;
      const byte: u32 = load<u8>(place);
      if (byte >= 0x80) {
        break;
      }
      const letter = escapeLetter(byte);
      if (letter) {
        store<u16>(o, <u16>(0x5c + (letter << 8)));
        o += 2;
      } else {
        store<u32>(o, 0x3030755c); // \u00
        store<u16>(o + 4, <u16>(0x30 + (byte >> 4) + (hexDigit(byte & 15) << 8)));
        o += 6;
      }
      v128.store(o, v128.load(at));
      special &= special - 1;
    }
    if (special) {
      // Characters outside ASCII, which follow each other.
      at--;
      do {
        if (o + (end - at) + 2 > limit) {
          return 0;
        }
        const size = characterLength(at, end);
        if (size > 0) {
          store<u32>(o, load<u32>(at));
          at += size;
          o += size;
        } else {
          store<u32>(o, 0x00bdbfef); // U+FFFD
          at -= size;
          o += 3;
        }
      } while (at < end && load<u8>(at) >= 0x80);
    } else {
      const next = left < 16 ? end : base + 16;
      o += next - at;
      at = next;
    }
  }
  return o;
}

/** The letter behind the backslash; 0 where there is none. */
function escapeLetter(byte: u32): u32 {
  if (byte === 0x22 || byte === 0x5c) {
    return byte;
  }
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

/** Writes the bytes from `start` to `end` as a string with its quotes. Returns where it ends; 0 where not all of it begins before `limit`. */
export function writeString(start: usize, end: usize, begin: usize, limit: usize, highBits: v128): usize {
  let at = start;
  let o = begin + 1;
  store<u8>(begin, 0x22);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(o, bytes);
    const clean = <usize>ctz(i8x16.bitmask(specials(bytes, highBits)) | 0x10000);
    if (at + clean >= end) {
      o += end - at;
      break;
    }
    at += clean;
    o += clean;
    if (clean < 16) {
      o = writeSpecials(at, end, o, limit, highBits);
      break;
    }
  }
  if (o === 0) {
    return 0;
  }
  store<u8>(o, 0x22);
  return o + 1;
}
