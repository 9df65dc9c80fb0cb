// Sets fields of records by editing their bytes. Values come as msgpack; making them is the caller's business.
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';

/** A field to set: its name's UTF-8 bytes, and its value as one msgpack value. */
export interface FieldEdit {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * A copy of `entries` (clean ones, whole) in which each record has these fields, once each: one that is there already gets the new value in
 * its place, another is appended, as in a Ruby hash.
 */
export function setFields(entries: Uint8Array, fields: readonly FieldEdit[]): Uint8Array {
  const skip = new Skip();
  const events = countEntries(entries, skip);
  const added = fields.reduce((sum, field) => sum + 5 + field.name.length + field.value.length, 5);
  const out = new Uint8Array(entries.length + events * added);
  let pos = 0;
  let at = 0;
  while (pos < entries.length) {
    const record = skip.run(entries, pos + 1, entries.length);
    out.set(entries.subarray(pos, record), at);
    at += record - pos;
    const end = skip.run(entries, record, entries.length);
    at = setRecordFields(entries, record, end, fields, out, at);
    pos = end;
  }
  return out.subarray(0, at);
}

/** Writes the record (a map) between `start` and `end` with these fields to `out` from `at` on; returns where it ends. */
function setRecordFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  fields: readonly FieldEdit[],
  out: Uint8Array,
  at: number,
): number {
  const skip = new Skip();
  const span: Span = { start: 0, end: 0 };
  const found = new Array<boolean>(fields.length).fill(false);
  // The head is written last, when the number of pairs is known: room for the longest one is left.
  const body = at + 5;
  let to = body;
  let pairs = 0;
  let pos = start + mapHeadSize(bytes[start] as number);
  while (pos < end) {
    const value = skip.run(bytes, pos, end);
    const next = skip.run(bytes, value, end);
    const index = stringSpan(bytes, pos, span) ? fields.findIndex((field) => isName(bytes, span, field.name)) : -1;
    if (index < 0) {
      out.set(bytes.subarray(pos, next), to);
      to += next - pos;
      pairs++;
    } else if (!found[index]) {
      found[index] = true;
      out.set(bytes.subarray(pos, value), to);
      to += value - pos;
      const edit = (fields[index] as FieldEdit).value;
      out.set(edit, to);
      to += edit.length;
      pairs++;
    }
    pos = next;
  }
  fields.forEach((field, i) => {
    if (!found[i]) {
      to = writeString(out, to, field.name);
      out.set(field.value, to);
      to += field.value.length;
      pairs++;
    }
  });
  const head = writeMapHead(out, at, pairs);
  out.copyWithin(head, body, to);
  return to - (body - head);
}

/** A str head and the bytes; returns where they end. */
function writeString(out: Uint8Array, at: number, content: Uint8Array): number {
  const length = content.length;
  let pos = at;
  if (length < 32) {
    out[pos++] = 0xa0 | length;
  } else if (length < 256) {
    out[pos++] = 0xd9;
    out[pos++] = length;
  } else if (length < 65536) {
    out[pos++] = 0xda;
    out[pos++] = length >>> 8;
    out[pos++] = length & 255;
  } else {
    out[pos++] = 0xdb;
    new DataView(out.buffer, out.byteOffset).setUint32(pos, length);
    pos += 4;
  }
  out.set(content, pos);
  return pos + length;
}

function writeMapHead(out: Uint8Array, at: number, pairs: number): number {
  if (pairs < 16) {
    out[at] = 0x80 | pairs;
    return at + 1;
  }
  if (pairs < 65536) {
    out[at] = 0xde;
    out[at + 1] = pairs >>> 8;
    out[at + 2] = pairs & 255;
    return at + 3;
  }
  out[at] = 0xdf;
  new DataView(out.buffer, out.byteOffset).setUint32(at + 1, pairs);
  return at + 5;
}

function mapHeadSize(head: number): number {
  return head === 0xde ? 3 : head === 0xdf ? 5 : 1;
}

function isName(bytes: Uint8Array, span: Span, name: Uint8Array): boolean {
  if (span.end - span.start !== name.length) {
    return false;
  }
  for (let i = 0; i < name.length; i++) {
    if (bytes[span.start + i] !== name[i]) {
      return false;
    }
  }
  return true;
}

function countEntries(entries: Uint8Array, skip: Skip): number {
  let count = 0;
  for (let pos = 0; pos < entries.length; pos = skip.run(entries, pos, entries.length)) {
    count++;
  }
  return count;
}
