// Prints events on standard output. How they look is a formatter's business; that lines of several outputs stay whole and that a pipe which
// nobody reads stops the inputs is the writer's.
import { p } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import type { StreamWriter } from '../core/stream-writer.ts';
import type { PluginContext } from '../plugin/context.ts';
import { createFormatter } from '../plugin/formatter.ts';
import { createInjector, flatInject, flatInjectOptions, injectSection } from '../plugin/inject.ts';
import { defineOutput, type Output } from '../plugin/output.ts';
import { Printer } from '../plugin/printer.ts';

export default defineOutput({
  type: 'stdout',
  summary: 'Prints events on standard output.',
  options: {
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
    use_logger: p.bool({ desc: 'Through the log.', ignored: 'Events always go to standard output.' }),
    buffer: p.section({
      desc: 'A buffer.',
      options: {},
      ignored: 'Events are printed as they come; what waits is bounded by pending_limit.',
    }),
  },
  create(context, options) {
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
    return new StdoutOutput(context, new Printer(context, formatter, injector), options.pending_limit);
  },
});

class StdoutOutput implements Output {
  readonly #writer: StreamWriter;
  readonly #printer: Printer;
  readonly #limit: number;
  readonly #context: PluginContext;

  constructor(context: PluginContext, printer: Printer, limit: number) {
    this.#context = context;
    this.#writer = context.stdout;
    this.#printer = printer;
    this.#limit = limit;
  }

  readonly emit: Emit = (batch) => {
    if (this.#writer.failure !== undefined) {
      return Promise.reject(this.#writer.failure);
    }
    this.#printer.print(batch, this.#writer);
    return this.#writer.commit(batch.acks !== undefined, this.#limit);
  };

  async stop(signal: AbortSignal): Promise<void> {
    const left = await this.#writer.drain(signal);
    if (left > 0) {
      this.#context.log.warn({ bytes: left }, 'Standard output took not all lines before the end.');
    }
  }
}
