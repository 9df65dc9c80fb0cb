// Prints batches on standard output, for the output and the filter of that name, and declares the options that say how. That lines stay whole and
// that a pipe which nobody reads stops the inputs is the writer's.
import { type Options, p, type Values } from '../config/options.ts';
import type { Batch } from '../core/batch.ts';
import type { StreamWriter } from '../files/stream-writer.ts';
import type { PluginContext } from './context.ts';
import { createFormatter } from './formatter.ts';
import { createInjector, flatInject, flatInjectOptions, injectSection } from './inject.ts';
import { Printer } from './printer.ts';

export const printerOptions = {
  format: p.plugin({ desc: 'How an event is printed.', kind: 'formatter', default: 'stdout' }),
  inject: injectSection,
  ...flatInjectOptions,
  output_type: p.string({
    desc: "The stdout formatter's output_type.",
    deprecated: 'Write it into a <format> section.',
  }),
  pending_limit: p.size({
    desc: 'When more bytes than this wait to be written, the inputs wait too.',
    default: '4m',
  }),
} satisfies Options;

/** Throws what a formatter throws that cannot be made. */
export function createStdoutPrinter(context: PluginContext, options: Values<typeof printerOptions>): StdoutPrinter {
  const choice =
    options.output_type === undefined || options.format.type !== 'stdout'
      ? options.format
      : { ...options.format, options: { ...options.format.options, output_type: options.output_type } };
  const { terminal } = context.stdout;
  const { NO_COLOR = '' } = process.env;
  const formatter = createFormatter(context, choice, {
    escape: terminal ? 'all' : 'tags',
    lines: true,
    color: terminal && NO_COLOR === '',
  });
  const injector = createInjector(context, options.inject ?? flatInject(options));
  return new StdoutPrinter(context, new Printer(context, formatter, injector), options.pending_limit);
}

export class StdoutPrinter {
  readonly #context: PluginContext;
  readonly #writer: StreamWriter;
  readonly #printer: Printer;
  readonly #limit: number;

  constructor(context: PluginContext, printer: Printer, limit: number) {
    this.#context = context;
    this.#writer = context.stdout;
    this.#printer = printer;
    this.#limit = limit;
  }

  /** Prints all events of the batch. With `wait` there is a promise until they are written, without only while too much waits. */
  print(batch: Batch, wait: boolean): Promise<void> | undefined {
    if (this.#writer.failure !== undefined) {
      return Promise.reject(this.#writer.failure);
    }
    this.#printer.print(batch, this.#writer);
    return this.#writer.commit(wait, this.#limit);
  }

  /** Waits until all is written, or `signal` aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    const left = await this.#writer.drain(signal);
    if (left > 0) {
      this.#context.log.warn({ bytes: left }, 'Standard output took not all lines before the end.');
    }
  }
}
