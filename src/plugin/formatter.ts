// What a formatter is: events in msgpack bytes go in, text bytes come out.
import type { Element } from '../config/element.ts';
import type { Options, PluginChoice, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Batch } from '../core/batch.ts';
import type { PluginContext } from './context.ts';

/** A piece of memory that a formatter fills from `used` on. */
export interface OutputArea {
  readonly bytes: Uint8Array;
  used: number;
}

export interface Formatter {
  /**
   * Formats the events of `batch.entries` from byte `from` on, as many whole ones as fit into what is left of `area`.
   * Returns where the next event begins: `batch.entries.length` when all are done, `from` when not even one fitted.
   * An event that cannot be printed is counted, left out, and does not disturb its neighbours.
   */
  format(batch: Batch, from: number, area: OutputArea): number;
}

/** What a formatter has to know about where its text goes. */
export interface FormatTarget {
  /**
   * Control characters to escape: `nothing` (a file), `tags` (standard output: C0, DEL and C1 in tags), `all` (a terminal: in values too).
   */
  readonly escape: 'nothing' | 'tags' | 'all';
  /** Every event ends with exactly one newline, whatever `add_newline` says. */
  readonly lines: boolean;
  /** Whether people look at it in colour. */
  readonly color: boolean;
}

export const plainTarget: FormatTarget = { escape: 'nothing', lines: false, color: false };

export interface FormatterDefinition<O extends Options = Options> {
  readonly kind: 'formatter';
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  create(context: PluginContext, options: Values<O>, target: FormatTarget): Formatter;
}

export function defineFormatter<const O extends Options>(
  definition: Omit<FormatterDefinition<O>, 'kind'>,
): FormatterDefinition<O> {
  return { kind: 'formatter', ...definition };
}

/** Makes the formatter that a `p.plugin({ kind: 'formatter', … })` option chose. */
export function createFormatter(
  context: PluginContext,
  choice: PluginChoice,
  target: FormatTarget = plainTarget,
): Formatter {
  return (choice.definition as FormatterDefinition).create(context, choice.options, target);
}
