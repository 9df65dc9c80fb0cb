// Times that Ruby makes of a field's value: `Time.at(value.to_f)`.
import { toF } from '../config/ruby-number.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import type { ReadView } from '../msgpack/view.ts';

/** A number's text is never longer, bytes. */
const longestNumber = 400;

/** The value at `at` as Ruby's `to_f` reads it: nil is 0, and so is text that is no number. Undefined where it has none, as a map. */
export function floatAt(from: ReadView, at: number): number | undefined {
  const { bytes, data } = from;
  const head = bytes[at] as number;
  if (head === 0xc0) {
    return 0;
  }
  if (head === 0xca || head === 0xcb) {
    return head === 0xca ? data.getFloat32(at + 1) : data.getFloat64(at + 1);
  }
  if (head === 0xd7 && bytes[at + 1] === 0) {
    return data.getUint32(at + 2) + data.getUint32(at + 6) / 1e9;
  }
  const span: Span = { start: 0, end: 0 };
  if (stringSpan(bytes, at, span)) {
    const end = Math.min(span.end, span.start + longestNumber);
    return toF(Buffer.from(bytes.buffer, bytes.byteOffset + span.start, end - span.start).toString('latin1'));
  }
  const integer = integerAt(bytes, at);
  return integer === undefined ? undefined : Number(integer);
}

/** The nanoseconds of the second that a number of seconds lies in, cut off and not rounded, as in Ruby. */
export function nanoseconds(seconds: number): number {
  const fraction = seconds - Math.floor(seconds);
  // Exact: a double has 52 digits behind the point at most here, and a product of doubles would be rounded.
  return Number((BigInt(Math.floor(fraction * 2 ** 52)) * 1_000_000_000n) >> 52n);
}
