// Takes a field out of a record in place, wherever in it the field is: what follows moves up, and the head of the map or array that held it
// counts one less. Ways to fields are view-field.ts.

import { arrayLength, firstElement, isArray, isMap } from './entries.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { appendArrayHead, appendMapHead } from './pack-text.ts';
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';
import { ReadView } from './view.ts';
import { FieldPath, mapBody, mapLength, matches } from './view-field.ts';

export class FieldRemover {
  readonly #holder: FieldPath | undefined;
  readonly #last: string | number;
  readonly #key: Uint8Array;
  readonly #from = new ReadView();
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #head = new GrowingBytes(8);

  /** `steps` are those of a path: at least one. */
  constructor(steps: readonly (string | number)[]) {
    const before = steps.slice(0, -1);
    this.#holder = before.length === 0 ? undefined : new FieldPath('', before);
    this.#last = steps.at(-1) ?? '';
    this.#key = new TextEncoder().encode(String(this.#last));
  }

  /** Takes the field out of the record that stands in `bytes` from `start` to `end`, which is whole. Returns where it ends then. */
  remove(bytes: Uint8Array, start: number, end: number): number {
    const from = this.#from;
    from.setRange(bytes, start, end);
    const offset = from.start - start;
    const holder = this.#holder === undefined ? from.start : this.#holder.find(from, from.start);
    let stop = end;
    if (holder >= 0 && isMap(from.bytes[holder] as number) && typeof this.#last === 'string') {
      stop = this.#fromMap(holder) - offset;
    } else if (holder >= 0 && isArray(from.bytes[holder] as number) && typeof this.#last === 'number') {
      stop = this.#fromArray(holder, this.#last) - offset;
    }
    return stop;
  }

  /** Lets go of the memory that it looked at last. */
  forget(): void {
    this.#from.forget();
  }

  #fromMap(holder: number): number {
    const { bytes } = this.#from;
    const length = mapLength(this.#from, holder);
    let pos = mapBody(bytes, holder);
    let end = this.#from.end;
    let left = length;
    for (let i = 0; i < length; i++) {
      const next = this.#next(this.#next(pos, end), end);
      if (stringSpan(bytes, pos, this.#span) && matches(bytes, this.#span, this.#key)) {
        bytes.copyWithin(pos, next, end);
        end -= next - pos;
        left--;
      } else {
        pos = next;
      }
    }
    this.#head.length = 0;
    appendMapHead(this.#head, left);
    return left === length ? end : this.#setHead(holder, mapBody(bytes, holder), end);
  }

  #fromArray(holder: number, index: number): number {
    const { bytes, end } = this.#from;
    const length = arrayLength(bytes, holder);
    const wanted = index < 0 ? index + length : index;
    if (wanted < 0 || wanted >= length) {
      return end;
    }
    const first = firstElement(bytes, holder);
    let pos = first;
    for (let i = 0; i < wanted; i++) {
      pos = this.#next(pos, end);
    }
    const next = this.#next(pos, end);
    bytes.copyWithin(pos, next, end);
    this.#head.length = 0;
    appendArrayHead(this.#head, length - 1);
    return this.#setHead(holder, first, end - (next - pos));
  }

  /** The new head may be shorter. */
  #setHead(holder: number, body: number, end: number): number {
    const { bytes } = this.#from;
    const head = this.#head.view();
    bytes.set(head, holder);
    bytes.copyWithin(holder + head.length, body, end);
    return end - (body - holder - head.length);
  }

  #next(at: number, end: number): number {
    return this.#skip.run(this.#from.bytes, at, end);
  }
}
