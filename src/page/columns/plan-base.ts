// What all plans have in common: the bits of the events that a term surely holds for, and of those that it may hold for, which have to be read.
import type { Subject } from '../../live/query/compile.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { answersAt, bitsAt, maybeAt } from './layout.ts';

export interface Plan {
  /** Events that it holds for, and those that it holds for or may. Right for the rows of the last `look`. */
  readonly yes: Bits;
  readonly maybe: Bits;
  /** What looking costs: 0 a byte or two for each event, else bytes of lines; the less, the sooner it is looked at. */
  readonly cost: number;
  /** Looks at the rows from `from` to `to` - 1. What it says of rows that are not in `within` does not matter. */
  look(block: Block, from: number, to: number, within?: Bits): void;
}

/** The values of a field, as far as they have been read. */
export interface ReadValues {
  /** By number; undefined for events without a value, and with one that is not kept. */
  readonly names: readonly (string | undefined)[];
  numberOf(block: Block, row: number): number;
}

const nothing: Subject = {
  text: () => '',
  folded: () => '',
  field: () => undefined,
  level: () => undefined,
  time: () => 0,
};

/** A subject of which a query asks this only. */
export function subjectWith(part: Partial<Subject>): Subject {
  return { ...nothing, ...part };
}

export abstract class Base implements Plan {
  readonly yes: Bits;
  readonly maybe: Bits;
  readonly cost: number = 0;
  protected readonly columns: Columns;

  constructor(columns: Columns) {
    this.columns = columns;
    this.yes = new Uint32Array(columns.size.events / 32);
    this.maybe = new Uint32Array(columns.size.events / 32);
  }

  abstract look(block: Block, from: number, to: number, within?: Bits): void;

  /** The same for all rows: false, true, or undefined where they have to be read. */
  protected all(from: number, to: number, is: boolean | undefined): void {
    this.yes.fill(is === true ? 0xffffffff : 0, from >> 5, (to + 31) >> 5);
    this.maybe.fill(is === false ? 0 : 0xffffffff, from >> 5, (to + 31) >> 5);
  }

  /** Sets both from a column of shapes or origins: of each number an answer, 0 is no, 1 yes, 2 that it has to be read. */
  protected fillFrom(column: number, answers: Uint8Array, from: number, to: number): void {
    const { memory, kernel } = this.columns;
    memory.u8.set(answers, answersAt);
    kernel.pickNumbers(column, from, to, answersAt, bitsAt, maybeAt);
    this.take(this.yes, bitsAt, from, to);
    this.take(this.maybe, maybeAt, from, to);
  }

  /** Takes over bits that the kernel has written. */
  protected take(into: Bits, at: number, from: number, to: number): void {
    const first = from >> 5;
    into.set(this.columns.memory.u32.subarray((at >> 2) + first, (at >> 2) + ((to + 31) >> 5)), first);
  }
}
