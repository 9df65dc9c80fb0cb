// Prints batches on standard output, for the output and the filter of that name: the options that say how, and the loop that fills the writer's
// areas. That lines stay whole and that a pipe which nobody reads stops the inputs is the writer's.
import { type Options, p, type Values } from '../config/options.ts';
import type { Batch } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import type { StreamWriter } from '../core/stream-writer.ts';
import { Skip } from '../msgpack/skip.ts';
import type { PluginContext } from './context.ts';
import { createFormatter, type Formatter } from './formatter.ts';
import { createInjector, flatInject, flatInjectOptions, type Injector, injectSection } from './inject.ts';

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
export function createPrinter(context: PluginContext, options: Values<typeof printerOptions>): Printer {
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
  return new Printer(context, formatter, injector, options.pending_limit);
}

/** Text of one event longer than this is left out. */
const longestLine = 1 << 30;

export class Printer {
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

  /** Prints all events of the batch. With `wait` there is a promise until they are written, without only while too much waits. */
  print(batch: Batch, wait: boolean): Promise<void> | undefined {
    if (this.#writer.failure !== undefined) {
      return Promise.reject(this.#writer.failure);
    }
    if (this.#injector === undefined) {
      this.#format(batch);
    } else {
      for (let from = 0; from < batch.entries.length; ) {
        from = this.#injector.inject(batch, from);
        this.#format(this.#injector.edited ?? batch);
      }
    }
    return this.#writer.commit(wait, this.#limit);
  }

  /** Waits until all is written, or `signal` aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    const left = await this.#writer.drain(signal);
    if (left > 0) {
      this.#context.log.warn({ bytes: left }, 'Standard output took not all lines before the end.');
    }
  }

  #format(batch: Batch): void {
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
    const found = new Skip().run(batch.entries, from, batch.entries.length);
    const next = found < 0 ? batch.entries.length : found;
    const error = new ForebayError('LINE_TOO_LONG', { limit: longestLine });
    this.#unprintable.value++;
    if (this.#context.refuse === undefined) {
      this.#context.log.warn({ tag: batch.tag.text, code: error.code }, error.message);
    } else {
      this.#context.refuse(
        { ...batch, entries: batch.entries.subarray(from, next), count: 1 },
        error.code,
        error.fields,
      );
    }
    return next;
  }
}
