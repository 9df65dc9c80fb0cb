// Finds the Tag that belongs to the tag bytes of a message, so that a tag seen before costs no string. Bounded: a tag that does not fit in
// is made again.
import type { Tag } from '../core/batch.ts';

/** Tags kept; a power of two. */
const slots = 8192;

interface Entry {
  readonly raw: Uint8Array;
  readonly tag: Tag;
}

export class TagTable {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(slots).fill(undefined);
  readonly #make: (raw: Uint8Array) => Tag;
  #last: Entry | undefined;

  /** `make` turns the bytes that were sent into the tag that events get: a prefix is added there. */
  constructor(make: (raw: Uint8Array) => Tag) {
    this.#make = make;
  }

  /** The tag whose bytes stand from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Tag {
    const last = this.#last;
    if (last !== undefined && same(last.raw, bytes, start, end)) {
      return last.tag;
    }
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    }
    const slot = (hash ^ (hash >>> 13)) & (slots - 1);
    let entry = this.#entries[slot];
    if (entry === undefined || !same(entry.raw, bytes, start, end)) {
      const raw = bytes.slice(start, end);
      entry = { raw, tag: this.#make(raw) };
      this.#entries[slot] = entry;
    }
    this.#last = entry;
    return entry.tag;
  }
}

/** Compares from the end: tags of containers differ in their last bytes. */
function same(raw: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (raw.length !== end - start) {
    return false;
  }
  for (let i = raw.length - 1; i >= 0; i--) {
    if (raw[i] !== bytes[start + i]) {
      return false;
    }
  }
  return true;
}
