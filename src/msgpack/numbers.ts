// Numbers as decimal text: integers of up to 64 bits exactly and without BigInt, floats as Ruby's Float#to_s. How a JSON dialect departs
// from that is json-dialects.ts.

/** Writes a safe integer from `at` on; returns the position behind it. At most 17 bytes. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let pos = at;
  if (rest < 0) {
    bytes[pos++] = 45;
    rest = -rest;
  }
  if (rest <= 999_999_999) {
    return writeSmall(bytes, pos, rest);
  }
  const high = Math.floor(rest / 1_000_000_000);
  pos = high <= 999_999_999 ? writeSmall(bytes, pos, high) : writeInteger(bytes, pos, high);
  return writeNine(bytes, pos, rest - high * 1_000_000_000);
}

/** Writes the unsigned 64-bit number of these halves; at most 20 bytes. */
export function writeUint64(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high < 0x20_0000) {
    return writeInteger(bytes, at, high * 4_294_967_296 + low);
  }
  // Long division by 10^9 in steps that stay below 2^53: 16 bits at a time.
  let remainder = high % 1_000_000_000;
  let quotient = Math.floor(high / 1_000_000_000);
  for (const part of [low >>> 16, low & 0xffff]) {
    const value = remainder * 65_536 + part;
    const digit = Math.floor(value / 1_000_000_000);
    quotient = quotient * 65_536 + digit;
    remainder = value - digit * 1_000_000_000;
  }
  return writeNine(bytes, writeInteger(bytes, at, quotient), remainder);
}

/** Writes the signed 64-bit number of these halves (`high` signed, `low` unsigned). */
export function writeInt64(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high >= 0) {
    return writeUint64(bytes, at, high, low);
  }
  bytes[at] = 45;
  const negatedLow = low === 0 ? 0 : 4_294_967_296 - low;
  return writeUint64(bytes, at + 1, (~high >>> 0) + (low === 0 ? 1 : 0), negatedLow);
}

function writeSmall(bytes: Uint8Array, at: number, value: number): number {
  let rest = value | 0;
  let end = at + 1;
  for (let limit = 10; limit <= rest && end - at < 10; limit *= 10) {
    end++;
  }
  for (let pos = end - 1; pos >= at; pos--) {
    const next = (rest / 10) | 0;
    bytes[pos] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

function writeNine(bytes: Uint8Array, at: number, value: number): number {
  let rest = value | 0;
  for (let pos = at + 8; pos >= at; pos--) {
    const next = (rest / 10) | 0;
    bytes[pos] = 48 + rest - next * 10;
    rest = next;
  }
  return at + 9;
}

/**
 * A float as Ruby's Float#to_s writes it: the shortest digits that read back as the same number, `1.0e+15` from 10^15 on and `1.0e-05`
 * below 10^-4.
 */
export function rubyFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
  }
  if (value === 0) {
    return Object.is(value, -0) ? '-0.0' : '0.0';
  }
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  const sign = value < 0 ? '-' : '';
  if (exponent >= 15 || exponent < -4) {
    const shown = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}.${digits.slice(1) || '0'}e${exponent < 0 ? '-' : '+'}${shown}`;
  }
  if (exponent < 0) {
    return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  }
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
