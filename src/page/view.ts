// Which events are shown, by number and ascending: for each block of the columns its bits. Finds the event at a place, and the place of an
// event. Holds no event; knows nothing of rows.
import type { BlockView } from './wire.ts';

export class View {
  #blocks: BlockView[] = [];
  /** How many are shown before each block, and in all; undefined where it has to be counted anew. */
  #before: number[] | undefined;

  get length(): number {
    return this.#counts().at(-1) ?? 0;
  }

  /** The event at a place from 0 to length - 1. */
  at(index: number): number {
    const before = this.#counts();
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((before[middle] as number) <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const block = this.#blocks[low];
    return block === undefined ? -1 : block.first + nth(block, index - (before[low] as number));
  }

  /** The place of the first event that is not before `id`; `length` where all are. */
  place(id: number): number {
    const at = this.#blockAt(id);
    const block = this.#blocks[at];
    if (block === undefined) {
      return 0;
    }
    return (this.#counts()[at] as number) + shownBefore(block, Math.min(block.count, id - block.first));
  }

  has(id: number): boolean {
    const block = this.#blocks[this.#blockAt(id)];
    const row = id - (block?.first ?? 0);
    return block !== undefined && row >= 0 && row < block.count && (block.bits === undefined || isSet(block.bits, row));
  }

  clear(): void {
    this.#blocks = [];
    this.#before = undefined;
  }

  /** Takes a block in, in place of the one that was there. */
  put(view: BlockView): void {
    this.#before = undefined;
    const at = this.#blockAt(view.first);
    if (this.#blocks[at]?.first === view.first) {
      this.#blocks[at] = view;
    } else {
      this.#blocks.splice(at + 1, 0, view);
    }
  }

  /** Forgets the blocks that begin before `id`. */
  dropBefore(id: number): void {
    let gone = 0;
    while (gone < this.#blocks.length && (this.#blocks[gone] as BlockView).first < id) {
      gone++;
    }
    if (gone > 0) {
      this.#blocks.splice(0, gone);
      this.#before = undefined;
    }
  }

  /** The last block that begins at or before an event; -1 where none does. */
  #blockAt(id: number): number {
    let low = -1;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle] as BlockView).first <= id) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  #counts(): readonly number[] {
    if (this.#before === undefined) {
      let sum = 0;
      this.#before = this.#blocks.map(({ shown }) => {
        sum += shown;
        return sum - shown;
      });
      this.#before.push(sum);
    }
    return this.#before;
  }
}

function isSet(bits: Uint32Array, row: number): boolean {
  return (((bits[row >> 5] as number) >>> (row & 31)) & 1) === 1;
}

/** The row of the `n`th event that is shown. */
function nth({ bits, count }: BlockView, n: number): number {
  if (bits === undefined) {
    return Math.min(n, count - 1);
  }
  let left = n;
  for (let word = 0; word < bits.length; word++) {
    const own = bitCount(bits[word] as number);
    if (left < own) {
      let rest = bits[word] as number;
      for (; left > 0; left--) {
        rest &= rest - 1;
      }
      return (word << 5) + 31 - Math.clz32(rest & -rest);
    }
    left -= own;
  }
  return count - 1;
}

function shownBefore({ bits }: BlockView, row: number): number {
  if (bits === undefined || row <= 0) {
    return Math.max(0, row);
  }
  let sum = 0;
  for (let word = 0; word < row >> 5; word++) {
    sum += bitCount(bits[word] as number);
  }
  return (row & 31) === 0 ? sum : sum + bitCount((bits[row >> 5] as number) & ((1 << (row & 31)) - 1));
}

/** How many bits are set in a word. */
export function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
