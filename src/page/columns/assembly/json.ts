// The level that a line names which is a JSON object, read without making it: checks all of it, as JSON.parse would.
import { nameLevel } from './names';

const ask = 254;
const invalid = 253;
const deepest = 63;

// What comes next.
const value = 0;
const firstValue = 1;
const firstKey = 2;
const key = 3;
const colon = 4;
const after = 5;

/** Whether the string that was read last has escapes or signs outside ASCII. */
let isPlain = true;

export function jsonLevel(start: usize, end: usize): i32 {
  let at = start;
  let depth = 0;
  let objects: u64 = 0;
  let next = value;
  let level = 0;
  let seen = false;
  let atLevel = false;
  while (true) {
    while (at < end && isSpace(load<u8>(at))) {
      at++;
    }
    if (next === after && depth === 0) {
      return at === end ? level : invalid;
    }
    if (at >= end) {
      return invalid;
    }
    const byte: u32 = load<u8>(at);
    if (next === after) {
      const isObject = ((objects >> depth) & 1) !== 0;
      if (byte === 0x2c) {
        next = isObject ? key : value;
      } else if (byte === (isObject ? 0x7d : 0x5d)) {
        depth--;
      } else {
        return invalid;
      }
      at++;
    } else if (next === colon) {
      if (byte !== 0x3a) {
        return invalid;
      }
      at++;
      next = value;
    } else if (next === key || next === firstKey) {
      if (byte === 0x7d && next === firstKey) {
        depth--;
        at++;
        next = after;
        continue;
      }
      const behind = byte === 0x22 ? stringEnd(at, end) : 0;
      if (behind === 0) {
        return invalid;
      }
      if (depth === 1) {
        if (!isPlain && hasEscape(at, behind)) {
          return ask;
        }
        if (isLevelKey(at + 1, behind - at - 2)) {
          if (seen) {
            return ask;
          }
          seen = true;
          atLevel = true;
        }
      }
      at = behind;
      next = colon;
    } else if (byte === 0x5d && next === firstValue) {
      depth--;
      at++;
      next = after;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === deepest || (atLevel && depth === 1)) {
        return ask;
      }
      depth++;
      const bit = (<u64>1) << depth;
      objects = byte === 0x7b ? objects | bit : objects & ~bit;
      next = byte === 0x7b ? firstKey : firstValue;
      at++;
    } else {
      const behind = byte === 0x22 ? stringEnd(at, end) : scalarEnd(at, end, byte);
      if (behind === 0) {
        return invalid;
      }
      if (atLevel) {
        atLevel = false;
        level =
          byte === 0x22 ? (isPlain ? levelOf(at + 1, behind - 1) : ask) : byte < 0x3a ? numberLevel(at, behind) : 0;
        if (level === ask) {
          return ask;
        }
      }
      at = behind;
      next = after;
    }
  }
}

