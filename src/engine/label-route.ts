// The way of a batch through one label: its filters in order, then the first match that fits. Which plug-ins those are is the graph's.
import type { Batch, Emit } from '../core/batch.ts';
import { both } from '../core/settle.ts';
import { Router, type RouterOptions, type Rule } from '../routing/router.ts';
import type { FilterNode } from './filter-node.ts';
import type { OutputNode } from './output-node.ts';

/** Where a batch was seen. */
export interface TapPlace {
  /** `@ROOT` is the top level. */
  readonly label: string;
  /** Whether a match takes it. */
  readonly matched: boolean;
}

/**
 * Sees each event once per match that takes charge of it, in every label, behind the filters, and those that no match takes. The batch is a
 * view, as for an output. It must not throw.
 */
export type Tap = (batch: Batch, place: TapPlace) => void;

export interface LabelRouteOptions extends RouterOptions {
  readonly tap?: Tap | undefined;
  /** Is told of what no match takes. */
  readonly unmatched: (batch: Batch, label: string) => void;
}

export class LabelRoute {
  readonly name: string;
  readonly #options: LabelRouteOptions;
  readonly #tap: Tap | undefined;
  readonly #taken: TapPlace;
  readonly #left: TapPlace;
  #router = new Router<FilterNode, OutputNode>([]);

  constructor(name: string, options: LabelRouteOptions) {
    this.name = name;
    this.#options = options;
    this.#tap = options.tap;
    this.#taken = { label: name, matched: true };
    this.#left = { label: name, matched: false };
  }

  /** The rules come after the labels, since outputs lead to labels. */
  setRules(rules: readonly Rule<FilterNode, OutputNode>[]): void {
    this.#router = new Router(rules, this.#options);
  }

  readonly emit: Emit = (batch) => {
    const { filters, match } = this.#router.route(batch.tag.text);
    return this.#pass(filters, 0, match, batch);
  };

  /** Sends a batch through the filters from number `index` on, and to the match. */
  #pass(
    filters: readonly FilterNode[],
    index: number,
    match: OutputNode | undefined,
    batch: Batch,
  ): Promise<void> | undefined {
    const filter = filters[index];
    if (filter === undefined) {
      return this.#deliver(match, batch);
    }
    const left = filter.run(batch);
    const waiting = filter.waiting();
    if (left === undefined) {
      return waiting;
    }
    try {
      return both(waiting, this.#pass(filters, index + 1, match, left));
    } finally {
      if (left !== batch) {
        filter.release();
      }
    }
  }

  #deliver(match: OutputNode | undefined, batch: Batch): Promise<void> | undefined {
    if (match === undefined) {
      this.#tap?.(batch, this.#left);
      this.#options.unmatched(batch, this.name);
      return undefined;
    }
    if (match.terminal) {
      this.#tap?.(batch, this.#taken);
    }
    return match.emit(batch);
  }
}
