// What an input is: it listens or reads, makes batches, and hands them on.
import type { Element } from '../config/element.ts';
import type { Options, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Emit } from '../core/batch.ts';
import type { ByteBudget } from '../core/byte-budget.ts';
import type { UnfinishedBytes } from '../core/held.ts';
import type { ReadWindow } from '../core/read-window.ts';
import type { PluginContext } from './context.ts';

/** The memory that all inputs of the process share. */
export interface InputMemory {
  readonly window: ReadWindow;
  /** Bytes of messages whose rest has not come yet. */
  readonly unfinished: UnfinishedBytes;
  /** Bytes that were inflated and are not handed on yet. */
  readonly inflated: ByteBudget;
}

export interface InputContext extends PluginContext {
  readonly emit: Emit;
  readonly memory: InputMemory;
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
  /** Names of what only one input at a time may listen on. Where a reload replaces an input, the old one lets go of it first. */
  claims?(options: Values<O>): readonly string[];
  /** Reports what is wrong with options that are each right by themselves. Not called where one of them is not. */
  check?(options: Values<O>, element: Element, report: Report): void;
  create(context: InputContext, options: Values<O>): Input;
}

export function defineInput<const O extends Options>(definition: Omit<InputDefinition<O>, 'kind'>): InputDefinition<O> {
  return { kind: 'input', ...definition };
}
