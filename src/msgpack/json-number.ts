// Numbers of JSON text become msgpack: integers keep their digits up to 64 bits. The grammar is RFC 8259; NaN and the infinities are Oj's.
import type { GrowingBytes } from './growing-bytes.ts';
import { packFloat } from './pack.ts';
import { appendInteger } from './pack-text.ts';

/** A number with more digits is refused: reading it would cost the square of them. */
const longestNumber = 400;

/** Appends the number that begins at `start`; returns where it ends, -1 where there is none. */
export function appendJsonNumber(
  json: Uint8Array,
  start: number,
  end: number,
  lenient: boolean,
  out: GrowingBytes,
): number {
  const negative = start < end && json[start] === 0x2d;
  const digits = negative ? start + 1 : start;
  let pos = digits;
  let value = 0;
  while (pos < end && isDigit(json[pos] as number)) {
    value = value * 10 + (json[pos++] as number) - 48;
  }
  if (pos === digits) {
    return lenient ? appendNotFinite(json, digits, end, negative, out) : -1;
  }
  if (json[digits] === 48 && pos > digits + 1) {
    return -1;
  }
  const next = pos < end ? (json[pos] as number) : 0;
  if (next === 0x2e || (next | 0x20) === 0x65) {
    return appendFloat(json, start, pos, end, out);
  }
  if (pos - digits > longestNumber) {
    return -1;
  }
  appendInteger(out, pos - digits > 15 ? BigInt(ascii(json, start, pos)) : negative ? -value : value);
  return pos;
}

/** Whether `word` (ASCII) stands there. */
export function standsAt(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (at + word.length > end) {
    return false;
  }
  for (let i = 0; i < word.length; i++) {
    if (bytes[at + i] !== word.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** `NaN`, `Infinity`, `-Infinity`. */
function appendNotFinite(json: Uint8Array, at: number, end: number, negative: boolean, out: GrowingBytes): number {
  out.reserve(9);
  if (standsAt(json, at, end, 'Infinity')) {
    out.length = packFloat(out.bytes, out.length, negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    return at + 8;
  }
  if (negative || !standsAt(json, at, end, 'NaN')) {
    return -1;
  }
  out.length = packFloat(out.bytes, out.length, Number.NaN);
  // The sign that Ruby's NaN has.
  out.bytes[out.length - 8] = 0xff;
  return at + 3;
}

/** From the point or the exponent at `from` on. */
function appendFloat(json: Uint8Array, start: number, from: number, end: number, out: GrowingBytes): number {
  let pos = from;
  if (json[pos] === 0x2e) {
    pos = digitsEnd(json, pos + 1, end);
  }
  if (pos > 0 && pos < end && ((json[pos] as number) | 0x20) === 0x65) {
    const sign = json[pos + 1] === 0x2b || json[pos + 1] === 0x2d ? 1 : 0;
    pos = digitsEnd(json, pos + 1 + sign, end);
  }
  if (pos < 0 || pos - start > longestNumber) {
    return -1;
  }
  out.reserve(9);
  out.length = packFloat(out.bytes, out.length, Number(ascii(json, start, pos)));
  return pos;
}

/** Where the digits from `at` on end; -1 where there are none. */
function digitsEnd(json: Uint8Array, at: number, end: number): number {
  let pos = at;
  while (pos < end && isDigit(json[pos] as number)) {
    pos++;
  }
  return pos === at ? -1 : pos;
}

function ascii(json: Uint8Array, start: number, end: number): string {
  return Buffer.from(json.buffer, json.byteOffset + start, end - start).toString('latin1');
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte < 58;
}
