// A filter of the running graph: counts what goes in and what it takes out; a batch that makes it throw is refused, and nothing else.
import type { Batch } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import type { Refuse } from '../plugin/context.ts';
import type { Filter } from '../plugin/filter.ts';
import type { Progress } from './progress.ts';

export interface FilterCounters {
  readonly events: Counter;
  readonly dropped: Counter;
}

export class FilterNode {
  readonly id: string;
  readonly filter: Filter;
  readonly #counters: FilterCounters;
  readonly #progress: Progress;
  readonly #refuse: Refuse;

  constructor(id: string, filter: Filter, counters: FilterCounters, progress: Progress, refuse: Refuse) {
    this.id = id;
    this.filter = filter;
    this.#counters = counters;
    this.#progress = progress;
    this.#refuse = refuse;
  }

  /** What is left of the batch; undefined where nothing is. */
  run(batch: Batch): Batch | undefined {
    let left: Batch | undefined;
    try {
      left = this.filter.filter(batch);
    } catch (error) {
      this.#refuse(batch, 'FILTER_FAILED', { reason: error instanceof Error ? error.message : String(error) });
    }
    const { events, dropped } = this.#counters;
    events.value += batch.count;
    if (left !== batch) {
      dropped.value += Math.max(0, batch.count - (left?.count ?? 0));
    }
    return left;
  }

  /** Nobody uses what `run` returned in place of its batch; what it returned last comes first. */
  release(): void {
    this.filter.release?.();
  }

  /** What the last batch waits for because of this filter. */
  waiting(): Promise<void> | undefined {
    const { waiting } = this.filter;
    if (waiting !== undefined) {
      this.#progress.track(waiting);
    }
    return waiting;
  }
}
