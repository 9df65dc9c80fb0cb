// What a filter is: batches go in, and come out whole, with less in them, changed, or not at all.
import type { Element } from '../config/element.ts';
import type { Options, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Batch } from '../core/batch.ts';
import type { PluginContext, Refuse } from './context.ts';

export interface FilterContext extends PluginContext {
  readonly refuse: Refuse;
}

export interface Filter {
  start?(): Promise<void>;
  /**
   * What is left of the batch, which nobody writes to: the same object where nothing changes, another one (tag, origin and acks as they were)
   * where something does, undefined where no event is left. Bytes of its own that the other one views are not written to before
   * `release`: the same filter may be on the way of a batch twice. Events with a fault of their own are left out and handed to
   * `context.refuse`; a call that throws refuses the whole batch.
   */
  filter(batch: Batch): Batch | undefined;
  /** Nobody uses that other batch any more: of those that were given out, the last one. */
  release?(): void;
  /** What the last batch waits for, beside its outputs, before it counts as taken charge of. */
  readonly waiting?: Promise<void> | undefined;
  /** Delivers what it holds until `signal` aborts, then closes all. May be called twice. */
  stop?(signal: AbortSignal): Promise<void>;
}

export interface FilterDefinition<O extends Options = Options> {
  readonly kind: 'filter';
  /** As in the configuration's `@type`. */
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  create(context: FilterContext, options: Values<O>): Filter;
}

export function defineFilter<const O extends Options>(
  definition: Omit<FilterDefinition<O>, 'kind'>,
): FilterDefinition<O> {
  return { kind: 'filter', ...definition };
}