function isSpace(byte: u32): bool {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Behind the string that begins at `at`; 0 where it is none. */
function stringEnd(at: usize, end: usize): usize {
  isPlain = true;
  let n = at + 1;
  while (n < end) {
    const byte: u32 = load<u8>(n++);
    if (byte === 0x22) {
      return n;
    }
    if (byte < 0x20) {
      return 0;
    }
    if (byte >= 0x80) {
      isPlain = false;
    } else if (byte === 0x5c) {
      isPlain = false;
      if (n >= end) {
        return 0;
      }
      const escaped: u32 = load<u8>(n++);
      if (escaped === 0x75) {
        if (end - n < 4) {
          return 0;
        }
        for (let m: usize = 0; m < 4; m++) {
          if (!isHex(load<u8>(n + m))) {
            return 0;
          }
        }
        n += 4;
      } else if (!isEscape(escaped)) {
        return 0;
      }
    }
  }
  return 0;
}

/** One of " \ / b f n r t. */
function isEscape(byte: u32): bool {
  return (
    byte === 0x22 ||
    byte === 0x5c ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  );
}

function isHex(byte: u32): bool {
  return byte - 48 < 10 || (byte | 0x20) - 97 < 6;
}

function hasEscape(at: usize, end: usize): bool {
  for (let n = at; n < end; n++) {
    if (load<u8>(n) === 0x5c) {
      return true;
    }
  }
  return false;
}

/** Behind a number, true, false or null; 0 where it is none. */
function scalarEnd(at: usize, end: usize, byte: u32): usize {
  if (byte === 0x74) {
    return end - at >= 4 && load<u32>(at) === 0x65757274 ? at + 4 : 0;
  }
  if (byte === 0x66) {
    return end - at >= 5 && load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0;
  }
  if (byte === 0x6e) {
    return end - at >= 4 && load<u32>(at) === 0x6c6c756e ? at + 4 : 0;
  }
  let n = byte === 0x2d ? at + 1 : at;
  if (n >= end || !isDigit(load<u8>(n))) {
    return 0;
  }
  n = load<u8>(n) === 0x30 ? n + 1 : digits(n, end);
  if (n < end && load<u8>(n) === 0x2e) {
    const fraction = digits(n + 1, end);
    if (fraction === n + 1) {
      return 0;
    }
    n = fraction;
  }
  if (n < end && (load<u8>(n) | 0x20) === 0x65) {
    n++;
    if (n < end && (load<u8>(n) === 0x2b || load<u8>(n) === 0x2d)) {
      n++;
    }
    const exponent = digits(n, end);
    return exponent === n ? 0 : exponent;
  }
  return n;
}

function digits(at: usize, end: usize): usize {
  let n = at;
  while (n < end && isDigit(load<u8>(n))) {
    n++;
  }
  return n;
}

function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** level, severity, lvl, loglevel, priority. */
function isLevelKey(at: usize, size: usize): bool {
  return (
    (size === 5 && is(at, 0x6576656c, 4) && is(at + 4, 0x6c, 1)) ||
    (size === 3 && is(at, 0x6c766c, 3)) ||
    (size === 8 &&
      ((is(at, 0x65766573, 4) && is(at + 4, 0x79746972, 4)) ||
        (is(at, 0x6c676f6c, 4) && is(at + 4, 0x6c657665, 4)) ||
        (is(at, 0x6f697270, 4) && is(at + 4, 0x79746972, 4))))
  );
}

function is(at: usize, letters: u32, size: u32): bool {
  for (let n: u32 = 0; n < size; n++) {
    if ((<u32>load<u8>(at + n) | 0x20) !== ((letters >> (n << 3)) & 0xff)) {
      return false;
    }
  }
  return true;
}

/** Of a string's bytes, without its quotes. */
function levelOf(from: usize, to: usize): i32 {
  let at = from;
  let end = to;
  while (at < end && load<u8>(at) === 0x20) {
    at++;
  }
  while (end > at && load<u8>(end - 1) === 0x20) {
    end--;
  }
  return end > at && isDigit(load<u8>(at)) ? numberLevel(at, end) : end > at ? nameLevel(at, end - at) : 0;
}

/** 10 to 60 as pino and bunyan count, 0 to 7 as syslog does. */
function numberLevel(at: usize, end: usize): i32 {
  const size = end - at;
  for (let n = at; n < end; n++) {
    if (!isDigit(load<u8>(n))) {
      // 3e1 is a number too.
      return ask;
    }
  }
  if (size > 2) {
    return 0;
  }
  const first: i32 = <i32>load<u8>(at) - 48;
  if (size === 2) {
    // A string may be "07".
    return first === 0 ? syslogLevel(<i32>load<u8>(at + 1) - 48) : first <= 6 ? first : 0;
  }
  return syslogLevel(first);
}

function syslogLevel(value: i32): i32 {
  return value <= 2 ? 6 : value === 3 ? 5 : value === 4 ? 4 : value <= 6 ? 3 : value === 7 ? 2 : 0;
}
