// Finds the Tag that belongs to the tag bytes of a message, so that a tag seen before costs no string. Bounded: tags are kept in two
// generations. When the young one is full it becomes the old one, whose tags are kept only where they come again; the rest is made again.
import type { Tag } from '../core/batch.ts';
import { TagGeneration } from './tag-generation.ts';

/** Longer tags are made each time. */
const longestKept = 1024;

export class TagTable {
  readonly #make: (raw: Uint8Array) => Tag;
  readonly #limit: number | undefined;
  readonly #forgot: ((count: number) => void) | undefined;
  #young: TagGeneration;
  #old: TagGeneration | undefined;
  /** Of the bytes that the last tag stood in: four of them are compared at a time. */
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * `make` turns the bytes that were sent into the tag that events get: a prefix is added there. It copies them. `limit`: see TagGeneration.
   * `forgot` hears how many tags are let go of, those among them that have come again too.
   */
  constructor(make: (raw: Uint8Array) => Tag, limit?: number, forgot?: (count: number) => void) {
    this.#make = make;
    this.#limit = limit;
    this.#forgot = forgot;
    this.#young = new TagGeneration(limit);
  }

  /** How many tags are kept. */
  get size(): number {
    return this.#young.size + (this.#old?.size ?? 0);
  }

  /** The tag whose bytes stand from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Tag {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const young = this.#young;
    if (young.isLast(view, start, end)) {
      return young.last;
    }
    const hash = hashOf(view, start, end);
    if (young.find(hash, view, start, end)) {
      return young.last;
    }
    const old = this.#old;
    const tag = old?.find(hash, view, start, end) === true ? old.last : this.#make(bytes.subarray(start, end));
    if (end - start <= longestKept) {
      this.#keep(hash, start, end, tag);
    }
    return tag;
  }

  #keep(hash: number, start: number, end: number, tag: Tag): void {
    if (this.#young.full) {
      if (this.#old !== undefined) {
        this.#forgot?.(this.#old.size);
      }
      this.#old = this.#young;
      this.#young = new TagGeneration(this.#limit);
    }
    this.#young.add(hash, this.#view, start, end, tag);
  }
}

/** By words, two of them at a time, since it is done for each message whose tag is not the last one's. */
function hashOf(view: DataView, start: number, end: number): number {
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
  return hash ^ (hash >>> 13);
}
