// Reads single msgpack scalars in place: strings, integers. Whole objects are codec.ts.

/** A string's (str or bin) content: where it begins and ends. */
export interface Span {
  start: number;
  end: number;
}

/** Puts the content of the str or bin at `pos` into `span`; false where there is neither. The value must be whole. */
export function stringSpan(bytes: Uint8Array, pos: number, span: Span): boolean {
  const head = bytes[pos] as number;
  if (head >= 0xa0 && head < 0xc0) {
    span.start = pos + 1;
    span.end = span.start + (head & 0x1f);
    return true;
  }
  const size =
    head === 0xd9 || head === 0xc4 ? 1 : head === 0xda || head === 0xc5 ? 2 : head === 0xdb || head === 0xc6 ? 4 : 0;
  if (size === 0) {
    return false;
  }
  let length = 0;
  for (let i = 1; i <= size; i++) {
    length = length * 256 + (bytes[pos + i] as number);
  }
  span.start = pos + 1 + size;
  span.end = span.start + length;
  return true;
}

/** Whether the content of the str or bin at `pos` is `text` (ASCII). */
export function stringIs(bytes: Uint8Array, pos: number, text: string, span: Span): boolean {
  if (!stringSpan(bytes, pos, span) || span.end - span.start !== text.length) {
    return false;
  }
  for (let i = 0; i < text.length; i++) {
    if (bytes[span.start + i] !== text.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** The integer at `pos`, exact; undefined where there is none. */
export function integerAt(bytes: Uint8Array, pos: number): bigint | undefined {
  const head = bytes[pos] as number;
  if (head < 0x80) {
    return BigInt(head);
  }
  if (head >= 0xe0) {
    return BigInt(head - 256);
  }
  if (head < 0xcc || head > 0xd3) {
    return undefined;
  }
  const size = 1 << (head & 3);
  let value = 0n;
  for (let i = 1; i <= size; i++) {
    value = value * 256n + BigInt(bytes[pos + i] as number);
  }
  return head >= 0xd0 ? BigInt.asIntN(size * 8, value) : value;
}
