// The blocks that are kept, in slabs of the memory: a ring, of which the oldest block goes when there are too many events or bytes. What stands
// in the blocks is columns.ts's.
import { Block, type BlockSize } from './block.ts';
import { slabsAt } from './layout.ts';
import type { Memory } from './memory.ts';

export interface RingLimits {
  readonly events: number;
  /** Of slabs, and of events that are too large for one. */
  readonly bytes: number;
}

export interface Where {
  readonly block: Block;
  readonly row: number;
}

export class Ring {
  /** The oldest first. */
  readonly blocks: Block[] = [];
  /** The number of the oldest event kept, and of the one that comes next. */
  first = 0;
  next = 0;
  readonly #memory: Memory;
  readonly #size: BlockSize;
  #limits: RingLimits;
  readonly #gone: (block: Block) => void;
  /** Addresses of slabs that no block has. */
  readonly #free: number[] = [];
  #slabs = 0;
  #outside = 0;

  /** `gone` is told of each block that goes, while its columns are still there. */
  constructor(memory: Memory, size: BlockSize, limits: RingLimits, gone: (block: Block) => void) {
    this.#memory = memory;
    this.#size = size;
    this.#limits = limits;
    this.#gone = gone;
  }

  /** Bytes of memory that events have. */
  get bytes(): number {
    return this.blocks.length * this.#size.slab + this.#outside;
  }

  /** The block that has room for one event at least. */
  room(): Block {
    const block = this.blocks.at(-1);
    return block === undefined || block.count === this.#size.events ? this.begin() : block;
  }

  /** Another block, for the events from `next` on. */
  begin(): Block {
    this.#trim(0);
    let address = this.#free.pop();
    if (address === undefined) {
      const end = slabsAt + (this.#slabs + 1) * this.#size.slab;
      if (this.#memory.reserve(end)) {
        address = end - this.#size.slab;
        this.#slabs++;
      } else {
        this.#dropFirst();
        address = this.#free.pop() ?? slabsAt;
      }
    }
    const block = new Block(this.next, address, this.#size, this.#memory);
    this.blocks.push(block);
    return block;
  }

  /** Keeps a whole event beside its block. */
  putOutside(block: Block, row: number, event: Uint8Array): void {
    block.outside.set(row, event);
    block.outsideBytes += event.length;
    this.#outside += event.length;
  }

  /** Keeps so much from now on; what is too much goes at once, the newest block stays. */
  keep(limits: RingLimits): void {
    this.#limits = limits;
    this.#trim(1);
  }

  /** Where the event is; undefined where it is kept no more. */
  where(id: number): Where | undefined {
    if (id < this.first || id >= this.next) {
      return undefined;
    }
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.blocks[middle] as Block).first <= id) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const block = this.blocks[low] as Block;
    return { block, row: id - block.first };
  }

  /** The numbers below `most`, but 0, that no kept event has, of shapes or origins. */
  unused(name: 'shapes' | 'origins', most: number): number[] {
    const used = new Uint8Array(most);
    for (const block of this.blocks) {
      const from = block.at[name] >> 1;
      for (let row = 0; row < block.count; row++) {
        used[this.#memory.u16[from + row] as number] = 1;
      }
    }
    return [...used.keys()].filter((id) => id > 0 && used[id] === 0);
  }

  /** Makes room for one block more, as long as there are more than `least`. */
  #trim(least: number): void {
    const { events, bytes } = this.#limits;
    while (
      this.blocks.length > least &&
      (this.next - this.first + this.#size.events > events || this.bytes + this.#size.slab > bytes)
    ) {
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    const block = this.blocks.shift();
    if (block !== undefined) {
      this.#gone(block);
      this.first = block.first + block.count;
      this.#outside -= block.outsideBytes;
      this.#free.push(block.address);
    }
  }
}
