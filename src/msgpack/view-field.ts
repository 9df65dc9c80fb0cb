// Fields of a record, found in place: by name, or by a path as Fluentd's record accessor writes it (`$.a.b[0]`, `$['a']['b']`).
import { arrayLength, firstElement, isArray, isMap } from './entries.ts';
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';
import { broken, type ReadView } from './view.ts';

/** What `find` returns where there is no such field. */
export const absent = -3;

/** One step: the key of a map, or the index of an array (negative from its end). */
type Step = { readonly key: Uint8Array } | { readonly index: number };

/** A field's place in a record, and the way to it. One finder at a time uses it. */
export class FieldPath {
  /** As it was written. */
  readonly text: string;
  /** The names and indexes on the way. */
  readonly path: readonly (string | number)[];
  /** Whether it leads below the record's own fields. */
  readonly nested: boolean;
  /** After `find` said `absent`: whether the way led through a value that Ruby's `dig` refuses, because it has neither fields nor elements. */
  blocked = false;
  readonly #steps: readonly Step[];
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };

  /** `parseFieldPath` makes one from text. */
  constructor(text: string, steps: readonly (string | number)[]) {
    this.text = text;
    this.path = steps;
    this.nested = steps.length > 1;
    this.#steps = steps.map((step) =>
      typeof step === 'number' ? { index: step } : { key: new TextEncoder().encode(step) },
    );
  }

  /** Where the field's value stands in the record at `at`; `absent`, or `broken` where the record is cut. */
  find(from: ReadView, at: number): number {
    this.blocked = false;
    let pos = at;
    for (const step of this.#steps) {
      pos = 'key' in step ? this.#findKey(from, pos, step.key) : this.#findIndex(from, pos, step.index);
      if (pos < 0) {
        return pos;
      }
    }
    return pos;
  }

  /** Of a key that stands there twice, the last value counts, as in Ruby. */
  #findKey(from: ReadView, at: number, key: Uint8Array): number {
    const { bytes, end } = from;
    if (at >= end) {
      return broken;
    }
    if (!isMap(bytes[at] as number)) {
      this.blocked = bytes[at] !== 0xc0;
      return absent;
    }
    const span = this.#span;
    let pos = mapBody(bytes, at);
    let found = absent;
    for (let left = mapLength(from, at); left > 0; left--) {
      const value = this.#next(from, pos);
      if (value < 0) {
        return broken;
      }
      if (stringSpan(bytes, pos, span) && span.end <= value && matches(bytes, span, key)) {
        found = value;
      }
      pos = this.#next(from, value);
      if (pos < 0) {
        return broken;
      }
    }
    return found;
  }

  #findIndex(from: ReadView, at: number, index: number): number {
    const head = at < from.end ? (from.bytes[at] as number) : 0xc0;
    this.blocked = head !== 0xc0 && !isArray(head) && !isMap(head);
    const length = at < from.end ? arrayLength(from.bytes, at) : 0;
    const wanted = index < 0 ? index + length : index;
    if (wanted < 0 || wanted >= length) {
      return absent;
    }
    let pos = firstElement(from.bytes, at);
    for (let i = 0; i < wanted && pos >= 0; i++) {
      pos = this.#next(from, pos);
    }
    return pos < 0 || pos >= from.end ? broken : pos;
  }

  #next(from: ReadView, at: number): number {
    const next = this.#skip.run(from.bytes, at, from.end);
    if (next < 0) {
      this.#skip.reset();
    }
    return next;
  }
}

/** Number of pairs of the map at `at`; 1 where its head is cut, so that looking for the pair finds the cut. */
export function mapLength(from: ReadView, at: number): number {
  const head = from.bytes[at] as number;
  if (head < 0xde) {
    return head & 0x0f;
  }
  if (mapBody(from.bytes, at) > from.end) {
    return 1;
  }
  return head === 0xde ? from.data.getUint16(at + 1) : from.data.getUint32(at + 1);
}

/** Where the first pair of the map at `at` begins. */
export function mapBody(bytes: Uint8Array, at: number): number {
  const head = bytes[at] as number;
  return at + (head < 0xde ? 1 : head === 0xde ? 3 : 5);
}

/** A path from its text; a string that says what is wrong where it is none. Text that begins with neither `$.` nor `$[` is a plain name. */
export function parseFieldPath(text: string): FieldPath | string {
  if (!text.startsWith('$.') && !text.startsWith('$[')) {
    return new FieldPath(text, [text]);
  }
  const steps = text.startsWith('$.') ? dotSteps(text.slice(2)) : bracketSteps(text.slice(1));
  if (typeof steps === 'string') {
    return `${steps}: ${text}`;
  }
  return steps.length === 0 ? `no keys in it: ${text}` : new FieldPath(text, steps);
}

function dotSteps(text: string): (string | number)[] | string {
  const steps: (string | number)[] = [];
  for (const part of text.replace(/\.+$/, '').split('.')) {
    const bracket = part.indexOf('[');
    if (bracket < 0) {
      steps.push(part);
      continue;
    }
    if (bracket > 0) {
      steps.push(part.slice(0, bracket));
    }
    const indexes = bracketSteps(part.slice(bracket));
    if (typeof indexes === 'string') {
      return indexes;
    }
    if (indexes.some((step) => typeof step === 'string')) {
      return 'names in brackets do not go with dots';
    }
    steps.push(...indexes);
  }
  return steps.length === 1 && steps[0] === '' ? [] : steps;
}

function bracketSteps(text: string): (string | number)[] | string {
  const steps: (string | number)[] = [];
  let rest = text;
  while (rest !== '') {
    const match = /^\[(?:'([^']*)'|"([^"]*)"|([+-]?\d+))\]/.exec(rest);
    if (match === null) {
      return rest.startsWith('[')
        ? 'a bracket is not closed, or holds neither a quoted name nor a number'
        : 'more text behind a bracket';
    }
    steps.push(match[1] ?? match[2] ?? Number(match[3]));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

/** Whether a string's content is `key`. */
export function matches(bytes: Uint8Array, span: Span, key: Uint8Array): boolean {
  if (span.end - span.start !== key.length) {
    return false;
  }
  for (let i = 0; i < key.length; i++) {
    if (bytes[span.start + i] !== key[i]) {
      return false;
    }
  }
  return true;
}
