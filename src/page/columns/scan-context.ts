// The numbers that tell the kernel's `scan` about the block that it fills, and what it has done (layout.ts, `contextFields`).
import type { Block, BlockSize } from './block.ts';
import {
  type ContextField,
  candidatesAt,
  candidatesSize,
  context,
  contextFields,
  slotSize,
  slotsAt,
} from './layout.ts';
import type { Memory } from './memory.ts';

export class ScanContext {
  readonly #memory: Memory;

  constructor(memory: Memory, { events, slab }: BlockSize) {
    this.#memory = memory;
    this.#set('capacity', events);
    this.#set('slots', slotsAt);
    this.#set('slotSize', slotSize);
    this.#set('longest', slab >> 3);
  }

  /** Before a scan: events of that origin go into that block. */
  enter({ at, count, used }: Block, origin: number): void {
    this.#set('count', count);
    this.#set('used', used);
    this.#set('limit', at.limit);
    this.#set('offsets', at.offsets);
    this.#set('seconds', at.seconds);
    this.#set('nanos', at.nanos);
    this.#set('shapes', at.shapes);
    this.#set('origins', at.origins);
    this.#set('levels', at.levels);
    this.#set('flags', at.flags);
    this.#set('origin', origin);
    this.#set('candidates', candidatesAt + origin * candidatesSize);
  }

  /** Behind it: the block has what was taken. */
  leave(block: Block): void {
    block.count = this.#get('count');
    block.used = this.#get('used');
  }

  /** Where it stopped. */
  get at(): number {
    return this.#get('at');
  }

  /** Events whose level it could not tell. */
  get asks(): number {
    return this.#get('asks');
  }

  #get(name: ContextField): number {
    return this.#memory.u32[(context >> 2) + fieldAt[name]] as number;
  }

  #set(name: ContextField, value: number): void {
    this.#memory.u32[(context >> 2) + fieldAt[name]] = value;
  }
}

const fieldAt = Object.fromEntries(contextFields.map((name, n) => [name, n])) as Record<ContextField, number>;
