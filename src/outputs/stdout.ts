// Prints events on standard output. How they look is a formatter's business; that lines of several outputs stay whole and that a pipe which
// nobody reads stops the inputs is the writer's.
import { p } from '../config/options.ts';
import type { Batch, Emit } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import type { StreamWriter } from '../core/stream-writer.ts';
import { Skip } from '../msgpack/skip.ts';
import type { PluginContext } from '../plugin/context.ts';
import { createFormatter, type Formatter } from '../plugin/formatter.ts';
import { createInjector, flatInject, flatInjectOptions, type Injector, injectSection } from '../plugin/inject.ts';
import { defineOutput, type Output } from '../plugin/output.ts';

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
    return new StdoutOutput(context, formatter, injector, options.pending_limit);
  },
});

/** Text of one event longer than this is left out. */
const longestLine = 1 << 30;

class StdoutOutput implements Output {
  readonly #writer: StreamWriter;
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;
  readonly #limit: number;
  readonly #context: PluginContext;
  readonly #unprintable: Counter;

  constructor(context: PluginContext, formatter: Formatter, injector: Injector | undefined, limit: number) {
    this.#context = context;
    this.#writer = context.stdout;
    this.#formatter = formatter;
    this.#injector = injector;
    this.#limit = limit;
    this.#unprintable = context.counters.get('forebay_unprintable_events_total', { id: context.id });
  }

  readonly emit: Emit = (batch) => {
    if (this.#writer.failure !== undefined) {
      return Promise.reject(this.#writer.failure);
    }
    if (this.#injector === undefined) {
      this.#print(batch);
    } else {
      for (let from = 0; from < batch.entries.length; ) {
        from = this.#injector.inject(batch, from);
        this.#print(this.#injector.edited ?? batch);
      }
    }
    return this.#writer.commit(batch.acks !== undefined, this.#limit);
  };

  async stop(signal: AbortSignal): Promise<void> {
    const left = await this.#writer.drain(signal);
    if (left > 0) {
      this.#context.log.warn({ bytes: left }, 'Standard output took not all lines before the end.');
    }
  }

  #print(batch: Batch): void {
    const end = batch.entries.length;
    let area = this.#writer.area;
    for (let from = 0; from < end; ) {
      const wasEmpty = area.used === 0;
      const next = this.#formatter.format(batch, from, area);
      if (next === end) {
        return;
      }
      if (next > from || !wasEmpty) {
        area = this.#writer.nextArea();
        from = next;
      } else if (area.bytes.length < longestLine) {
        area = this.#writer.nextArea(area.bytes.length * 2);
      } else {
        from = this.#leaveOut(batch, from);
      }
    }
  }

  /** Passes over an event whose text would not fit into any memory. */
  #leaveOut(batch: Batch, from: number): number {
    const next = new Skip().run(batch.entries, from, batch.entries.length);
    const error = new ForebayError('LINE_TOO_LONG', { limit: longestLine });
    this.#unprintable.value++;
    this.#context.log.warn({ tag: batch.tag.text, code: error.code }, error.message);
    return next < 0 ? batch.entries.length : next;
  }
}
