// What a term of a query means for a block of columns: bits of the events that it surely holds for, and of those that it may hold for, which
// have to be read. Most terms are sure of all but lines with colours, pieces, and events that are kept whole.
import type { QueryNode } from '../../live/query/ast.ts';
import { folds, Query, type Subject } from '../../live/query/compile.ts';
import { EventSubject } from '../../live/query/event-subject.ts';
import { isOwnField } from '../../live/query/fields.ts';
import { levels } from '../../live/query/levels.ts';
import { bitCount } from '../view.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { joined, mostOrigins, mostShapes, odd, plain } from './layout.ts';
import { Needle } from './needle.ts';
import type { Origin } from './origins.ts';
import { others, type Shape } from './shapes.ts';
import { maskOf } from './tally.ts';

export interface Plan {
  /** Events that it holds for, and those that it holds for or may. Right for the rows of the last `look`. */
  readonly yes: Bits;
  readonly maybe: Bits;
  /** What looking costs: 0 a byte or two for each event, else bytes of lines; the less, the sooner it is looked at. */
  readonly cost: number;
  /** Looks at the rows from `from` to `to` - 1. What it says of rows that are not in `within` does not matter. */
  look(block: Block, from: number, to: number, within?: Bits): void;
}

/** Lines are looked at one by one where no more than one of so many matters. */
const few = 8;

/** `now`, ms since the epoch, is what `since:15m` counts back from. */
export function planOf(node: QueryNode, columns: Columns, now: number): Plan {
  switch (node.kind) {
    case 'text':
      return new TextPlan(columns, node.text, folds(node.text));
    case 'regex':
      return new AnyPlan(columns);
    case 'not':
      return new NotPlan(columns, planOf(node.node, columns, now));
    case 'and':
    case 'or':
      return new ManyPlan(
        columns,
        node.nodes.map((one) => planOf(one, columns, now)),
        node.kind === 'and',
      );
    default:
      return fieldPlan(node, columns, now);
  }
}

function fieldPlan(node: QueryNode & { readonly kind: 'field' }, columns: Columns, now: number): Plan {
  const query = new Query(node, now);
  const { name } = node;
  if (name === 'since' || name === 'until') {
    return new TimePlan(columns, query);
  }
  if (name === 'level') {
    return new LevelPlan(columns, query);
  }
  if (name === 'container' || name === 'source') {
    return new ShapePlan(columns, (shape) => {
      const value = name === 'container' ? shape.container : shape.source;
      // An event without the field is not one whose field is empty.
      const field = name === 'source' && value === '' ? undefined : value;
      return shape.id === others ? undefined : query.accepts(subjectWith({ field: () => field }));
    });
  }
  if (isOwnField(name)) {
    return new OriginPlan(columns, ({ tag, place }) =>
      query.accepts(
        subjectWith({
          field: () =>
            name === 'tag'
              ? tag
              : name === 'feed'
                ? place.listener
                : name === 'label'
                  ? place.label
                  : (place.name ?? place.address),
        }),
      ),
    );
  }
  return ['log', 'message', 'msg'].includes(name) ? new AnyPlan(columns) : new FieldPlan(columns, node, query);
}

const nothing: Subject = {
  text: () => '',
  folded: () => '',
  field: () => undefined,
  level: () => undefined,
  time: () => 0,
};

function subjectWith(part: Partial<Subject>): Subject {
  return { ...nothing, ...part };
}

abstract class Base implements Plan {
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

  /** The same for all rows. */
  protected all(from: number, to: number, is: boolean): void {
    this.yes.fill(is ? 0xffffffff : 0, from >> 5, (to + 31) >> 5);
    this.maybe.fill(is ? 0xffffffff : 0, from >> 5, (to + 31) >> 5);
  }

  /** Sets both from a column of small numbers: 0 is no, 1 yes, 2 that it has to be read. */
  protected fillFrom(
    column: Uint8Array | Uint16Array,
    at: number,
    answers: Uint8Array,
    from: number,
    to: number,
  ): void {
    const { yes, maybe } = this;
    for (let base = from & ~31; base < to; base += 32) {
      let sure = 0;
      let unsure = 0;
      const end = Math.min(to, base + 32);
      for (let row = Math.max(from, base); row < end; row++) {
        const answer = answers[column[at + row] as number] as number;
        sure |= (answer & 1) << (row & 31);
        unsure |= (answer >> 1) << (row & 31);
      }
      yes[base >> 5] = sure;
      maybe[base >> 5] = sure | unsure;
    }
  }

  /** Sets both from what is known of each row: false, true, or undefined where it has to be read. */
  protected fill(from: number, to: number, of: (row: number) => boolean | undefined): void {
    for (let base = from & ~31; base < to; base += 32) {
      let yes = 0;
      let maybe = 0;
      const end = Math.min(to, base + 32);
      for (let row = Math.max(from, base); row < end; row++) {
        const is = of(row);
        if (is !== false) {
          maybe |= 1 << (row & 31);
          yes |= is === true ? 1 << (row & 31) : 0;
        }
      }
      this.yes[base >> 5] = yes;
      this.maybe[base >> 5] = maybe;
    }
  }
}

