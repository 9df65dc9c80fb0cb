// Plans that look at columns of numbers: times, levels, shapes, origins. What is asked is asked once of each number, not of each event.
import type { Query } from '../../live/query/compile.ts';
import { levels } from '../../live/query/levels.ts';
import { Answers } from './answers.ts';
import type { Block } from './block.ts';
import type { Columns } from './columns.ts';
import { answersAt, bitsAt, mostOrigins, mostShapes, plain } from './layout.ts';
import { type Origin, others } from './origins.ts';
import { Base, subjectWith } from './plan-base.ts';
import type { Shape } from './shapes.ts';

export class TimePlan extends Base {
  readonly #query: Query;

  constructor(columns: Columns, query: Query) {
    super(columns);
    this.#query = query;
  }

  look(block: Block, from: number, to: number): void {
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
    const { u8, u32 } = this.columns.memory;
    // Most events in a row have the same second.
    let second = -1;
    let nanos = -1;
    let answer = false;
    for (let base = from & ~31; base < to; base += 32) {
      let yes = 0;
      let maybe = 0;
      const end = Math.min(to, base + 32);
      for (let row = Math.max(from, base); row < end; row++) {
        const own = u32[(block.at.seconds >> 2) + row] as number;
        const nsec = u32[(block.at.nanos >> 2) + row] as number;
        if (own !== second || nsec !== nanos) {
          second = own;
          nanos = nsec;
          time = second * 1000 + nanos / 1e6;
          answer = this.#query.accepts(subject);
        }
        const mask = 1 << (row & 31);
        const isOut = second === 0 || second === 0xffffffff;
        if (isOut && ((u8[block.at.flags + row] as number) & plain) !== 0) {
          maybe |= mask;
        } else if (answer) {
          yes |= mask;
          maybe |= mask;
        }
      }
      this.yes[base >> 5] = yes;
      this.maybe[base >> 5] = maybe;
    }
  }
}

export class LevelPlan extends Base {
  /** 1 for each level that is asked for. */
  readonly #accepts = new Uint8Array(16);

  constructor(columns: Columns, query: Query) {
    super(columns);
    for (const [number, level] of [undefined, ...levels.toReversed()].entries()) {
      this.#accepts[number] = query.accepts(subjectWith({ level: () => level })) ? 1 : 0;
    }
  }

  look(block: Block, from: number, to: number): void {
    const { memory, kernel } = this.columns;
    memory.u8.set(this.#accepts, answersAt);
    kernel.pickLevels(block.at.levels, from, to, answersAt, bitsAt);
    this.take(this.yes, bitsAt, from, to);
    this.take(this.maybe, bitsAt, from, to);
  }
}

export class ShapePlan extends Base {
  readonly #answers: Answers<Shape>;

  constructor(columns: Columns, accepts: (shape: Shape) => boolean | undefined) {
    super(columns);
    this.#answers = new Answers(mostShapes, columns.shapes, accepts);
  }

  look(block: Block, from: number, to: number): void {
    const { list, any } = this.#answers;
    if (any) {
      this.fillFrom(block.at.shapes, list, from, to);
    } else {
      this.all(from, to, false);
    }
  }
}

export class OriginPlan extends Base {
  readonly #answers: Answers<Origin>;

  constructor(columns: Columns, accepts: (origin: Origin) => boolean) {
    super(columns);
    // What has no number of its own says its tag nowhere else.
    this.#answers = new Answers(mostOrigins, columns.origins, (origin) => origin.id !== others && accepts(origin));
  }

  look(block: Block, from: number, to: number): void {
    const { list, any } = this.#answers;
    if (any) {
      this.fillFrom(block.at.origins, list, from, to);
    } else {
      this.all(from, to, false);
    }
  }
}
