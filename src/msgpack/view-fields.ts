// All fields of a record at once, in place: for writers that pick some and show the rest.
import { isMap } from './entries.ts';
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';
import { broken, type ReadView } from './view.ts';
import { mapBody, mapLength } from './view-field.ts';

/** The first fields of a record, as many as there is room for; reused for the next record. */
export class FieldList {
  /** Number of fields; `keys` and `values` are where they begin, the key -1 where the field was taken. */
  count = 0;
  readonly keys: Int32Array;
  readonly values: Int32Array;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };

  constructor(room: number) {
    this.keys = new Int32Array(room);
    this.values = new Int32Array(room);
  }

  /** Reads the record at `at`; returns the position behind it, or `broken`. */
  read(from: ReadView, at: number): number {
    this.count = 0;
    const next = at < from.end ? this.#next(from, at) : broken;
    if (next < 0 || !isMap(from.bytes[at] as number)) {
      return broken;
    }
    let pos = mapBody(from.bytes, at);
    for (let left = mapLength(from, at); left > 0 && this.count < this.keys.length; left--) {
      this.keys[this.count] = pos;
      pos = this.#next(from, pos);
      this.values[this.count++] = pos;
      pos = this.#next(from, pos);
    }
    return next;
  }

  /** The index of the field of the first of these names that is there, or -1. Of a name that stands twice, the last. */
  indexOf(from: ReadView, ...names: readonly Uint8Array[]): number {
    for (const name of names) {
      for (let i = this.count - 1; i >= 0; i--) {
        const key = this.keys[i] as number;
        if (key >= 0 && this.#isNamed(from, key, name)) {
          return i;
        }
      }
    }
    return -1;
  }

  /** Takes the field of an index out of the list; returns where its value begins, or -1 for -1. */
  take(index: number): number {
    if (index < 0) {
      return -1;
    }
    this.keys[index] = -1;
    return this.values[index] as number;
  }

  #isNamed(from: ReadView, key: number, name: Uint8Array): boolean {
    const span = this.#span;
    if (!stringSpan(from.bytes, key, span) || span.end - span.start !== name.length) {
      return false;
    }
    for (let i = 0; i < name.length; i++) {
      if (from.bytes[span.start + i] !== name[i]) {
        return false;
      }
    }
    return true;
  }

  #next(from: ReadView, at: number): number {
    const next = this.#skip.run(from.bytes, at, from.end);
    if (next < 0) {
      this.#skip.reset();
      return broken;
    }
    return next;
  }
}
