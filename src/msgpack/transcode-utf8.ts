// Tells valid UTF-8 from broken, one character at a time (https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf, table 3-7).

/**
 * The bytes of the character that begins at `at` (a byte of 0x80 or more) and ends before `end`: a positive number where it is valid,
 * else the negative number of bytes that one U+FFFD stands for.
 */
export function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  if (lead < 0xc2 || lead > 0xf4) {
    return -1;
  }
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? (bytes[at + i] as number) : 0;
    let low = 0x80;
    let high = 0xbf;
    if (i === 1) {
      low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    }
    if (byte < low || byte > high) {
      return -i;
    }
  }
  return length;
}

/** The code point of the valid character at `at`. */
export function codePoint(bytes: Uint8Array, at: number, length: number): number {
  let point = (bytes[at] as number) & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    point = (point << 6) | ((bytes[at + i] as number) & 0x3f);
  }
  return point;
}
