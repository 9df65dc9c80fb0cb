// Records as a list of their fields' values: one field alone, chosen ones between delimiters (tsv, csv), all with their labels (ltsv).
import { Skip } from '../msgpack/skip.ts';
import type { ValueWriter } from '../msgpack/transcode.ts';
import { spanOf, type TextWriter } from '../msgpack/transcode-text.ts';
import { decodeTree, MapNode } from '../msgpack/transcode-tree.ts';
import { broken, noRoom, type ReadView, type WriteView } from '../msgpack/view.ts';
import type { FieldPath } from '../msgpack/view-field.ts';

/** The text of one field; nothing where the record has none of that name. */
export class FieldWriter implements ValueWriter {
  readonly #field: FieldPath;
  readonly #text: TextWriter;
  readonly #skip = new Skip();

  constructor(field: FieldPath, text: TextWriter) {
    this.#field = field;
    this.#text = text;
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const next = spanOf(this.#skip, from, at);
    const value = next < 0 ? broken : this.#field.find(from, at);
    if (value === broken) {
      return broken;
    }
    const written = value < 0 ? next : this.#text.write(from, value, to);
    return written < 0 ? written : next;
  }
}

export interface FieldsShape {
  readonly delimiter: string;
  readonly quotes: 'always' | 'where needed' | 'never';
}

/** The texts of chosen fields, in the order that was asked for. */
export class FieldsWriter implements ValueWriter {
  readonly #fields: readonly FieldPath[];
  readonly #text: TextWriter;
  readonly #delimiter: Buffer;
  readonly #quotes: FieldsShape['quotes'];
  readonly #skip = new Skip();

  constructor(fields: readonly FieldPath[], text: TextWriter, shape: FieldsShape) {
    this.#fields = fields;
    this.#text = text;
    this.#delimiter = Buffer.from(shape.delimiter);
    this.#quotes = shape.quotes;
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const next = spanOf(this.#skip, from, at);
    const begin = to.at;
    let code = next;
    for (let i = 0; i < this.#fields.length && code >= 0; i++) {
      const fits = i === 0 || to.copy(this.#delimiter, 0, this.#delimiter.length);
      code = fits ? this.#writeField(from, at, this.#fields[i] as FieldPath, to) : noRoom;
    }
    if (code < 0) {
      to.at = begin;
      return code;
    }
    return next;
  }

  #writeField(from: ReadView, record: number, field: FieldPath, to: WriteView): number {
    const value = field.find(from, record);
    if (value === broken) {
      return broken;
    }
    if (this.#quotes === 'never') {
      return value < 0 ? 0 : this.#text.write(from, value, to);
    }
    const bytes = value < 0 ? undefined : this.#text.bytesOf(from, value);
    const isNil = value < 0 || from.bytes[value] === 0xc0;
    if (this.#quotes === 'where needed' && (isNil || !this.#needsQuotes(bytes ?? empty))) {
      return isNil || to.copy(bytes ?? empty, 0, bytes?.length ?? 0) ? 0 : noRoom;
    }
    return writeQuoted(bytes ?? empty, to) ? 0 : noRoom;
  }

  #needsQuotes(bytes: Uint8Array): boolean {
    const delimiter = this.#delimiter;
    const isSpecial = (byte: number) => byte === 0x22 || byte === 0x0a || byte === 0x0d || delimiter.includes(byte);
    return bytes.length === 0 || bytes.some(isSpecial);
  }
}

const empty = new Uint8Array(0);

function writeQuoted(bytes: Uint8Array, to: WriteView): boolean {
  let plain = 0;
  if (!to.ascii('"')) {
    return false;
  }
  for (let at = bytes.indexOf(0x22); at >= 0; at = bytes.indexOf(0x22, at + 1)) {
    if (!to.copy(bytes, plain, at + 1)) {
      return false;
    }
    plain = at;
  }
  return to.copy(bytes, plain, bytes.length) && to.ascii('"');
}

export interface LabelledShape {
  readonly delimiter: string;
  readonly labelDelimiter: string;
  /** Stands for a delimiter in a value. */
  readonly replacement: string;
}

/** Every field as label and text (http://ltsv.org). Only delimiters in values are replaced, as in Fluentd. */
export class LabelledWriter implements ValueWriter {
  readonly #text: TextWriter;
  readonly #shape: LabelledShape;
  readonly #delimiter: Buffer;
  readonly #skip = new Skip();

  constructor(text: TextWriter, shape: LabelledShape) {
    this.#text = text;
    this.#shape = shape;
    this.#delimiter = Buffer.from(shape.delimiter);
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const next = spanOf(this.#skip, from, at);
    const record = next < 0 ? undefined : decodeTree(from, at);
    if (!(record instanceof MapNode)) {
      return broken;
    }
    const begin = to.at;
    for (const [key, value] of record.pairs) {
      const label = this.#text.bytesOfNode(key);
      const separator = Buffer.from(this.#shape.labelDelimiter);
      const text = this.#replace(this.#text.bytesOfNode(value));
      const line = Buffer.concat([to.at > begin ? this.#delimiter : empty, label, separator, text]);
      if (!to.copy(line, 0, line.length)) {
        to.at = begin;
        return noRoom;
      }
    }
    return next;
  }

  #replace(value: Uint8Array): Uint8Array {
    const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (this.#delimiter.length === 0 || !buffer.includes(this.#delimiter)) {
      return value;
    }
    return Buffer.from(
      buffer.toString('latin1').replaceAll(latin1(this.#shape.delimiter), () => latin1(this.#shape.replacement)),
      'latin1',
    );
  }
}

/** The UTF-8 bytes of a text as a string of one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
