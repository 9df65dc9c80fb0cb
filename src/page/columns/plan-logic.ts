// Plans of plans: not, and, or; the one that all pass, and the one that knows nothing. What one term has decided, the next need not look at.
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { Base, type Plan } from './plan-base.ts';

/** Every event passes. */
export class AllPlan extends Base {
  look(_block: Block, from: number, to: number): void {
    this.all(from, to, true);
  }
}

/** Every event has to be read. */
export class AnyPlan extends Base {
  look(_block: Block, from: number, to: number): void {
    this.all(from, to, undefined);
  }
}

export class NotPlan extends Base {
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

export class ManyPlan extends Base {
  override readonly cost: number;
  /** Those that cost little come first. */
  readonly #of: readonly Plan[];
  readonly #all: boolean;
  readonly #left: Bits;

  constructor(columns: Columns, of: readonly Plan[], all: boolean) {
    super(columns);
    this.#of = of.toSorted((a, b) => a.cost - b.cost);
    this.#all = all;
    this.#left = new Uint32Array(this.yes.length);
    this.cost = of.reduce((sum, { cost }) => sum + cost, 0);
  }

  look(block: Block, from: number, to: number, within?: Bits): void {
    const left = this.#left;
    this.all(from, to, this.#all);
    for (const [n, plan] of this.#of.entries()) {
      let any = 0;
      for (let word = from >> 5; word << 5 < to; word++) {
        const open = this.#all ? (this.maybe[word] as number) : ~(this.yes[word] as number);
        left[word] = open & (within === undefined ? -1 : (within[word] as number));
        any |= left[word] as number;
      }
      if (any === 0) {
        break;
      }
      plan.look(block, from, to, n === 0 ? within : left);
      for (let word = from >> 5; word << 5 < to; word++) {
        // Of rows that were not asked for it says nothing.
        const asked = left[word] as number;
        const yes = plan.yes[word] as number;
        const maybe = plan.maybe[word] as number;
        if (this.#all) {
          this.yes[word] = (this.yes[word] as number) & (yes | ~asked);
          this.maybe[word] = (this.maybe[word] as number) & (maybe | ~asked);
        } else {
          this.yes[word] = (this.yes[word] as number) | (yes & asked);
          this.maybe[word] = (this.maybe[word] as number) | (maybe & asked);
        }
      }
    }
  }
}
