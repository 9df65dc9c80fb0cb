// Appends msgpack values of several bytes to growing bytes: strings, maps, times. Numbers are pack.ts.
import type { GrowingBytes } from './growing-bytes.ts';
import { packInteger, packMapHead, packStringHead } from './pack.ts';

/** Appends a str of the bytes from `start` to `stop`. */
export function appendString(out: GrowingBytes, content: Uint8Array, start = 0, stop = content.length): void {
  out.reserve(5);
  out.length = packStringHead(out.bytes, out.length, stop - start);
  out.append(content, start, stop);
}

/** Appends an integer; beyond 64 bits a float. */
export function appendInteger(out: GrowingBytes, value: number | bigint): void {
  out.reserve(9);
  if (value >= 0 && value < 128) {
    out.bytes[out.length++] = Number(value);
  } else {
    out.length = packInteger(out.bytes, out.length, value);
  }
}

/** Appends a bin. */
export function appendBinary(out: GrowingBytes, content: Uint8Array): void {
  const size = content.length < 0x100 ? 1 : content.length < 0x1_0000 ? 2 : 4;
  out.reserve(5);
  out.bytes[out.length] = size === 1 ? 0xc4 : size === 2 ? 0xc5 : 0xc6;
  for (let i = 1; i <= size; i++) {
    out.bytes[out.length + i] = content.length >>> ((size - i) * 8);
  }
  out.length += 1 + size;
  out.append(content);
}

/** Appends the head of a map. */
export function appendMapHead(out: GrowingBytes, pairs: number): void {
  out.reserve(5);
  out.length = packMapHead(out.bytes, out.length, pairs);
}

/** Appends the head of an array. */
export function appendArrayHead(out: GrowingBytes, length: number): void {
  out.reserve(5);
  if (length < 16) {
    out.bytes[out.length++] = 0x90 | length;
    return;
  }
  const size = length < 0x1_0000 ? 2 : 4;
  out.bytes[out.length++] = size === 2 ? 0xdc : 0xdd;
  for (let i = 1; i <= size; i++) {
    out.bytes[out.length++] = length >>> ((size - i) * 8);
  }
}

export function appendByte(out: GrowingBytes, byte: number): void {
  out.reserve(1);
  out.bytes[out.length++] = byte;
}

/** Appends an EventTime; an integer, without the fraction, where the seconds are outside what an EventTime can hold (1970 to 2106). */
export function appendTime(out: GrowingBytes, sec: number, nsec: number): void {
  out.reserve(10);
  const { bytes, length } = out;
  if (sec < 0 || sec > 0xffff_ffff) {
    out.length = packInteger(bytes, length, sec);
    return;
  }
  bytes[length] = 0xd7;
  bytes[length + 1] = 0;
  for (let i = 0; i < 4; i++) {
    bytes[length + 2 + i] = sec >>> (24 - i * 8);
    bytes[length + 6 + i] = nsec >>> (24 - i * 8);
  }
  out.length += 10;
}
