// Lets a message that is over `chunk_size_limit` pass by without holding it, up to its option, which says how to ack it.
import { isArray } from '../msgpack/entries.ts';
import { needMore } from '../msgpack/skip.ts';
import { stringSpan } from '../msgpack/text.ts';
import { type Framer, noMessage } from './framer.ts';

/** Larger than this, an option is not waited for. */
const optionLimit = 65536;
/** No head of a msgpack value is longer. */
const longestHead = 18;
/** Takes the place of a token whose bytes have passed by. */
const standIn = Uint8Array.of(0xc0);

/** The element that is the option of the message at `base`, which may be unfinished; undefined where its mode cannot be known (yet). */
export function optionElement(framer: Framer, bytes: Uint8Array, base: number, to: number): number | undefined {
  if (framer.elements === noMessage) {
    return Number.POSITIVE_INFINITY;
  }
  const second = base + (framer.starts[1] as number);
  if (framer.elements < 2 || framer.element === 0 || second >= to) {
    return undefined;
  }
  return isArray(bytes[second] as number) || stringSpan(bytes, second, { start: 0, end: 0 }) ? 2 : 3;
}

export class Oversize {
  /** Up to where the bytes of the last `feed` are done with. */
  pos = 0;
  /** The option, once `feed` returned true; both 0 where there is none. */
  optionStart = 0;
  optionEnd = 0;
  readonly #framer: Framer;
  readonly #optionAt: number;
  /** Bytes of a token that are still to pass by. */
  #passing = 0;

  /** `framer` is in the middle of the message. */
  constructor(framer: Framer, optionAt: number) {
    this.#framer = framer;
    this.#optionAt = optionAt;
  }

  /** Takes more of the message; true at its end, false before it, or a code: the bytes are no msgpack, or the option is too large. */
  feed(bytes: Uint8Array, from: number, to: number): boolean | 'malformed' | 'large' {
    const framer = this.#framer;
    let base = from;
    if (this.#passing > 0) {
      const passed = Math.min(this.#passing, to - base);
      this.#passing -= passed;
      base += passed;
      this.pos = base;
      if (this.#passing > 0) {
        return false;
      }
      if (framer.next(standIn, 0, 1) >= 0) {
        return true;
      }
      framer.forget(1);
    }
    const next = framer.next(bytes, base, to);
    if (next >= 0) {
      this.pos = next;
      if (framer.elements > this.#optionAt) {
        this.optionStart = base + (framer.starts[this.#optionAt] as number);
        this.optionEnd = base + (framer.starts[this.#optionAt + 1] as number);
      }
      return true;
    }
    if (next !== needMore) {
      return 'malformed';
    }
    const inOption = framer.element >= this.#optionAt;
    const done = inOption ? (framer.starts[this.#optionAt] as number) : framer.walked;
    framer.forget(done);
    this.pos = base + done;
    if (inOption) {
      return to - this.pos > optionLimit ? 'large' : false;
    }
    if (to - this.pos >= longestHead) {
      this.#passing = this.pos + framer.want - to;
      this.pos = to;
    }
    return false;
  }
}