/** Every event has to be read. */
class AnyPlan extends Base {
  override readonly cost = 1000;

  look(_block: Block, from: number, to: number): void {
    this.yes.fill(0, from >> 5, (to + 31) >> 5);
    this.maybe.fill(0xffffffff, from >> 5, (to + 31) >> 5);
  }
}

class NotPlan extends Base {
  override readonly cost: number;
  readonly #of: Plan;

  constructor(columns: Columns, of: Plan) {
    super(columns);
    this.#of = of;
    this.cost = of.cost;
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    this.#of.look(block, from, to, within);
    for (let word = from >> 5; word << 5 < to; word++) {
      this.yes[word] = ~(this.#of.maybe[word] as number);
      this.maybe[word] = ~(this.#of.yes[word] as number);
    }
  }
}

class ManyPlan extends Base {
  override readonly cost: number;
  readonly #of: readonly Plan[];
  readonly #all: boolean;

  constructor(columns: Columns, of: readonly Plan[], all: boolean) {
    super(columns);
    this.#of = of;
    this.#all = all;
    this.cost = of.reduce((sum, { cost }) => sum + cost, 0);
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    const start = this.#all ? 0xffffffff : 0;
    this.yes.fill(start, from >> 5, (to + 31) >> 5);
    this.maybe.fill(start, from >> 5, (to + 31) >> 5);
    for (const plan of this.#of) {
      plan.look(block, from, to, within);
      for (let word = from >> 5; word << 5 < to; word++) {
        const yes = plan.yes[word] as number;
        const maybe = plan.maybe[word] as number;
        this.yes[word] = this.#all ? (this.yes[word] as number) & yes : (this.yes[word] as number) | yes;
        this.maybe[word] = this.#all ? (this.maybe[word] as number) & maybe : (this.maybe[word] as number) | maybe;
      }
    }
  }
}

class TimePlan extends Base {
  readonly #query: Query;

  constructor(columns: Columns, query: Query) {
    super(columns);
    this.#query = query;
  }

  look(block: Block, from: number, to: number): void {
    const { u8, u32 } = this.columns.memory;
    const { oldest, newest } = block;
    let time = oldest * 1000;
    const subject = subjectWith({ time: () => time });
    // `since` and `until` each have one edge: what is so at both ends of the block's time is so in between.
    if (!block.mixed && oldest > 0) {
      const isFirst = this.#query.accepts(subject);
      time = newest * 1000 + 999.999_999;
      if (this.#query.accepts(subject) === isFirst) {
        this.all(from, to, isFirst);
        return;
      }
    }
    // Most events in a row have the same second.
    let second = -1;
    let nanos = -1;
    let answer = false;
    this.fill(from, to, (row) => {
      const own = u32[(block.at.seconds >> 2) + row] as number;
      const nsec = u32[(block.at.nanos >> 2) + row] as number;
      if (own !== second || nsec !== nanos) {
        second = own;
        nanos = nsec;
        time = second * 1000 + nanos / 1e6;
        answer = this.#query.accepts(subject);
      }
      const isOut = second === 0 || second === 0xffffffff;
      return isOut && ((u8[block.at.flags + row] as number) & plain) !== 0 ? undefined : answer;
    });
  }
}

class LevelPlan extends Base {
  /** 1 for each level that is asked for. */
  readonly #accepts: Uint8Array;

  constructor(columns: Columns, query: Query) {
    super(columns);
    this.#accepts = Uint8Array.from([undefined, ...levels.toReversed()], (level) =>
      query.accepts(subjectWith({ level: () => level })) ? 1 : 0,
    );
  }

  look(block: Block, from: number, to: number): void {
    const { u8 } = this.columns.memory;
    this.fillFrom(u8, block.at.levels, this.#accepts, from, to);
  }
}

/** Asks something once of each shape. */
class ShapeAnswers {
  /** 0 no, 1 yes, 2 it has to be read. */
  readonly answers = new Uint8Array(mostShapes);
  /** Whether any shape has another answer than no. */
  any = false;
  readonly #columns: Columns;
  readonly #ask: (shape: Shape) => boolean | undefined;
  readonly #asked: (Shape | undefined)[] = [];
  #version = -1;

  constructor(columns: Columns, question: (shape: Shape) => boolean | undefined) {
    this.#columns = columns;
    this.#ask = question;
  }

  update(): void {
    const { list, version } = this.#columns.shapes;
    if (version === this.#version) {
      return;
    }
    this.#version = version;
    for (const [id, shape] of list.entries()) {
      if (shape !== undefined && this.#asked[id] !== shape) {
        this.#asked[id] = shape;
        const is = this.#ask(shape);
        this.answers[id] = is === undefined ? 2 : is ? 1 : 0;
        this.any ||= is !== false;
      }
    }
  }
}

class ShapePlan extends Base {
  readonly #shapes: ShapeAnswers;

  constructor(columns: Columns, accepts: (shape: Shape) => boolean | undefined) {
    super(columns);
    this.#shapes = new ShapeAnswers(columns, accepts);
  }

  look(block: Block, from: number, to: number): void {
    this.#shapes.update();
    const { u16 } = this.columns.memory;
    if (this.#shapes.any) {
      this.fillFrom(u16, block.at.shapes >> 1, this.#shapes.answers, from, to);
    } else {
      this.all(from, to, false);
    }
  }
}

class OriginPlan extends Base {
  readonly #accepts: (origin: Origin) => boolean;
  readonly #answers = new Uint8Array(mostOrigins);
  readonly #asked: (Origin | undefined)[] = [];

  constructor(columns: Columns, accepts: (origin: Origin) => boolean) {
    super(columns);
    this.#accepts = accepts;
  }

  look(block: Block, from: number, to: number): void {
    const { origins, memory } = this.columns;
    this.fill(from, to, (row) => {
      const id = memory.u16[(block.at.origins >> 1) + row] as number;
      const origin = origins.get(id);
      if (this.#asked[id] !== origin) {
        this.#asked[id] = origin;
        this.#answers[id] = this.#accepts(origin) ? 1 : 0;
      }
      // What has no number of its own says its tag nowhere else.
      return id === 0 ? false : this.#answers[id] === 1;
    });
  }
}

/** A word or a phrase. */
class TextPlan extends Base {
  override readonly cost: number;
  readonly #needle: Needle;
  readonly #shapes: ShapeAnswers;

  constructor(columns: Columns, word: string, fold: boolean) {
    super(columns);
    this.#needle = new Needle(columns, word, fold);
    // The longer a text is, the less often it is found.
    this.cost = 100 - Math.min(50, word.length);
    this.#shapes = new ShapeAnswers(columns, ({ text }) => (fold ? text.toLowerCase() : text).includes(word));
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    const { u8, u16 } = this.columns.memory;
    const { yes, maybe } = this;
    const { isExact } = this.#needle;
    this.#shapes.update();
    if (within === undefined || countOf(within, from, to) * few > to - from) {
      this.#needle.find(block, from, to, maybe);
    } else {
      this.#needle.findWithin(block, from, to, maybe, within);
    }
    for (let word = from >> 5; word << 5 < to; word++) {
      yes[word] = isExact ? (maybe[word] as number) : 0;
    }
    const { any, answers } = this.#shapes;
    if (!any && !block.mixed) {
      return;
    }
    const flags = block.at.flags;
    const shapes = block.at.shapes >> 1;
    const readFlags = odd | joined | plain;
    for (let row = from; row < to; row++) {
      const mask = 1 << (row & 31);
      if (any && answers[u16[shapes + row] as number] === 1) {
        yes[row >> 5] = (yes[row >> 5] as number) | mask;
        maybe[row >> 5] = (maybe[row >> 5] as number) | mask;
      } else if (((u8[flags + row] as number) & readFlags) !== 0) {
        yes[row >> 5] = (yes[row >> 5] as number) & ~mask;
        maybe[row >> 5] = (maybe[row >> 5] as number) | mask;
      }
    }
  }
}

/** A field of the record, which its shape has, or of the line, which then has at least its name. */
class FieldPlan extends Base {
  override readonly cost: number;
  readonly #shapes: ShapeAnswers;
  readonly #names: TextPlan;
  readonly #subject = new EventSubject();

  constructor(columns: Columns, node: QueryNode & { readonly kind: 'field' }, query: Query) {
    super(columns);
    const [first = node.name] = node.name.split('.');
    this.#names = new TextPlan(columns, first.toLowerCase(), true);
    this.cost = this.#names.cost + 100;
    this.#shapes = new ShapeAnswers(columns, ({ sample }) => {
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
    this.#shapes.update();
    this.#names.look(block, from, to, within);
    const { u16 } = this.columns.memory;
    const { answers } = this.#shapes;
    const named = this.#names.maybe;
    this.fill(from, to, (row) => {
      const answer = answers[u16[(block.at.shapes >> 1) + row] as number];
      return answer === 2 ? (((named[row >> 5] as number) >>> (row & 31)) & 1 ? undefined : false) : answer === 1;
    });
  }
}

function countOf(bits: Bits, from: number, to: number): number {
  let sum = 0;
  for (let word = from >> 5; word << 5 < to; word++) {
    sum += bitCount((bits[word] as number) & maskOf(word, from, to));
  }
  return sum;
}
