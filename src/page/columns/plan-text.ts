// Plans that look at the lines: a word or a phrase, and a field, whose name the line then has at least.
import type { FieldNode } from '../../live/query/ast.ts';
import type { Query } from '../../live/query/compile.ts';
import { EventSubject } from '../../live/query/event-subject.ts';
import { Answers } from './answers.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { answersAt, bitsAt, joined, maybeAt, mostShapes, odd, plain } from './layout.ts';
import { Needle } from './needle.ts';
import { Base, type ReadValues, subjectWith } from './plan-base.ts';
import { maskOf } from './rows.ts';
import type { Shape } from './shapes.ts';

/** A word or a phrase. */
export class TextPlan extends Base {
  override readonly cost: number;
  readonly #needle: Needle;
  readonly #shapes: Answers<Shape>;

  constructor(columns: Columns, word: string, fold: boolean) {
    super(columns);
    this.#needle = new Needle(columns, word, fold);
    // The longer a text is, the less often it is found.
    this.cost = 100 - Math.min(50, word.length);
    this.#shapes = new Answers(mostShapes, columns.shapes, ({ text }) =>
      (fold ? text.toLowerCase() : text).includes(word),
    );
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    const { yes, maybe } = this;
    this.#needle.find(block, from, to, maybe, within);
    if (this.#needle.isExact) {
      yes.set(maybe.subarray(from >> 5, (to + 31) >> 5), from >> 5);
    } else {
      yes.fill(0, from >> 5, (to + 31) >> 5);
    }
    if (block.mixed) {
      this.#doubt(block, from, to);
    }
    const { list } = this.#shapes;
    if (this.#shapes.any) {
      this.#addShapes(block, list, from, to);
    }
  }

  /** Of colours, pieces and whole records the bytes of the line say nothing. */
  #doubt(block: Block, from: number, to: number): void {
    const { memory, kernel } = this.columns;
    kernel.pickFlags(block.at.flags, from, to, odd | joined | plain, maybeAt);
    for (let word = from >> 5; word << 5 < to; word++) {
      const unsure = memory.u32[(maybeAt >> 2) + word] as number;
      this.yes[word] = (this.yes[word] as number) & ~unsure;
      this.maybe[word] = (this.maybe[word] as number) | unsure;
    }
  }

  /** Shapes that have it beside the line. */
  #addShapes(block: Block, answers: Uint8Array, from: number, to: number): void {
    const { memory, kernel } = this.columns;
    memory.u8.set(answers, answersAt);
    kernel.pickNumbers(block.at.shapes, from, to, answersAt, bitsAt, maybeAt);
    for (let word = from >> 5; word << 5 < to; word++) {
      const sure = memory.u32[(bitsAt >> 2) + word] as number;
      this.yes[word] = (this.yes[word] as number) | sure;
      this.maybe[word] = (this.maybe[word] as number) | sure;
    }
  }
}

/** A field of the record, which its shape has, or of the line, which then has at least its name. */
export class FieldPlan extends Base {
  override readonly cost: number;
  readonly #shapes: Answers<Shape>;
  readonly #names: TextPlan;
  readonly #subject = new EventSubject();
  readonly #name: string;
  readonly #query: Query;
  readonly #read: (field: string) => ReadValues | undefined;
  /** Of values that have been read: by their number the value, and what was said of it. */
  readonly #asked: (string | undefined)[] = [];
  readonly #said: boolean[] = [];

  constructor(
    columns: Columns,
    node: FieldNode,
    query: Query,
    read: (field: string) => ReadValues | undefined = () => undefined,
  ) {
    super(columns);
    this.#name = node.name;
    this.#query = query;
    this.#read = read;
    const [first = node.name] = node.name.split('.');
    this.#names = new TextPlan(columns, first.toLowerCase(), true);
    this.cost = this.#names.cost + 100;
    this.#shapes = new Answers(mostShapes, columns.shapes, ({ sample }) => {
      if (sample === undefined) {
        return undefined;
      }
      this.#subject.view.set(sample);
      this.#subject.open(this.#subject.view.start, undefined);
      const value = this.#subject.recordField(node.name);
      const isSo = value === undefined ? undefined : query.accepts(subjectWith({ field: () => value }));
      this.#subject.view.forget();
      return isSo;
    });
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    this.fillFrom(block.at.shapes, this.#shapes.list, from, to);
    const { yes, maybe } = this;
    let unsure = 0;
    for (let word = from >> 5; word << 5 < to; word++) {
      unsure |= (maybe[word] as number) & ~(yes[word] as number);
    }
    if (unsure === 0) {
      return;
    }
    // What the shape does not say, the line may, if it has the field's name.
    this.#names.look(block, from, to, within);
    for (let word = from >> 5; word << 5 < to; word++) {
      maybe[word] = (yes[word] as number) | ((maybe[word] as number) & (this.#names.maybe[word] as number));
    }
    const values = this.#read(this.#name);
    if (values !== undefined) {
      this.#recall(values, block, from, to);
    }
  }

  /** Of a field that is a facet most values have been read already. */
  #recall(values: ReadValues, block: Block, from: number, to: number): void {
    const { yes, maybe } = this;
    for (let word = from >> 5; word << 5 < to; word++) {
      let left = (maybe[word] as number) & ~(yes[word] as number) & maskOf(word, from, to);
      while (left !== 0) {
        const bit = left & -left;
        left &= left - 1;
        const id = values.numberOf(block, (word << 5) + 31 - Math.clz32(bit));
        const value = values.names[id];
        if (value === undefined) {
          continue;
        }
        if (this.#asked[id] !== value) {
          this.#asked[id] = value;
          this.#said[id] = this.#query.accepts(subjectWith({ field: () => value }));
        }
        if (this.#said[id] === true) {
          yes[word] = (yes[word] as number) | bit;
        } else {
          maybe[word] = (maybe[word] as number) & ~bit;
        }
      }
    }
  }
}
