// Numbers as decimal text. What numbers.ts and json-dialects.ts of the TypeScript side write is the specification; a float that needs more
// than fifteen digits is left to it.

/** Writes a whole number; returns the position behind it. */
export function writeUnsigned(at: usize, value: u64): usize {
  if (value < 100000000) {
    const small = <u32>value;
    const length = digitsOf(small);
    writeDigits(at, small, length);
    return at + length;
  }
  const high = value / 100000000;
  const next = writeUnsigned(at, high);
  writeDigits(next, <u32>(value - high * 100000000), 8);
  return next + 8;
}

export function writeSigned(at: usize, value: i64): usize {
  if (value >= 0) {
    return writeUnsigned(at, <u64>value);
  }
  store<u8>(at, 0x2d);
  return writeUnsigned(at + 1, 0 - <u64>value);
}

/** Writes exactly `length` digits, with zeros in front. */
export function writeDigits(at: usize, value: u32, length: i32): void {
  let rest = value;
  let pos = at + length;
  while (pos >= at + 2) {
    const next = rest / 100;
    const two = rest - next * 100;
    const tens = (two * 103) >> 10;
    pos -= 2;
    store<u16>(pos, <u16>(0x3030 + tens + ((two - tens * 10) << 8)));
    rest = next;
  }
  if (pos > at) {
    store<u8>(at, <u8>(0x30 + (rest % 10)));
  }
}

function digitsOf(value: u32): i32 {
  if (value < 10000) {
    return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  }
  return value < 1000000 ? (value < 100000 ? 5 : 6) : value < 10000000 ? 7 : 8;
}

/**
 * Writes a float as Ruby does, or as Oj does; returns the position behind it, or 0 where that takes more than fifteen digits or an
 * exponent. A decimal of up to fifteen digits that reads back as the number is the shortest one, and there is only one.
 */
export function writeFloat(at: usize, value: f64, oj: bool): usize {
  const size = abs(value);
  if (!(size < 1e15)) {
    return 0;
  }
  if (size === nearest(size)) {
    // Oj has no negative zero.
    const negative = value < 0 || (!oj && reinterpret<i64>(value) < 0);
    let out = at;
    if (negative) {
      store<u8>(out++, 0x2d);
    }
    out = writeUnsigned(out, <u64>size);
    store<u16>(out, 0x302e); // .0
    return out + 2;
  }
  if (size < 1e-4) {
    return 0;
  }
  let scale: f64 = 1;
  for (let digits = 1; digits <= 18; digits++) {
    scale *= 10;
    const scaled = nearest(size * scale);
    if (scaled >= 1e15) {
      return 0;
    }
    if (scaled / scale === size) {
      return writeFraction(at, value < 0, <u64>scaled, <u64>scale, digits);
    }
  }
  return 0;
}

/** Writes `scaled / scale`, of which `digits` stand behind the point. */
function writeFraction(at: usize, negative: bool, scaled: u64, scale: u64, digits: i32): usize {
  let out = at;
  if (negative) {
    store<u8>(out++, 0x2d);
  }
  const whole = scaled / scale;
  let rest = scaled - whole * scale;
  out = writeUnsigned(out, whole);
  store<u8>(out++, 0x2e);
  for (let pos = out + digits - 1; pos >= out; pos--) {
    const next = rest / 10;
    store<u8>(pos, <u8>(0x30 + (rest - next * 10)));
    rest = next;
  }
  return out + digits;
}
