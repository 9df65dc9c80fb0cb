// Finding, picking and counting in TypeScript: the specification of assembly/find.ts, pick.ts and count.ts, and what serves where there is no
// WebAssembly.
import type { SearchKernel } from './kernel-search.ts';
import { runSize } from './layout.ts';
import type { Memory } from './memory.ts';

export class PlainSearch implements SearchKernel {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  find(
    offsets: number,
    first: number,
    last: number,
    needle: number,
    size: number,
    _p: number,
    _q: number,
    bits: number,
    within: number,
  ): void {
    const { u8, u32 } = this.#memory;
    for (let event = first; event < last; event++) {
      if (within !== 0 && !this.#isSet(within, event)) {
        continue;
      }
      const stop = (u32[(offsets >> 2) + event + 1] as number) - size;
      for (let at = u32[(offsets >> 2) + event] as number; at <= stop; at++) {
        if (this.#matches(u8, at, needle, size)) {
          const word = (bits >> 2) + (event >> 5);
          u32[word] = (u32[word] as number) | (1 << (event & 31));
          break;
        }
      }
    }
  }

  pickLevels(levels: number, from: number, to: number, answers: number, bits: number): void {
    const { u8 } = this.#memory;
    this.#pick(from, to, bits, (row) => {
      const level = u8[levels + row] as number;
      return level < 16 && u8[answers + level] !== 0;
    });
  }

  pickFlags(flags: number, from: number, to: number, mask: number, bits: number): void {
    const { u8 } = this.#memory;
    this.#pick(from, to, bits, (row) => ((u8[flags + row] as number) & mask) !== 0);
  }

  pickNumbers(column: number, from: number, to: number, answers: number, yes: number, maybe: number): void {
    const { u8, u16 } = this.#memory;
    const answer = (row: number) => u8[answers + (u16[(column >> 1) + row] as number)] as number;
    this.#pick(from, to, yes, (row) => (answer(row) & 1) !== 0);
    this.#pick(from, to, maybe, (row) => answer(row) !== 0);
  }

  countNumbers(column: number, from: number, to: number, bits: number, by: number, table: number): void {
    const { u16 } = this.#memory;
    this.#count(from, to, bits, by, table, (row) => u16[(column >> 1) + row] as number);
  }

  countLevels(column: number, from: number, to: number, bits: number, by: number, table: number): void {
    const { u8 } = this.#memory;
    this.#count(from, to, bits, by, table, (row) => u8[column + row] as number);
  }

  countSeconds(
    seconds: number,
    origins: number,
    levels: number,
    from: number,
    to: number,
    bits: number,
    lanes: number,
    runs: number,
  ): number {
    const { u8, u16, u32 } = this.#memory;
    let run = (runs - runSize) >> 2;
    let count = 0;
    for (let row = from & ~31, end = (to + 31) & ~31; row < end; row++) {
      if (this.#isSet(bits, row)) {
        const lane = u8[lanes + (u16[(origins >> 1) + row] as number)] as number;
        const second = u32[(seconds >> 2) + row] as number;
        if (count === 0 || u32[run] !== lane || u32[run + 1] !== second) {
          run += runSize >> 2;
          count++;
          u32.set([lane, second, 0, 0, 0], run);
        }
        const level = u8[levels + row] as number;
        const kind = run + (level === 5 || level === 6 ? 2 : level === 4 ? 3 : 4);
        u32[kind] = (u32[kind] as number) + 1;
      }
    }
    return count;
  }

  #pick(from: number, to: number, bits: number, is: (row: number) => boolean): void {
    for (let base = from & ~31; base < to; base += 32) {
      let word = 0;
      for (let row = base; row < base + 32; row++) {
        word |= is(row) ? 1 << (row & 31) : 0;
      }
      this.#memory.u32[(bits + (base >> 3)) >> 2] = word;
    }
  }

  #count(from: number, to: number, bits: number, by: number, table: number, of: (row: number) => number): void {
    const { u32 } = this.#memory;
    for (let base = from & ~31; base < to; base += 32) {
      for (let row = base; row < base + 32; row++) {
        if (this.#isSet(bits, row)) {
          const at = (table >> 2) + of(row);
          u32[at] = (u32[at] as number) + by;
        }
      }
    }
  }

  #isSet(bits: number, row: number): boolean {
    return (((this.#memory.u32[(bits >> 2) + (row >> 5)] as number) >>> (row & 31)) & 1) === 1;
  }

  #matches(u8: Uint8Array, at: number, needle: number, size: number): boolean {
    for (let n = 0; n < size; n++) {
      if (((u8[at + n] as number) | (u8[needle + size + n] as number)) !== u8[needle + n]) {
        return false;
      }
    }
    return true;
  }
}
