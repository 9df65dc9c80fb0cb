// The two ways Fluentd writes JSON, as one table each: Oj (stdout, json) and Ruby's json (out_file, `json_parser json`).
import { rubyFloat } from './numbers.ts';

/** Kinds of bytes in a string. Larger numbers are the letter behind a backslash. */
export const copyByte = 0;
/** `\u00XX`. */
export const escapeByte = 1;
/** Part of UTF-8 that has to be looked at. */
export const highByte = 2;

export interface JsonDialect {
  float(value: number): string;
  /** Broken UTF-8 becomes U+FFFD; else it passes as it is. */
  readonly repairsUtf8: boolean;
}

/** Oj: broken UTF-8, NaN and Infinity pass through; floats without a fraction are written out up to 2^63. */
export const oj: JsonDialect = {
  float(value) {
    if (value === 0) {
      return '0.0';
    }
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      return `${BigInt(value)}.0`;
    }
    return rubyFloat(value);
  },
  repairsUtf8: false,
};

/** Ruby's json. Where it raises and Fluentd loses the line, broken UTF-8 becomes U+FFFD, NaN and Infinity null. */
export const ruby: JsonDialect = {
  float: (value) => (Number.isFinite(value) ? rubyFloat(value) : 'null'),
  repairsUtf8: true,
};

/** What to do with each byte of a string. `escapeControls`: DEL and C1 are escaped too, for a terminal. */
export function byteKinds(dialect: JsonDialect, escapeControls: boolean): Uint8Array {
  const kinds = new Uint8Array(256).fill(copyByte);
  kinds.fill(escapeByte, 0, 0x20);
  for (const [byte, letter] of [
    ...[[0x08, 'b'] as const, [0x09, 't'] as const, [0x0a, 'n'] as const],
    ...[[0x0c, 'f'] as const, [0x0d, 'r'] as const, [0x22, '"'] as const, [0x5c, '\\'] as const],
  ]) {
    kinds[byte] = letter.charCodeAt(0);
  }
  if (escapeControls) {
    kinds[0x7f] = escapeByte;
  }
  if (escapeControls || dialect.repairsUtf8) {
    kinds.fill(highByte, 0x80);
  }
  return kinds;
}
