// What an output is: it takes charge of batches.
import type { Options, Values } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import type { PluginContext } from './context.ts';

export interface Output {
  start?(): Promise<void>;
  /** Takes the batch, as `Emit` says. Bytes that are kept are copied before it returns. */
  readonly emit: Emit;
  /** Asked to by SIGUSR1: delivers what it holds back, and ends what it has open, so that something new begins. */
  flush?(): void;
  /** Delivers what it holds until `signal` aborts, then closes all. May be called twice. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Says what is wrong with an option, or with one in a section (`buffer.timekey`): what it is, and how to mend it. */
export type Refuse = (option: string, text: string, hint: string) => void;

export interface OutputDefinition<O extends Options = Options> {
  readonly kind: 'output';
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Refuses options that are fine each by itself, but not together. Nothing is made where something was refused. */
  check?(options: Values<O>, refuse: Refuse): void;
  create(context: PluginContext, options: Values<O>): Output;
}

export function defineOutput<const O extends Options>(
  definition: Omit<OutputDefinition<O>, 'kind'>,
): OutputDefinition<O> {
  return { kind: 'output', ...definition };
}
