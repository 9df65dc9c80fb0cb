// Finds the Tag that belongs to the tag bytes of a message, so that a tag seen before costs no string. Bounded: a tag that does not fit in
// is made again.
import type { Tag } from '../core/batch.ts';

/** Tags kept; a power of two. */
const slots = 8192;

interface Entry {
  readonly raw: Uint8Array;
  readonly rawView: DataView;
  readonly tag: Tag;
}

export class TagTable {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(slots).fill(undefined);
  readonly #make: (raw: Uint8Array) => Tag;
  #last: Entry | undefined;
  /** Of the bytes that the last tag stood in: four of them are compared at a time. */
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** `make` turns the bytes that were sent into the tag that events get: a prefix is added there. */
  constructor(make: (raw: Uint8Array) => Tag) {
    this.#make = make;
  }

  /** The tag whose bytes stand from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Tag {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const last = this.#last;
    if (last !== undefined && same(last, this.#view, start, end)) {
      return last.tag;
    }
    const slot = slotOf(this.#view, start, end);
    let entry = this.#entries[slot];
    if (entry === undefined || !same(entry, this.#view, start, end)) {
      const raw = bytes.slice(start, end);
      entry = { raw, rawView: new DataView(raw.buffer), tag: this.#make(raw) };
      this.#entries[slot] = entry;
    }
    this.#last = entry;
    return entry.tag;
  }
}

/** By words, two of them at a time, since it is done for each message whose tag is not the last one's. */
function slotOf(view: DataView, start: number, end: number): number {
  let one = 0x811c9dc5 ^ (end - start);
  let two = 0x01000193;
  let at = start;
  for (; at <= end - 8; at += 8) {
    one = Math.imul(one ^ view.getInt32(at, true), 0x85ebca6b);
    two = Math.imul(two ^ view.getInt32(at + 4, true), 0xc2b2ae35);
    one ^= one >>> 15;
    two ^= two >>> 13;
  }
  for (; at < end; at++) {
    one = Math.imul(one ^ view.getUint8(at), 0x01000193);
  }
  const hash = Math.imul(one ^ (one >>> 16) ^ two, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) & (slots - 1);
}

/** Sixteen bytes at a time, since this is done for each message; the last sixteen may be some that were compared already. */
function same({ rawView }: Entry, view: DataView, start: number, end: number): boolean {
  const length = rawView.byteLength;
  if (length !== end - start) {
    return false;
  }
  let i = 0;
  for (; i <= length - 16; i += 16) {
    if (!sameSixteen(rawView, i, view, start + i)) {
      return false;
    }
  }
  if (i === length) {
    return true;
  }
  if (length >= 16) {
    return sameSixteen(rawView, length - 16, view, end - 16);
  }
  for (; i < length; i++) {
    if (rawView.getUint8(i) !== view.getUint8(start + i)) {
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
