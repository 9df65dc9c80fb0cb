// The kernel in TypeScript: the specification of assembly/, and what serves where there is no WebAssembly. The level of a line is what
// live/query says of its text. Finding, picking and counting are kernel-plain-search.ts.
import { EventSubject } from '../../live/query/event-subject.ts';
import { levelNumber } from '../../live/query/levels.ts';
import type { Kernel } from './kernel.ts';
import { PlainSearch } from './kernel-plain-search.ts';
import { type ContextField, contextFields, fine, levelOfLine, odd, scanned, slotHead } from './layout.ts';
import type { Memory } from './memory.ts';

export class PlainKernel extends PlainSearch implements Kernel {
  readonly #memory: Memory;
  readonly #subject = new EventSubject();
  #c = 0;

  constructor(memory: Memory) {
    super(memory);
    this.#memory = memory;
  }

  scan(context: number, start: number, end: number): number {
    this.#c = context >> 2;
    let at = start;
    let code: number = scanned.done;
    this.#set('asks', 0);
    while (at < end && code === scanned.done) {
      const next = this.#get('count') === this.#get('capacity') ? -1 : this.#take(at, end);
      if (next > 0) {
        at = next;
      } else {
        code = next < 0 ? scanned.full : scanned.slow;
      }
    }
    this.#set('at', at);
    return code;
  }

  /** Behind the event; 0 where it is left to who called, -1 where there is no room. */
  #take(at: number, end: number): number {
    const { u8 } = this.#memory;
    const isFine = u8[at] === 0x92 && u8[at + 1] === 0xd7 && u8[at + 2] === 0;
    if (!isFine && !(u8[at] === 0x92 && u8[at + 1] === 0xce)) {
      return 0;
    }
    const record = at + (isFine ? 11 : 6);
    for (let place = 0; place < 4; place++) {
      const shape = this.#candidate(place);
      const slot = this.#get('slots') + shape * this.#get('slotSize');
      const line = shape === 0 ? undefined : this.#line(record, end, slot);
      if (line === undefined) {
        continue;
      }
      const { from, to, next } = line;
      if (to - from > this.#get('longest') || u8[slot + 9] !== 0) {
        return 0;
      }
      if (this.#get('used') + to - from > this.#get('limit')) {
        return -1;
      }
      this.#first(shape, place);
      this.#put(from, to, shape, slot, isFine ? fine : 0);
      const row = this.#get('count');
      this.#column('seconds', row, this.#big32(at + (isFine ? 3 : 2)));
      this.#column('nanos', row, isFine ? this.#big32(at + 7) : 0);
      this.#set('count', row + 1);
      return next;
    }
    return 0;
  }

  /** Where the line stands if the record has the shape of that slot. */
  #line(record: number, end: number, slot: number): { from: number; to: number; next: number } | undefined {
    const { u8, u32 } = this.#memory;
    const before = u32[slot >> 2] as number;
    const after = u32[(slot >> 2) + 1] as number;
    const text = record + before;
    if (text >= end || !this.#same(record, slot + slotHead, before)) {
      return undefined;
    }
    const kind = u8[text] as number;
    const isShort = kind >= 0xa0 && kind < 0xc0;
    const width = isShort ? 0 : kind === 0xd9 ? 1 : kind === 0xda ? 2 : kind === 0xdb ? 4 : -1;
    if (width < 0) {
      return undefined;
    }
    let size = isShort ? kind & 31 : 0;
    for (let n = 1; n <= width; n++) {
      size = size * 256 + (u8[text + n] as number);
    }
    const from = text + 1 + width;
    const to = from + size;
    return to + after <= end && this.#same(to, slot + slotHead + before, after)
      ? { from, to, next: to + after }
      : undefined;
  }

  #put(from: number, to: number, shape: number, slot: number, flags: number): void {
    const { u8 } = this.#memory;
    const row = this.#get('count');
    const used = this.#get('used');
    u8.copyWithin(used, from, to);
    const named = u8[slot + 8] as number;
    this.#set('used', used + to - from);
    this.#column('offsets', row + 1, used + to - from);
    u8[this.#get('levels') + row] = named === levelOfLine ? this.#lineLevel(from, to) : named;
    u8[this.#get('flags') + row] = flags | (isOdd(u8, from, to) ? odd : 0);
    this.#memory.u16[(this.#get('shapes') >> 1) + row] = shape;
    this.#memory.u16[(this.#get('origins') >> 1) + row] = this.#get('origin');
  }

  #lineLevel(from: number, to: number): number {
    return levelNumber(this.#subject.levelOfLine(this.#memory.u8, from, to));
  }

  #candidate(place: number): number {
    return this.#memory.u16[(this.#get('candidates') >> 1) + place] as number;
  }

  /** The shape that fits comes first the next time. */
  #first(shape: number, place: number): void {
    const at = this.#get('candidates') >> 1;
    this.#memory.u16.copyWithin(at + 1, at, at + place);
    this.#memory.u16[at] = shape;
  }

  #same(a: number, b: number, size: number): boolean {
    const { u8 } = this.#memory;
    for (let n = 0; n < size; n++) {
      if (u8[a + n] !== u8[b + n]) {
        return false;
      }
    }
    return true;
  }

  #big32(at: number): number {
    const { u8 } = this.#memory;
    const low = ((u8[at + 1] as number) << 16) | ((u8[at + 2] as number) << 8) | (u8[at + 3] as number);
    return (u8[at] as number) * 0x1000000 + low;
  }

  #column(name: 'offsets' | 'seconds' | 'nanos', row: number, value: number): void {
    this.#memory.u32[(this.#get(name) >> 2) + row] = value;
  }

  #get(name: ContextField): number {
    return this.#memory.u32[this.#c + contextFields.indexOf(name)] as number;
  }

  #set(name: ContextField, value: number): void {
    this.#memory.u32[this.#c + contextFields.indexOf(name)] = value;
  }
}

/** Whether a line has colours, or one of the two signs outside ASCII whose lower case begins in it (İ and the sign of Kelvin). */
export function isOdd(u8: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = u8[at] as number;
    if (
      byte === 0x1b ||
      (byte === 0xc4 && at + 1 < to && u8[at + 1] === 0xb0) ||
      (byte === 0xe2 && at + 2 < to && u8[at + 1] === 0x84 && u8[at + 2] === 0xaa)
    ) {
      return true;
    }
  }
  return false;
}
