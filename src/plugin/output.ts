// What an output is: it takes charge of batches.
import type { Options, Values } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import type { PluginContext } from './context.ts';

export interface Output {
  start?(): Promise<void>;
  /** Takes the batch, as `Emit` says. Bytes that are kept are copied before it returns. */
  readonly emit: Emit;
  /** Delivers what it holds until `signal` aborts, then closes all. May be called twice. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface OutputDefinition<O extends Options = Options> {
  readonly kind: 'output';
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  create(context: PluginContext, options: Values<O>): Output;
}

export function defineOutput<const O extends Options>(
  definition: Omit<OutputDefinition<O>, 'kind'>,
): OutputDefinition<O> {
  return { kind: 'output', ...definition };
}
