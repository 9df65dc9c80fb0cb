// The values of one field that a reader has made a facet: for each kept event a number that stands for its value, found once, and how many
// lines there are of each. Only so many values are told apart; the rest are counted together.
import { EventSubject } from '../../live/query/event-subject.ts';
import { bitCount } from '../view.ts';
import { Answers } from './answers.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { answersAt, bitsAt, maybeAt, mostShapes } from './layout.ts';
import type { ReadValues } from './plan-base.ts';
import { TextPlan } from './plan-text.ts';
import type { Reading } from './reading.ts';
import { maskOf } from './rows.ts';
import type { Shape } from './shapes.ts';

/** Values that are told apart, and letters of one: longer ones are no terms of a query that somebody would read. */
export const mostValues = 1000;
const longest = 200;
/** Numbers of an event that has no value, and of one whose value has no number of its own. */
const none = 0;
export const rest = 1;
const first = 2;
/** Values without a number before those that no line has any more are looked for again. */
const patience = 1000;

interface Column {
  readonly ids: Uint16Array;
  /** Rows that have been read: those below it. */
  done: number;
}

export class FieldValues implements ReadValues {
  readonly name: string;
  /** By number: the value, lines kept, and lines that pass the query but for what it asks of this very field. */
  readonly names: (string | undefined)[] = [undefined, undefined];
  readonly kept = new Int32Array(first + mostValues);
  readonly counts = new Int32Array(first + mostValues);
  readonly #columns: Columns;
  readonly #reading: Reading;
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #blocks = new Map<Block, Column>();
  /** What the shape says: events of others, which answer 2, have to be read. */
  readonly #ofShape: (string | undefined)[] = [];
  readonly #shapes: Answers<Shape>;
  /** Lines that have the field have its name; undefined where that says nothing. */
  readonly #named: TextPlan | undefined;
  readonly #open: Bits;
  readonly #subject = new EventSubject();
  #waiting = 0;

