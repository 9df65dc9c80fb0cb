// What an input is: it listens or reads, makes batches, and hands them on.
import type { Options, Values } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import type { PluginContext } from './context.ts';

export interface InputContext extends PluginContext {
  readonly emit: Emit;
}

export interface Input {
  /** Resolves when it listens. */
  start(): Promise<void>;
  /** Stops reading, waits for pending emits and acks until `signal` aborts, then closes all. May be called twice. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface InputDefinition<O extends Options = Options> {
  readonly kind: 'input';
  /** As in the configuration's `@type`. */
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  create(context: InputContext, options: Values<O>): Input;
}

export function defineInput<const O extends Options>(definition: Omit<InputDefinition<O>, 'kind'>): InputDefinition<O> {
  return { kind: 'input', ...definition };
}
