// A text as the kernel looks for it: bytes, with the two rarest of them. Letters outside ASCII that have two cases are left out: what is
// found then is looked at again.
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { bitsAt, longestNeedle, needleAt, withinAt } from './layout.ts';
import { countOf } from './rows.ts';

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

  /**
   * Sets the bits of rows that have it; those of all where it has no bytes to look for. What it says of rows that are not in `within` does not
   * matter.
   */
  find(block: Block, from: number, to: number, into: Bits, within: Bits | undefined): void {
    const size = this.#bytes.length;
    const first = from >> 5;
    const end = (to + 31) >> 5;
    if (size === 0 || size > longestNeedle) {
      into.fill(0xffffffff, first, end);
      return;
    }
    const { memory, kernel } = this.#columns;
    const { u8, u32 } = memory;
    u8.set(this.#bytes, needleAt);
    u8.set(this.#masks, needleAt + size);
    u32.fill(0, (bitsAt >> 2) + first, (bitsAt >> 2) + end);
    let only = 0;
    if (within !== undefined && countOf(within, from, to) < to - from) {
      u32.set(within.subarray(first, end), (withinAt >> 2) + first);
      only = withinAt;
    }
    kernel.find(block.at.offsets, from, to, needleAt, size, this.#p, this.#q, bitsAt, only);
    into.set(u32.subarray((bitsAt >> 2) + first, (bitsAt >> 2) + end), first);
  }
}

/** Letters outside ASCII whose cases differ. */
const cased = /(?:(?!\p{ASCII})\p{Changes_When_Casemapped})+/u;

function longest(parts: readonly string[]): string {
  return parts.reduce((best, part) => (part.length > best.length ? part : best), '');
}
