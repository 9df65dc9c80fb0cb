// Two records become one, as Ruby's Hash#merge: what the second one has stands in the place it had in the first, or behind it.
import type { GrowingBytes } from './growing-bytes.ts';
import { appendMapHead } from './pack-text.ts';
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';
import { ReadView } from './view.ts';
import { mapBody, mapLength } from './view-field.ts';

/** Records with more fields than this are looked through with a table. */
const fewFields = 16;

export class RecordMerger {
  readonly #skip = new Skip();
  readonly #first = new Pairs();
  readonly #second = new Pairs();

  /** Appends the merged record. Both are whole records from their first byte on; `out` is neither of them. */
  merge(first: Uint8Array, second: Uint8Array, out: GrowingBytes): void {
    const a = this.#first.read(first, this.#skip);
    const b = this.#second.read(second, this.#skip);
    const places = findPlaces(a, b);
    let placed = 0;
    for (const place of places) {
      placed += place < 0 ? 0 : 1;
    }
    appendMapHead(out, a.count + b.count - placed);
    const givers = new Int32Array(a.count).fill(-1);
    for (const [index, place] of places.entries()) {
      if (place >= 0) {
        givers[place] = index;
      }
    }
    for (let i = 0; i < a.count; i++) {
      const giver = givers[i] as number;
      if (giver < 0) {
        out.append(a.bytes, a.key(i), a.end(i));
      } else {
        out.append(a.bytes, a.key(i), a.value(i));
        out.append(b.bytes, b.value(giver), b.end(giver));
      }
    }
    for (const [index, place] of places.entries()) {
      if (place < 0) {
        out.append(b.bytes, b.key(index), b.end(index));
      }
    }
    a.forget();
    b.forget();
  }
}

/** The pairs of one record. */
class Pairs {
  count = 0;
  readonly #from = new ReadView();
  /** Where keys and values begin, and the end of the last. */
  readonly #places: number[] = [];

  get bytes(): Uint8Array {
    return this.#from.bytes;
  }

  read(record: Uint8Array, skip: Skip): this {
    const from = this.#from;
    from.set(record);
    this.#places.length = 0;
    let pos = mapBody(from.bytes, from.start);
    this.count = mapLength(from, from.start);
    for (let i = 0; i < this.count; i++) {
      const value = skip.run(from.bytes, pos, from.end);
      this.#places.push(pos, value);
      pos = skip.run(from.bytes, value, from.end);
    }
    this.#places.push(pos);
    return this;
  }

  key(index: number): number {
    return this.#places[index * 2] as number;
  }

  value(index: number): number {
    return this.#places[index * 2 + 1] as number;
  }

  end(index: number): number {
    return this.#places[index * 2 + 2] as number;
  }

  forget(): void {
    this.#from.forget();
  }
}

/** For each pair of `b` the pair of `a` that has its key, or -1. */
function findPlaces(a: Pairs, b: Pairs): Int32Array {
  const places = new Int32Array(b.count).fill(-1);
  const [one, other]: [Span, Span] = [
    { start: 0, end: 0 },
    { start: 0, end: 0 },
  ];
  if (a.count > fewFields) {
    const table = new Map<string, number>();
    for (let i = 0; i < a.count; i++) {
      if (stringSpan(a.bytes, a.key(i), one)) {
        table.set(text(a.bytes, one), i);
      }
    }
    for (let i = 0; i < b.count; i++) {
      if (stringSpan(b.bytes, b.key(i), one)) {
        places[i] = table.get(text(b.bytes, one)) ?? -1;
      }
    }
    return places;
  }
  for (let i = 0; i < b.count; i++) {
    for (let j = 0; j < a.count && stringSpan(b.bytes, b.key(i), one); j++) {
      if (stringSpan(a.bytes, a.key(j), other) && sameText(a.bytes, other, b.bytes, one)) {
        places[i] = j;
      }
    }
  }
  return places;
}

function text(bytes: Uint8Array, { start, end }: Span): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function sameText(a: Uint8Array, inA: Span, b: Uint8Array, inB: Span): boolean {
  const length = inA.end - inA.start;
  if (length !== inB.end - inB.start) {
    return false;
  }
  for (let i = 0; i < length; i++) {
    if (a[inA.start + i] !== b[inB.start + i]) {
      return false;
    }
  }
  return true;
}
