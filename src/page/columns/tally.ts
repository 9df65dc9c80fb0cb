// Numbers of events by shape, origin and level, which all facets are made of.
import type { Bits, Block } from './block.ts';
import { folded, marked, mostOrigins, mostShapes } from './layout.ts';
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
    const { flags, levels } = block.at;
    const shapesAt = block.at.shapes >> 1;
    const originsAt = block.at.origins >> 1;
    const { shapes, origins } = this;
    for (let row = from; row < to; row++) {
      if (
        ((u8[flags + row] as number) & (folded | marked)) === 0 &&
        (bits === undefined || (((bits[row >> 5] as number) >>> (row & 31)) & 1) === 1)
      ) {
        this.total += by;
        this.levels[u8[levels + row] as number] = (this.levels[u8[levels + row] as number] as number) + by;
        const shape = u16[shapesAt + row] as number;
        shapes[shape] = (shapes[shape] as number) + by;
        const origin = u16[originsAt + row] as number;
        origins[origin] = (origins[origin] as number) + by;
      }
    }
  }
}
