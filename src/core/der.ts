// DER, as far as certificates need it: writing values, and walking over those that are there. ITU-T X.690.

/** One value: its tag, and its content or the values in it. */
export function der(tag: number, ...inner: readonly Uint8Array[]): Uint8Array {
  const length = inner.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes(length)), ...inner]);
}

export const sequence = (...items: readonly Uint8Array[]) => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]) => der(0x31, ...items);
export const utf8 = (text: string) => der(0x0c, Buffer.from(text));
export const printableString = (text: string) => der(0x13, Buffer.from(text, 'latin1'));
export const octets = (bytes: Uint8Array) => der(0x04, bytes);
export const boolean = (value: boolean) => der(0x01, Uint8Array.of(value ? 0xff : 0));

/** A whole number that is not negative, from its big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) {
    start++;
  }
  const digits = bytes.subarray(start);
  return der(0x02, (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0), digits);
}

/** Bits, of which the last `unused` mean nothing. */
export function bits(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(0x03, Uint8Array.of(unused), bytes);
}

/** An object identifier from its dotted form. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left & 0x7f) | 0x80);
    }
    bytes.push(...groups);
  }
  return der(0x06, Uint8Array.from(bytes));
}

/** A time of a certificate: two digits of the year until 2049, four after. */
export function time(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = Number(text.slice(0, 4));
  return year >= 1950 && year < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

/** The content of the value at the beginning of `bytes`. What is no DER throws. */
export function content(bytes: Uint8Array): Uint8Array {
  const { start, end } = headOf(bytes, 0);
  return bytes.subarray(start, end);
}

/** The values that stand in the value at the beginning of `bytes`, each whole. What is no DER throws. */
export function parts(bytes: Uint8Array): Uint8Array[] {
  const outer = headOf(bytes, 0);
  const found: Uint8Array[] = [];
  for (let pos = outer.start; pos < outer.end; ) {
    const { end } = headOf(bytes, pos);
    found.push(bytes.subarray(pos, end));
    pos = end;
  }
  return found;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) {
    return [length];
  }
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) {
    bytes.unshift(left % 256);
  }
  return [0x80 | bytes.length, ...bytes];
}

function headOf(bytes: Uint8Array, pos: number): { readonly start: number; readonly end: number } {
  const first = bytes[pos + 1] ?? 0x80;
  const count = first < 0x80 ? 0 : first & 0x7f;
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < count; i++) {
    length = length * 256 + (bytes[pos + 2 + i] ?? 0);
  }
  const start = pos + 2 + count;
  if (first === 0x80 || count > 4 || start + length > bytes.length) {
    throw new RangeError('This is no DER.');
  }
  return { start, end: start + length };
}
