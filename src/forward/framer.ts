// Finds the messages of the forward protocol in a stream of msgpack, and where each of their elements begins. Nothing is decoded and nothing
// copied; what a message means is intake.ts. Protocol: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
import { needMore, Skip } from '../msgpack/skip.ts';
import type { Wasm } from '../msgpack/wasm.ts';

/** `Framer.elements` of a nil, which is a heartbeat, and of any other value that is no array. */
const heartbeat = -1;
export const noMessage = -2;

/** A message has at most four elements that mean something; `starts` holds one place more, for where the fourth ends. */
const places = 5;

/** Walks over one message after the other. */
export class Framer {
  /** Array length of the message found, or `heartbeat`, or `noMessage`. */
  elements = 0;
  /** Where its elements begin, then where the last of them ends; counted from the message's first byte. */
  readonly starts = new Float64Array(places);
  /** Of an unfinished message: up to where it must reach, as far as is known; counted from its first byte. */
  want = 0;
  /** Of an unfinished message: the element under way, -1 where the message's head is not whole yet. */
  element = -1;
  /** Of an unfinished message: up to where it is walked over; an unfinished token begins there. */
  walked = 0;
  readonly #skip = new Skip();
  readonly #wasm: Wasm | undefined;
  #inside = false;

  /** `wasm` walks over large elements where they stand in its memory. */
  constructor(wasm?: Wasm) {
    this.#wasm = wasm;
  }

  /**
   * The position after the message that begins at `base`, or a code of skip.ts. After `needMore` the next call takes the same message from
   * its first byte, with more bytes behind it, and does not walk over its beginning again.
   */
  next(bytes: Uint8Array, base: number, end: number): number {
    let pos = base + this.walked;
    if (this.element < 0) {
      pos = this.#head(bytes, base, end);
      if (pos < 0) {
        return needMore;
      }
      this.element = 0;
    }
    const count = this.elements < 0 ? 1 : this.elements;
    const starts = this.starts;
    const skip = this.#skip;
    let element = this.element;
    while (element < count) {
      if (!this.#inside && element < places) {
        starts[element] = pos - base;
      }
      if (pos >= end) {
        this.element = element;
        this.walked = pos - base;
        this.want = pos - base + 1;
        return needMore;
      }
      const next = skip.runLarge(this.#wasm, bytes, pos, end);
      if (next < 0) {
        this.element = element;
        this.#inside = true;
        this.walked = skip.at - base;
        this.want = skip.want - base;
        return next;
      }
      this.#inside = false;
      element++;
      pos = next;
    }
    if (count < places) {
      starts[count] = pos - base;
    }
    this.element = -1;
    this.walked = 0;
    return pos;
  }

  /** Of an unfinished message: its first `count` bytes, which are walked over or not a part of what is asked for, will not come again. */
  forget(count: number): void {
    this.walked -= count;
    this.want -= count;
    for (let i = 0; i < places; i++) {
      this.starts[i] = (this.starts[i] as number) - count;
    }
  }

  /** Reads the array's head; the position after it, the value's own for what is no array, or `needMore`. */
  #head(bytes: Uint8Array, base: number, end: number): number {
    const first = bytes[base] as number;
    if (first >= 0x90 && first <= 0x9f) {
      this.elements = first & 0x0f;
      return base + 1;
    }
    const size = first === 0xdc ? 3 : first === 0xdd ? 5 : 0;
    if (size === 0) {
      this.elements = first === 0xc0 ? heartbeat : noMessage;
      return base;
    }
    if (base + size > end) {
      this.want = size;
      return needMore;
    }
    this.elements = 0;
    for (let i = 1; i < size; i++) {
      this.elements = this.elements * 256 + (bytes[base + i] as number);
    }
    return base + size;
  }
}
