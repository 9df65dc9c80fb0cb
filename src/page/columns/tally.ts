// Numbers of events by shape, origin and level, which all facets are made of.
import type { Bits, Block } from './block.ts';
import { mostOrigins, mostShapes } from './layout.ts';
import type { Memory } from './memory.ts';

export class Tally {
  readonly shapes = new Int32Array(mostShapes);
  readonly origins = new Int32Array(mostOrigins);
  readonly levels = new Int32Array(8);
  total = 0;

  clear(): void {
    this.shapes.fill(0);
    this.origins.fill(0);
    this.levels.fill(0);
    this.total = 0;
  }

  /** Adds the events of these rows whose bit is set, or takes them off; all where there are no bits. Pieces and markers are none. */
  add(memory: Memory, block: Block, bits: Bits | undefined, from: number, to: number, by: 1 | -1): void {
    const { u8, u16 } = memory;
    const at = block.at.levels;
    const shapesAt = block.at.shapes >> 1;
    const originsAt = block.at.origins >> 1;
    const { shapes, origins, levels } = this;
    // Events in a row often have the same shape and origin: they are added together.
    let shape = 0;
    let ofShape = 0;
    let origin = 0;
    let ofOrigin = 0;
    for (let word = from >> 5; word << 5 < to; word++) {
      let left = rowsOf(block, bits, word, from, to);
      while (left !== 0) {
        const row = (word << 5) + 31 - Math.clz32(left & -left);
        left &= left - 1;
        this.total += by;
        const level = u8[at + row] as number;
        levels[level] = (levels[level] as number) + by;
        const ownShape = u16[shapesAt + row] as number;
        if (ownShape !== shape) {
          shapes[shape] = (shapes[shape] as number) + ofShape;
          shape = ownShape;
          ofShape = 0;
        }
        ofShape += by;
        const ownOrigin = u16[originsAt + row] as number;
        if (ownOrigin !== origin) {
          origins[origin] = (origins[origin] as number) + ofOrigin;
          origin = ownOrigin;
          ofOrigin = 0;
        }
        ofOrigin += by;
      }
    }
    shapes[shape] = (shapes[shape] as number) + ofShape;
    origins[origin] = (origins[origin] as number) + ofOrigin;
  }
}

/** The rows of a word from `from` to `to` - 1 that are lines of their own, and have their bit set where there are bits. */
export function rowsOf(block: Block, bits: Bits | undefined, word: number, from: number, to: number): number {
  const rows = maskOf(word, from, to) & (bits === undefined ? -1 : (bits[word] as number));
  return block.special === undefined ? rows : rows & ~(block.special[word] as number);
}

/** The bits of a word that belong to these rows. */
export function maskOf(word: number, from: number, to: number): number {
  const base = word << 5;
  const low = from > base ? from - base : 0;
  const high = to < base + 32 ? to - base : 32;
  const upper = high === 32 ? 0xffffffff : (1 << high) - 1;
  return upper & ~((1 << low) - 1);
}