  constructor(name: string, columns: Columns, reading: Reading) {
    this.name = name;
    this.#columns = columns;
    this.#reading = reading;
    const [begin = name] = name.split('.');
    // A message may stand in a line without its name.
    this.#named = ['log', 'message', 'msg'].includes(name)
      ? undefined
      : new TextPlan(columns, begin.toLowerCase(), true);
    this.#open = new Uint32Array(columns.size.events / 32);
    this.#shapes = new Answers(mostShapes, columns.shapes, (shape) => {
      this.#ofShape[shape.id] = this.#valueOf(shape);
      return this.#ofShape[shape.id] === undefined ? undefined : false;
    });
  }

  /** Rows of a block that have been read. */
  done(block: Block): number {
    return this.#blocks.get(block)?.done ?? 0;
  }

  numberOf(block: Block, row: number): number {
    const column = this.#blocks.get(block);
    return column === undefined || row >= column.done ? none : (column.ids[row] as number);
  }

  /** Reads the next rows of a block, at most `most`; `shown` are those that pass all but the choice of this field. */
  read(block: Block, shown: Bits, most: number): void {
    const column = this.#columnOf(block);
    const from = column.done;
    const to = Math.min(block.count, from + most);
    this.#look(block, from, to);
    for (let row = from; row < to; row++) {
      // Counted at once: a number that no line has is given away.
      const id = isRow(block, row) ? this.#find(block, row) : none;
      column.ids[row] = id;
      this.kept[id] = (this.kept[id] as number) + (isRow(block, row) ? 1 : 0);
    }
    column.done = to;
    this.#add(this.counts, block, column, shown, from, to, 1);
  }

  /** Rows have passed the query, or pass it no more. */
  count(block: Block, shown: Bits, from: number, to: number, by: 1 | -1): void {
    const column = this.#blocks.get(block);
    if (column !== undefined) {
      this.#add(this.counts, block, column, shown, from, to, by);
    }
  }

  /** An event has changed; it is not counted among those that pass at this moment. */
  again(block: Block, row: number): void {
    const column = this.#blocks.get(block);
    if (column !== undefined && row < column.done) {
      this.#add(this.kept, block, column, undefined, row, row + 1, -1);
      this.#look(block, row, row + 1);
      column.ids[row] = this.#find(block, row);
      this.#add(this.kept, block, column, undefined, row, row + 1, 1);
    }
  }

  /** The block goes; what passed the query has been taken off. */
  gone(block: Block): void {
    const column = this.#blocks.get(block);
    if (column !== undefined) {
      this.#add(this.kept, block, column, undefined, 0, block.count, -1);
      this.#blocks.delete(block);
    }
  }

  #columnOf(block: Block): Column {
    let column = this.#blocks.get(block);
    if (column === undefined) {
      column = { ids: new Uint16Array(this.#columns.size.events), done: 0 };
      this.#blocks.set(block, column);
    }
    return column;
  }

  #add(
    into: Int32Array,
    block: Block,
    { ids, done }: Column,
    bits: Bits | undefined,
    from: number,
    to: number,
    by: 1 | -1,
  ): void {
    const end = Math.min(to, done);
    for (let word = from >> 5; word << 5 < end; word++) {
      let left = maskOf(word, from, end) & (bits === undefined ? -1 : (bits[word] as number));
      left &= block.special === undefined ? -1 : ~(block.special[word] as number);
      while (left !== 0) {
        const id = ids[(word << 5) + 31 - Math.clz32(left & -left)] as number;
        into[id] = (into[id] as number) + by;
        left &= left - 1;
      }
    }
  }

  /** Finds the rows whose shape does not say the value, and whose line may. */
  #look(block: Block, from: number, to: number): void {
    const { memory, kernel } = this.#columns;
    memory.u8.set(this.#shapes.list, answersAt);
    kernel.pickNumbers(block.at.shapes, from, to, answersAt, bitsAt, maybeAt);
    let any = 0;
    for (let word = from >> 5; word << 5 < to; word++) {
      const open = (memory.u32[(maybeAt >> 2) + word] as number) & maskOf(word, from, to);
      this.#open[word] = open;
      any += bitCount(open);
    }
    if (any > 0 && this.#named !== undefined) {
      this.#named.look(block, from, to, this.#open);
      for (let word = from >> 5; word << 5 < to; word++) {
        this.#open[word] = (this.#open[word] as number) & (this.#named.maybe[word] as number);
      }
    }
  }

  #find(block: Block, row: number): number {
    const isOpen = (((this.#open[row >> 5] as number) >>> (row & 31)) & 1) === 1;
    if (isOpen) {
      return this.#number(this.#reading.subject({ block, row }).field(this.name));
    }
    return this.#number(this.#ofShape[this.#columns.memory.u16[(block.at.shapes >> 1) + row] as number]);
  }

  #valueOf({ sample }: Shape): string | undefined {
    if (sample === undefined) {
      return undefined;
    }
    this.#subject.view.set(sample);
    this.#subject.open(this.#subject.view.start, undefined);
    const value = this.#subject.recordField(this.name);
    this.#subject.view.forget();
    return value;
  }

  #number(value: string | undefined): number {
    if (value === undefined || value === '') {
      return none;
    }
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      return known;
    }
    const id = value.length > longest ? rest : this.#room();
    if (id !== rest) {
      this.names[id] = value;
      this.#numbers.set(value, id);
    }
    return id;
  }

  #room(): number {
    if (this.names.length < first + mostValues) {
      return this.names.push(undefined) - 1;
    }
    if (this.#free.length === 0 && this.#waiting-- <= 0) {
      this.#waiting = patience;
      for (let id = first; id < this.names.length; id++) {
        const name = this.names[id];
        if (name !== undefined && this.kept[id] === 0) {
          this.#numbers.delete(name);
          this.names[id] = undefined;
          this.#free.push(id);
        }
      }
    }
    return this.#free.pop() ?? rest;
  }
}

function isRow({ special }: Block, row: number): boolean {
  return special === undefined || (((special[row >> 5] as number) >>> (row & 31)) & 1) === 0;
}
