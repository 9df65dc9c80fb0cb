// Tags by their bytes, until so many are kept: a hash table whose keys stand one behind the other in memory of their own, since looking at
// thousands of small arrays costs more than all else that is done for an event. When a tag goes is tag-table.ts's.
import type { Tag } from '../core/batch.ts';

const usualLimit = 65_536;
/** Bytes of keys. */
const keysLimit = 8 * 1024 * 1024;
/** So many places are tried: tags that were made to have one hash are made again, rather than compared with all of them. */
const mostTries = 32;

/** Of a slot: the hash, the tag's number and one, where its key begins, how long it is. */
const slotWords = 4;
const slotShift = 2;

const noTag: Tag = { bytes: new Uint8Array(0), text: '' };

export class TagGeneration {
  /** What was found or added last. */
  last: Tag = noTag;
  readonly #limit: number;
  readonly #tags: Tag[] = [];
  #slots = new Int32Array(256 * slotWords);
  #keys = new DataView(new ArrayBuffer(16 * 1024));
  #keysEnd = 0;
  /** Where the key of the last one is. */
  #lastStart = 0;
  #lastLength = -1;

  /** As many tags as `limit` are kept. */
  constructor(limit = usualLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#tags.length;
  }

  get full(): boolean {
    return this.#tags.length >= this.#limit || this.#keysEnd >= keysLimit;
  }

  /** Whether the bytes from `start` to `end` are those of the last one. */
  isLast(view: DataView, start: number, end: number): boolean {
    return this.#lastLength === end - start && same(this.#keys, this.#lastStart, view, start, end);
  }

  /** Whether there is a tag of these bytes; it is the last one then. */
  find(hash: number, view: DataView, start: number, end: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (hash << slotShift) & mask;
    for (let tries = 0; tries < mostTries; tries++) {
      const index = slots[at + 1] as number;
      if (index === 0) {
        return false;
      }
      if (slots[at] === hash && slots[at + 3] === end - start) {
        const keyStart = slots[at + 2] as number;
        if (same(this.#keys, keyStart, view, start, end)) {
          this.#lastStart = keyStart;
          this.#lastLength = end - start;
          this.last = this.#tags[index - 1] as Tag;
          return true;
        }
      }
      at = (at + slotWords) & mask;
    }
    return false;
  }

  /** Keeps a tag that is not there yet. */
  add(hash: number, view: DataView, start: number, end: number, tag: Tag): void {
    const length = end - start;
    const keyStart = this.#keysEnd;
    this.#growKeys(keyStart + length);
    const keys = this.#keys;
    for (let i = 0; i < length; i++) {
      keys.setUint8(keyStart + i, view.getUint8(start + i));
    }
    this.#keysEnd += length;
    this.#tags.push(tag);
    if (this.#tags.length * slotWords * 2 > this.#slots.length) {
      this.#growSlots();
    }
    place(this.#slots, hash, this.#tags.length, keyStart, length);
    this.last = tag;
    this.#lastStart = keyStart;
    this.#lastLength = length;
  }

  #growKeys(size: number): void {
    const keys = this.#keys;
    if (size > keys.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * keys.byteLength));
      larger.set(new Uint8Array(keys.buffer));
      this.#keys = new DataView(larger.buffer);
    }
  }

  #growSlots(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += slotWords) {
      if (old[at + 1] !== 0) {
        place(slots, old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0);
      }
    }
    this.#slots = slots;
  }
}

/** In the first free place; where there is none, instead of another one. */
function place(slots: Int32Array, hash: number, index: number, start: number, length: number): void {
  const mask = slots.length - 1;
  const first = (hash << slotShift) & mask;
  let at = first;
  for (let tries = 1; slots[at + 1] !== 0; tries++) {
    if (tries === mostTries) {
      at = first;
      break;
    }
    at = (at + slotWords) & mask;
  }
  slots[at] = hash;
  slots[at + 1] = index;
  slots[at + 2] = start;
  slots[at + 3] = length;
}

/** Sixteen bytes at a time, since this is done for each message; the last sixteen may be some that were compared already. */
function same(keys: DataView, keyStart: number, view: DataView, start: number, end: number): boolean {
  const length = end - start;
  let i = 0;
  for (; i <= length - 16; i += 16) {
    if (!sameSixteen(keys, keyStart + i, view, start + i)) {
      return false;
    }
  }
  if (i === length) {
    return true;
  }
  if (length >= 16) {
    return sameSixteen(keys, keyStart + length - 16, view, end - 16);
  }
  for (; i < length; i++) {
    if (keys.getUint8(keyStart + i) !== view.getUint8(start + i)) {
      return false;
    }
  }
  return true;
}

function sameSixteen(a: DataView, i: number, b: DataView, k: number): boolean {
  return (
    ((a.getInt32(i, true) ^ b.getInt32(k, true)) |
      (a.getInt32(i + 4, true) ^ b.getInt32(k + 4, true)) |
      (a.getInt32(i + 8, true) ^ b.getInt32(k + 8, true)) |
      (a.getInt32(i + 12, true) ^ b.getInt32(k + 12, true))) ===
    0
  );
}
