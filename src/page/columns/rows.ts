// Bits of a block's events, a word for 32: which of them belong to rows, and handing them to the kernel.
import { bitCount } from '../view.ts';
import type { Bits, Block } from './block.ts';
import { rowsAt } from './layout.ts';
import type { Memory } from './memory.ts';

/** The bits of a word that belong to the rows from `from` to `to` - 1. */
export function maskOf(word: number, from: number, to: number): number {
  const base = word << 5;
  const low = from > base ? from - base : 0;
  const high = to < base + 32 ? to - base : 32;
  const upper = high === 32 ? 0xffffffff : (1 << high) - 1;
  return upper & ~((1 << low) - 1);
}

/** The rows of a word from `from` to `to` - 1 that are lines of their own, and have their bit set where there are bits. */
function rowsOf(block: Block, bits: Bits | undefined, word: number, from: number, to: number): number {
  const rows = maskOf(word, from, to) & (bits === undefined ? -1 : (bits[word] as number));
  return block.special === undefined ? rows : rows & ~(block.special[word] as number);
}

/** Hands these rows to the kernel to be counted, at `rowsAt`: pieces and markers are none. False where there are none. */
export function putRows(memory: Memory, block: Block, bits: Bits | undefined, from: number, to: number): boolean {
  const { u32 } = memory;
  let any = 0;
  for (let word = from >> 5; word << 5 < to; word++) {
    const rows = rowsOf(block, bits, word, from, to);
    u32[(rowsAt >> 2) + word] = rows;
    any |= rows;
  }
  return any !== 0;
}

/** How many of these rows have their bit set. */
export function countOf(bits: Bits, from: number, to: number): number {
  let sum = 0;
  for (let word = from >> 5; word << 5 < to; word++) {
    sum += bitCount((bits[word] as number) & maskOf(word, from, to));
  }
  return sum;
}
