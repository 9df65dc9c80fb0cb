// Writes single msgpack values in their shortest form. Room is the caller's business: at most 9 bytes for a number, 5 for a head.

/** The head of a str of `length` bytes; returns the position behind it. */
export function packStringHead(out: Uint8Array, at: number, length: number): number {
  if (length < 32) {
    out[at] = 0xa0 | length;
    return at + 1;
  }
  if (length < 0x100) {
    out[at] = 0xd9;
    out[at + 1] = length;
    return at + 2;
  }
  return length < 0x1_0000 ? packLength(out, at, 0xda, 2, length) : packLength(out, at, 0xdb, 4, length);
}

/** The head of a bin of `length` bytes. */
export function packBinaryHead(out: Uint8Array, at: number, length: number): number {
  if (length < 0x100) {
    out[at] = 0xc4;
    out[at + 1] = length;
    return at + 2;
  }
  return length < 0x1_0000 ? packLength(out, at, 0xc5, 2, length) : packLength(out, at, 0xc6, 4, length);
}

/** The head of a map of `length` pairs. */
export function packMapHead(out: Uint8Array, at: number, length: number): number {
  if (length < 16) {
    out[at] = 0x80 | length;
    return at + 1;
  }
  return length < 0x1_0000 ? packLength(out, at, 0xde, 2, length) : packLength(out, at, 0xdf, 4, length);
}

/** An integer; beyond 64 bits a float. */
export function packInteger(out: Uint8Array, at: number, value: number | bigint): number {
  const number = Number(value);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  if (!Number.isSafeInteger(number)) {
    if (!Number.isFinite(number)) {
      // Of hundreds of digits, which is more than a float can be.
      return packFloat(out, at, number);
    }
    return packLarge(view, at, BigInt(value));
  }
  if (number < 0) {
    return packNegative(view, at, number);
  }
  if (number > 0xffff_ffff) {
    return packUint64(out, at, Math.floor(number / 4_294_967_296), number % 4_294_967_296);
  }
  if (number < 0x80) {
    out[at] = number;
    return at + 1;
  }
  const size = number < 0x100 ? 1 : number < 0x1_0000 ? 2 : 4;
  out[at] = size === 1 ? 0xcc : size === 2 ? 0xcd : 0xce;
  for (let i = size, rest = number; i > 0; i--, rest = Math.floor(rest / 256)) {
    out[at + i] = rest & 0xff;
  }
  return at + 1 + size;
}

/** An unsigned 64-bit number from its halves. */
export function packUint64(out: Uint8Array, at: number, high: number, low: number): number {
  out[at] = 0xcf;
  for (let i = 0; i < 4; i++) {
    out[at + 1 + i] = high >>> (24 - i * 8);
    out[at + 5 + i] = low >>> (24 - i * 8);
  }
  return at + 9;
}

export function packFloat(out: Uint8Array, at: number, value: number): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  view.setUint8(at, 0xcb);
  view.setFloat64(at + 1, value);
  return at + 9;
}

function packNegative(view: DataView, at: number, value: number): number {
  if (value >= -32) {
    view.setInt8(at, value);
    return at + 1;
  }
  if (value >= -0x80) {
    view.setUint8(at, 0xd0);
    view.setInt8(at + 1, value);
    return at + 2;
  }
  if (value >= -0x8000) {
    view.setUint8(at, 0xd1);
    view.setInt16(at + 1, value);
    return at + 3;
  }
  if (value >= -0x8000_0000) {
    view.setUint8(at, 0xd2);
    view.setInt32(at + 1, value);
    return at + 5;
  }
  return packLarge(view, at, BigInt(value));
}

function packLarge(view: DataView, at: number, value: bigint): number {
  const fits = value < 0n ? BigInt.asIntN(64, value) === value : BigInt.asUintN(64, value) === value;
  view.setUint8(at, fits ? (value < 0n ? 0xd3 : 0xcf) : 0xcb);
  if (!fits) {
    view.setFloat64(at + 1, Number(value));
  } else if (value < 0n) {
    view.setBigInt64(at + 1, value);
  } else {
    view.setBigUint64(at + 1, value);
  }
  return at + 9;
}

/** `size` is how many bytes the length has. */
function packLength(out: Uint8Array, at: number, head: number, size: 2 | 4, length: number): number {
  out[at] = head;
  for (let i = 0; i < size; i++) {
    out[at + 1 + i] = length >>> ((size - 1 - i) * 8);
  }
  return at + 1 + size;
}
