// Puts the text of batches into the areas of a writer: injects, formats, takes the next area when one is full. Shared by all outputs that
// write text; when it is written is theirs.
import type { Batch } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import { Skip } from '../msgpack/skip.ts';
import type { PluginContext } from './context.ts';
import type { Formatter, OutputArea } from './formatter.ts';
import type { Injector } from './inject.ts';

/** Where text goes. */
export interface TextSink {
  readonly area: OutputArea;
  /** The area is as full as it gets; returns another one, of at least `size` bytes. */
  nextArea(size?: number): OutputArea;
}

/** Text of one event longer than this is left out. */
const longestLine = 1 << 30;

export class Printer {
  readonly #context: PluginContext;
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;
  readonly #unprintable: Counter;

  constructor(context: PluginContext, formatter: Formatter, injector: Injector | undefined) {
    this.#context = context;
    this.#formatter = formatter;
    this.#injector = injector;
    this.#unprintable = context.counters.get('forebay_unprintable_events_total', { id: context.id });
  }

  print(batch: Batch, sink: TextSink): void {
    if (this.#injector === undefined) {
      this.#format(batch, sink);
      return;
    }
    for (let from = 0; from < batch.entries.length; ) {
      from = this.#injector.inject(batch, from);
      this.#format(this.#injector.edited ?? batch, sink);
      this.#injector.release();
    }
  }

  #format(batch: Batch, sink: TextSink): void {
    const end = batch.entries.length;
    let area = sink.area;
    for (let from = 0; from < end; ) {
      const wasEmpty = area.used === 0;
      const next = this.#formatter.format(batch, from, area);
      if (next === end) {
        return;
      }
      if (next > from || !wasEmpty) {
        area = sink.nextArea();
        from = next;
      } else if (area.bytes.length < longestLine) {
        area = sink.nextArea(area.bytes.length * 2);
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
      const event = { ...batch, entries: batch.entries.subarray(from, next), count: 1 };
      this.#context.refuse(event, error.code, error.fields);
    }
    return next;
  }
}
