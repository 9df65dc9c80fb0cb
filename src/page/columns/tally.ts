// Numbers of events by shape, origin and level, which all facets are made of. They stand in the memory that the kernel counts into.
import type { Bits, Block } from './block.ts';
import type { KernelAndMemory } from './kernel.ts';
import { mostOrigins, mostShapes, rowsAt, talliesAt, tallyLevels, tallyOrigins, tallySize } from './layout.ts';
import { putRows } from './rows.ts';

export class Tally {
  readonly #in: KernelAndMemory;
  readonly #at: number;

  /** `slot` is its place in the memory, below `mostTallies`. */
  constructor(kernel: KernelAndMemory, slot: number) {
    this.#in = kernel;
    this.#at = talliesAt + slot * tallySize;
    this.clear();
  }

  /** Numbers by the id of a shape, by that of an origin, by level; until the memory grows. */
  get shapes(): Uint32Array {
    return this.#part(0, mostShapes);
  }

  get origins(): Uint32Array {
    return this.#part(tallyOrigins, mostOrigins);
  }

  get levels(): Uint32Array {
    return this.#part(tallyLevels, 8);
  }

  get total(): number {
    return this.levels.reduce((sum, count) => sum + count, 0);
  }

  clear(): void {
    this.#in.memory.u8.fill(0, this.#at, this.#at + tallySize);
  }

  /** Adds the events of these rows whose bit is set, or takes them off; all where there are no bits. Pieces and markers are none. */
  add(block: Block, bits: Bits | undefined, from: number, to: number, by: 1 | -1): void {
    if (putRows(this.#in.memory, block, bits, from, to)) {
      this.addRows(block, from, to, by);
    }
  }

  /** The same for the rows that the kernel has been handed. */
  addRows(block: Block, from: number, to: number, by: 1 | -1): void {
    const { kernel } = this.#in;
    const { shapes, origins, levels } = block.at;
    kernel.countNumbers(shapes, from, to, rowsAt, by, this.#at);
    kernel.countNumbers(origins, from, to, rowsAt, by, this.#at + tallyOrigins);
    kernel.countLevels(levels, from, to, rowsAt, by, this.#at + tallyLevels);
  }

  #part(offset: number, count: number): Uint32Array {
    const from = (this.#at + offset) >> 2;
    return this.#in.memory.u32.subarray(from, from + count);
  }
}
