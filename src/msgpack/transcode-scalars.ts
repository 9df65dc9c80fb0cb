// The scalars of msgpack and of JSON, one at a time, for the transcoders. Room is checked by the caller.
import { writeInt64, writeInteger, writeUint64 } from './numbers.ts';
import { broken, type ReadView } from './view.ts';

/** Where the body of the ext at `at` begins. */
export function extBody(bytes: Uint8Array, at: number): number {
  const head = bytes[at] as number;
  return head >= 0xd4 ? at + 2 : at + 2 + (1 << (head - 0xc7));
}

/** The position behind the ext at `at`, or `broken`: cut, or of another type than 0. */
export function extSpan(from: ReadView, at: number): number {
  const { bytes, data, end } = from;
  const head = bytes[at] as number;
  const body = extBody(bytes, at);
  if (body > end || bytes[body - 1] !== 0) {
    return broken;
  }
  const size =
    head >= 0xd4
      ? 1 << (head - 0xd4)
      : head === 0xc7
        ? data.getUint8(at + 1)
        : head === 0xc8
          ? data.getUint16(at + 1)
          : data.getUint32(at + 1);
  return body + size > end ? broken : body + size;
}

/** Bytes of head and fixed body for 0xc0 to 0xdf (of ext only the head and the first byte behind it); 0 for 0xc1. */
export const headSizes = Uint8Array.of(
  ...[1, 0, 1, 1, 2, 3, 5, 2, 2, 2, 5, 9, 2, 3, 5, 9],
  ...[2, 3, 5, 9, 2, 2, 2, 2, 2, 2, 3, 5, 3, 5, 3, 5],
);

/** The tens and hundreds of a small integer. */
export function writeTens(dst: Uint8Array, at: number, value: number): number {
  let o = at;
  if (value >= 100) {
    dst[o++] = 49;
  }
  dst[o++] = 48 + (((value / 10) | 0) % 10);
  return o;
}

/** nil, false, true. */
export function writeWord(dst: Uint8Array, at: number, head: number): number {
  const text = head === 0xc0 ? 'null' : head === 0xc2 ? 'false' : 'true';
  for (let i = 0; i < text.length; i++) {
    dst[at + i] = text.charCodeAt(i);
  }
  return at + text.length;
}

/** The integers from uint8 (0xcc) to int64 (0xd3). */
export function writeNumber(dst: Uint8Array, o: number, head: number, data: DataView, body: number): number {
  switch (head) {
    case 0xcc:
      return writeInteger(dst, o, data.getUint8(body));
    case 0xcd:
      return writeInteger(dst, o, data.getUint16(body));
    case 0xce:
      return writeInteger(dst, o, data.getUint32(body));
    case 0xcf:
      return writeUint64(dst, o, data.getUint32(body), data.getUint32(body + 4));
    case 0xd0:
      return writeInteger(dst, o, data.getInt8(body));
    case 0xd1:
      return writeInteger(dst, o, data.getInt16(body));
    case 0xd2:
      return writeInteger(dst, o, data.getInt32(body));
    default:
      return writeInt64(dst, o, data.getInt32(body), data.getUint32(body + 4));
  }
}

/** `\u00XX`. */
export function writeEscape(dst: Uint8Array, o: number, byte: number): number {
  dst[o] = 92;
  dst[o + 1] = 117;
  dst[o + 2] = 48;
  dst[o + 3] = 48;
  dst[o + 4] = hex(byte >> 4);
  dst[o + 5] = hex(byte & 15);
  return o + 6;
}

function hex(digit: number): number {
  return digit < 10 ? 48 + digit : 87 + digit;
}

export function sameBytes(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (bytes[a + i] !== bytes[b + i]) {
      return false;
    }
  }
  return true;
}

/**
 * Copies the bytes from `at` to `stop` that need no escape in JSON, four at a time: up to a quote, a backslash, a control character, or a
 * byte with one of `highBits`. Returns how many it copied; where that is not all, one of the next four needs a look. May write three bytes
 * behind the copy.
 */
export function copyClean(
  data: DataView,
  start: number,
  stop: number,
  end: number,
  out: DataView,
  begin: number,
  highBits: number,
): number {
  let at = start;
  let o = begin;
  while (at + 4 <= stop) {
    const word = data.getInt32(at, true);
    if (isSpecial(word, highBits)) {
      return at - start;
    }
    out.setInt32(o, word, true);
    o += 4;
    at += 4;
  }
  if (at < stop && at + 4 <= end) {
    // The bytes of the last word that lie behind the string are made harmless, written, and overwritten by what follows.
    const mask = (1 << ((stop - at) << 3)) - 1;
    const word = (data.getInt32(at, true) & mask) | (0x30303030 & ~mask);
    if (!isSpecial(word, highBits)) {
      out.setInt32(o, word, true);
      at = stop;
    }
  }
  return at - start;
}

/** With quote and space having changed places, quote and C0 differ from all else in one subtraction. */
function isSpecial(word: number, highBits: number): boolean {
  const found = (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word & 0x80808080;
  return (found | (word & highBits)) !== 0;
}
