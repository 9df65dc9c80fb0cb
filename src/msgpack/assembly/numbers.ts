// Numbers as decimal text. What numbers.ts and json-dialects.ts of the TypeScript side write is the specification; a float that needs an
// exponent is left to it.

/** Writes a whole number, `signed` or not; at most 20 bytes. Returns the position behind it. */
export function writeInteger(at: usize, number: u64, signed: bool): usize {
  let o = at;
  let value = number;
  if (signed && <i64>number < 0) {
    store<u8>(o++, 0x2d);
    value = 0 - number;
  }
  // The first eight digits or less, then eight at a time.
  let low: u32 = 0;
  let lowest: u32 = 0;
  let more = 0;
  if (value >= 100000000) {
    let high = value / 100000000;
    lowest = <u32>(value - high * 100000000);
    value = high;
    more = 1;
    if (value >= 100000000) {
      high = value / 100000000;
      low = <u32>(value - high * 100000000);
      value = high;
      more = 2;
    }
  }
  const first = <u32>value;
  const length = digitsOf(first);
  // Its digits are the last of the eight.
  store<u64>(o, eightDigits(first) >> ((8 - <u64>length) << 3));
  o += length;
  if (more === 2) {
    store<u64>(o, eightDigits(low));
    o += 8;
  }
  if (more > 0) {
    store<u64>(o, eightDigits(lowest));
    o += 8;
  }
  return o;
}

/** The text of a number below 10^8, all eight digits at once: halves, then their halves, then theirs. */
export function eightDigits(value: u32): u64 {
  const high = value / 10000;
  const fours = <u64>high | ((<u64>(value - high * 10000)) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const twos = ((fours - hundreds * 100) << 16) | hundreds;
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  return (((twos - tens * 10) << 8) | tens) + (((<u64>0x30303030) << 32) | 0x30303030);
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
 * Writes a float as Ruby does, or as Oj does; returns the position behind it, or 0 where that takes an exponent, or is one of the few that
 * `writeLong` leaves. A decimal of up to fifteen digits that reads back as the number is the shortest one, and there is only one.
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
    out = writeInteger(out, <u64>size, false);
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
      break;
    }
    if (scaled / scale === size) {
      return writeFraction(at, value < 0, <u64>scaled, <u64>scale, digits);
    }
  }
  return writeLong(at, value < 0, size);
}

/**
 * Writes a float from 10^-4 to 10^15 that needs sixteen or seventeen digits; 0 where it is a power of two, whose neighbours are not equally
 * far, or lies between two decimals. Exact: the float is m / 2^s, so it is m * 5^d / 2^(s - d) of the d-th digit behind the point, and a
 * decimal reads back as the float where the two differ by less than half of 5^d.
 */
function writeLong(at: usize, negative: bool, size: f64): usize {
  const bits = reinterpret<u64>(size);
  const m = (bits & 0xfffffffffffff) | 0x10000000000000;
  const s = 1075 - <i32>(bits >> 52);
  if (m === 0x10000000000000) {
    return 0;
  }
  // Digits behind the point, of sixteen in all.
  let digits = 15;
  for (let limit: f64 = 10; size >= limit; limit *= 10) {
    digits--;
  }
  for (let scaled = size; scaled < 1; scaled *= 10) {
    digits++;
  }
  let five: u64 = 1;
  for (let i = 0; i < digits; i++) {
    five *= 5;
  }
  let smallest: u64 = 1000000000000000;
  for (let tries = 0; tries < 2; tries++) {
    // m * five in two words; `five` has less than 47 bits, m has 53.
    const low = (m & 0xffffffff) * (five & 0xffffffff);
    const middle = (m >> 32) * (five & 0xffffffff) + (low >> 32);
    const other = (m & 0xffffffff) * (five >> 32) + (middle & 0xffffffff);
    const high = (m >> 32) * (five >> 32) + (middle >> 32) + (other >> 32);
    const lower = (other << 32) | (low & 0xffffffff);
    const shift = <u64>(s - digits);
    if (<i64>shift < 1) {
      return 0;
    }
    let scaled = (high << (64 - shift)) | (lower >> shift);
    const rest = lower & (((<u64>1) << shift) - 1);
    const half = (<u64>1) << (shift - 1);
    if (rest === half) {
      return 0;
    }
    let error = rest;
    if (rest > half) {
      scaled++;
      error = (half << 1) - rest;
    }
    if (scaled < smallest || scaled >= smallest * 10) {
      return 0;
    }
    if (error << 1 < five || (error << 1 === five && (m & 1) === 0)) {
      // One that ends with a zero has fewer digits.
      return scaled % 10 === 0 ? 0 : writeFraction(at, negative, scaled, tenTo(digits), digits);
    }
    digits++;
    five *= 5;
    smallest *= 10;
  }
  return 0;
}

/** 10^19 from 19 on: more than all that is divided by it. */
function tenTo(digits: i32): u64 {
  let power: u64 = 1;
  for (let i = min(digits, 19); i > 0; i--) {
    power *= 10;
  }
  return power;
}

/** Writes `scaled / scale`, of which `digits` stand behind the point. */
function writeFraction(at: usize, negative: bool, scaled: u64, scale: u64, digits: i32): usize {
  let out = at;
  if (negative) {
    store<u8>(out++, 0x2d);
  }
  const whole = scaled / scale;
  let rest = scaled - whole * scale;
  out = writeInteger(out, whole, false);
  store<u8>(out++, 0x2e);
  for (let pos = out + digits - 1; pos >= out; pos--) {
    const next = rest / 10;
    store<u8>(pos, <u8>(0x30 + (rest - next * 10)));
    rest = next;
  }
  return out + digits;
}
