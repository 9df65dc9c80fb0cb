// Text that others chose, made harmless for a terminal: control characters are written as escapes instead of being obeyed.
import { utf8Length } from './transcode-utf8.ts';

const letters: Readonly<Record<number, string>> = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' };

/**
 * `bytes` with C0, DEL and C1 written as JSON writes them (`\n`, `\u001b`), C1 as raw bytes outside valid UTF-8 as `\x9b`. The same array
 * where there are none. `keepLayout`: tabs, newlines and a carriage return at the end of a line stay.
 */
export function escapeControls(bytes: Uint8Array, keepLayout = false): Uint8Array {
  return bytes.some(isControl) ? escapeAll(bytes, keepLayout) : bytes;
}

/** Whether the byte is one, or the second of C1, or of another character. */
export function isControl(byte: number): boolean {
  return byte < 0x20 || (byte >= 0x7f && byte < 0xa0);
}

function escapeAll(bytes: Uint8Array, keepLayout: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  let plain = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const length = byte < 0x80 ? 1 : utf8Length(bytes, at, bytes.length);
    const size = Math.max(length, 1);
    const escaped = escapeOf(bytes, at, length);
    if (escaped !== undefined && !(keepLayout && isLayout(bytes, at))) {
      parts.push(bytes.subarray(plain, at), Buffer.from(escaped));
      plain = at + size;
    }
    at += size;
  }
  parts.push(bytes.subarray(plain));
  return Buffer.concat(parts);
}

/** How the character (of `length` bytes, negative where it is broken) at `at` is written; undefined where it stays. */
function escapeOf(bytes: Uint8Array, at: number, length: number): string | undefined {
  const byte = bytes[at] as number;
  if (byte < 0x20 || byte === 0x7f) {
    return letters[byte] ?? hexEscape('\\u00', byte);
  }
  const second = bytes[at + 1] as number;
  if (length === 2 && byte === 0xc2 && second < 0xa0) {
    return hexEscape('\\u00', second);
  }
  return length < 0 && byte < 0xa0 ? hexEscape('\\x', byte) : undefined;
}

function isLayout(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  const next = bytes[at + 1];
  return byte === 0x09 || byte === 0x0a || (byte === 0x0d && (next === undefined || next === 0x0a));
}

function hexEscape(prefix: string, byte: number): string {
  return prefix + byte.toString(16).padStart(2, '0');
}
