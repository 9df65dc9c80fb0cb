// What an output is: it takes charge of batches.
import type { Element } from '../config/element.ts';
import type { Options, PluginSection, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Emit } from '../core/batch.ts';
import type { PluginContext, Refuse } from './context.ts';

export interface OutputContext extends PluginContext {
  readonly refuse: Refuse;
  /** Hands events to the matches of the label that `@label` names; without one, of the label that the output stands in. */
  readonly emit: Emit;
  /** Makes the output of a `p.plugins({ kind: 'output', … })` section. The engine starts, watches and stops it; its emit never throws. */
  output(section: PluginSection): Emit;
}

export interface Output {
  start?(): Promise<void>;
  /** Takes the batch, as `Emit` says. Bytes that are kept are copied before it returns. */
  readonly emit: Emit;
  /** Asked to by SIGUSR1: delivers what it holds back, and ends what it has open, so that something new begins. */
  flush?(): void;
  /** Delivers what it holds until `signal` aborts, then closes all. May be called twice. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface OutputDefinition<O extends Options = Options> {
  readonly kind: 'output';
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Takes charge of nothing and hands every event, its tag as it is, to the matches of `@label`, which it needs. */
  readonly reroutes?: boolean;
  /**
   * Names of what only one output at a time may have open, as a file's path. Where a reload replaces an output, the new one with such a name
   * is started when the old one is done; what comes until then waits.
   */
  claims?(options: Values<O>): readonly string[];
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  create(context: OutputContext, options: Values<O>): Output;
}

export function defineOutput<const O extends Options>(
  definition: Omit<OutputDefinition<O>, 'kind'>,
): OutputDefinition<O> {
  return { kind: 'output', ...definition };
}
