// Prints events on standard output on their way, and lets all of them pass. An ack does not wait for the print, but the inputs do where
// nobody reads it.
import type { Batch } from '../core/batch.ts';
import { defineFilter, type Filter } from '../plugin/filter.ts';
import { checkInject } from '../plugin/inject.ts';
import { createStdoutPrinter, printerOptions, type StdoutPrinter } from '../plugin/stdout-printer.ts';

export default defineFilter({
  type: 'stdout',
  summary: 'Prints events on standard output and passes them on.',
  options: printerOptions,
  check(options, element, report) {
    checkInject(options.inject, element, report);
  },
  create(context, options) {
    return new StdoutFilter(createStdoutPrinter(context, options));
  },
});

class StdoutFilter implements Filter {
  readonly #printer: StdoutPrinter;
  waiting: Promise<void> | undefined;

  constructor(printer: StdoutPrinter) {
    this.#printer = printer;
  }

  filter(batch: Batch): Batch {
    this.waiting = this.#printer.print(batch, false);
    return batch;
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#printer.drain(signal);
  }
}
