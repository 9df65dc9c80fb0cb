// A text as the kernel looks for it: bytes, with the two rarest of them. Letters outside ASCII that have two cases are left out: what is
// found then is looked at again.
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { bitsAt, longestNeedle, needleAt } from './layout.ts';
import { maskOf } from './tally.ts';

/** From the commonest on; what is not here is rare. */
const common = ' etaoinsrhldcumfpgwybvkxjqz0123456789=":/.-_,';

export class Needle {
  /** Whether a line has the text where its bytes are found, and only there. */
  readonly isExact: boolean;
  readonly #columns: Columns;
  readonly #bytes: Uint8Array;
  readonly #masks: Uint8Array;
  readonly #p: number;
  readonly #q: number;

  constructor(columns: Columns, word: string, fold: boolean) {
    this.#columns = columns;
    const part = fold ? longest(word.split(cased)) : word;
    const sure = part.isWellFormed() && !/[\r\n\ufffd]/.test(part);
    this.#bytes = new TextEncoder().encode(sure ? part : '');
    this.isExact = sure && part === word && this.#bytes.length <= longestNeedle;
    this.#masks = this.#bytes.map((byte) => (fold && byte >= 0x61 && byte <= 0x7a ? 0x20 : 0));
    const ranks = [...this.#bytes.keys()].sort((a, b) => this.#rank(b) - this.#rank(a));
    this.#p = ranks[0] ?? 0;
    this.#q = ranks[1] ?? this.#p;
  }

  #rank(at: number): number {
    const place = common.indexOf(String.fromCharCode(this.#bytes[at] as number).toLowerCase());
    return place < 0 ? common.length : place;
  }

  /** Sets the bits of rows that have it; those of all where it has no bytes to look for. */
  find(block: Block, from: number, to: number, into: Bits): void {
    const size = this.#bytes.length;
    if (size === 0 || size > longestNeedle) {
      into.fill(0xffffffff, from >> 5, (to + 31) >> 5);
      return;
    }
    this.#begin(from, to);
    this.#columns.kernel.find(block.at.offsets, from, to, needleAt, size, this.#p, this.#q, bitsAt);
    this.#end(from, to, into);
  }

  /** The same for those of `within` only; the bits of others are not set. */
  findWithin(block: Block, from: number, to: number, into: Bits, within: Bits): void {
    const size = this.#bytes.length;
    if (size === 0 || size > longestNeedle) {
      this.find(block, from, to, into);
      return;
    }
    this.#begin(from, to);
    for (let word = from >> 5; word << 5 < to; word++) {
      let left = (within[word] as number) & maskOf(word, from, to);
      while (left !== 0) {
        const row = (word << 5) + 31 - Math.clz32(left & -left);
        left &= left - 1;
        this.#columns.kernel.find(block.at.offsets, row, row + 1, needleAt, size, this.#p, this.#q, bitsAt);
      }
    }
    this.#end(from, to, into);
  }

  #begin(from: number, to: number): void {
    const { u8, u32 } = this.#columns.memory;
    u8.set(this.#bytes, needleAt);
    u8.set(this.#masks, needleAt + this.#bytes.length);
    u32.fill(0, (bitsAt >> 2) + (from >> 5), (bitsAt >> 2) + ((to + 31) >> 5));
  }

  #end(from: number, to: number, into: Bits): void {
    const words = bitsAt >> 2;
    into.set(this.#columns.memory.u32.subarray(words + (from >> 5), words + ((to + 31) >> 5)), from >> 5);
  }
}

/** Letters outside ASCII whose cases differ. */
const cased = /(?:(?!\p{ASCII})\p{Changes_When_Casemapped})+/u;

function longest(parts: readonly string[]): string {
  return parts.reduce((best, part) => (part.length > best.length ? part : best), '');
}
