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

/** By words, since it is done for each message whose tag is not the last one's. */
function slotOf(view: DataView, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let at = start;
  for (; at <= end - 4; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) {
    hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  }
  return (hash ^ (hash >>> 13)) & (slots - 1);
}

/** Sixteen bytes at a time, since this is done for each message. */
function same({ rawView }: Entry, view: DataView, start: number, end: number): boolean {
  const length = rawView.byteLength;
  if (length !== end - start) {
    return false;
  }
  let i = 0;
  for (; i <= length - 16; i += 16) {
    const at = start + i;
    if (
      (rawView.getInt32(i, true) ^ view.getInt32(at, true)) |
      (rawView.getInt32(i + 4, true) ^ view.getInt32(at + 4, true)) |
      (rawView.getInt32(i + 8, true) ^ view.getInt32(at + 8, true)) |
      (rawView.getInt32(i + 12, true) ^ view.getInt32(at + 12, true))
    ) {
      return false;
    }
  }
  for (; i < length; i++) {
    if (rawView.getUint8(i) !== view.getUint8(start + i)) {
      return false;
    }
  }
  return true;
}
