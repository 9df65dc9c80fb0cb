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
  /** For each pair of the second its place in the first, or -1; and the other way round. */
  #places = new Int32Array(64);
  #givers = new Int32Array(64);

  /** Appends the merged record. Both are whole records, from `start` to `end` of their bytes; `out` is neither of them. */
  merge(
    first: Uint8Array,
    start: number,
    end: number,
    second: Uint8Array,
    secondStart: number,
    secondEnd: number,
    out: GrowingBytes,
  ): void {
    const a = this.#first.read(first, start, end, this.#skip);
    const b = this.#second.read(second, secondStart, secondEnd, this.#skip);
    const placed = this.#place(a, b);
    appendMapHead(out, a.count + b.count - placed);
    for (let i = 0; i < a.count; i++) {
      const giver = this.#givers[i] as number;
      if (giver < 0) {
        out.append(a.bytes, a.key(i), a.end(i));
      } else {
        out.append(a.bytes, a.key(i), a.value(i));
        out.append(b.bytes, b.value(giver), b.end(giver));
      }
    }
    for (let i = 0; i < b.count; i++) {
      if ((this.#places[i] as number) < 0) {
        out.append(b.bytes, b.key(i), b.end(i));
      }
    }
  }

  /** Lets go of the memory that it looked at last. */
  forget(): void {
    this.#first.forget();
    this.#second.forget();
  }

  /** Finds the places; returns how many pairs of the second have one. */
  #place(a: Pairs, b: Pairs): number {
    if (b.count > this.#places.length) {
      this.#places = new Int32Array(b.count * 2);
    }
    if (a.count > this.#givers.length) {
      this.#givers = new Int32Array(a.count * 2);
    }
    this.#givers.fill(-1, 0, a.count);
    findPlaces(a, b, this.#places);
    let placed = 0;
    for (let i = 0; i < b.count; i++) {
      const place = this.#places[i] as number;
      if (place >= 0) {
        placed++;
        this.#givers[place] = i;
      }
    }
    return placed;
  }
}

/** The pairs of one record. */
class Pairs {
  count = 0;
  /** For whoever reads the keys. */
  readonly span: Span = { start: 0, end: 0 };
  readonly #from = new ReadView();
  /** Where keys and values begin, and the end of the last. */
  readonly #places: number[] = [];

  get bytes(): Uint8Array {
    return this.#from.bytes;
  }

  read(part: Uint8Array, start: number, end: number, skip: Skip): this {
    const from = this.#from;
    from.setRange(part, start, end);
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

/** Puts into `places`, for each pair of `b`, the pair of `a` that has its key, or -1. */
function findPlaces(a: Pairs, b: Pairs, places: Int32Array): void {
  const [one, other] = [a.span, b.span];
  places.fill(-1, 0, b.count);
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
    return;
  }
  for (let i = 0; i < b.count; i++) {
    if (stringSpan(b.bytes, b.key(i), one)) {
      for (let j = 0; j < a.count; j++) {
        if (stringSpan(a.bytes, a.key(j), other) && sameText(a.bytes, other, b.bytes, one)) {
          places[i] = j;
        }
      }
    }
  }
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
