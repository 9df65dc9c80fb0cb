// Prints events on standard output. How they look is a formatter's business; the printing itself is the printer's.
import { p } from '../config/options.ts';
import { checkIdleBuffer, idleBuffer } from '../plugin/buffer-options.ts';
import { checkInject } from '../plugin/inject.ts';
import { defineOutput } from '../plugin/output.ts';
import { createStdoutPrinter, printerOptions } from '../plugin/stdout-printer.ts';

export default defineOutput({
  type: 'stdout',
  summary: 'Prints events on standard output.',
  options: {
    ...printerOptions,
    use_logger: p.bool({ desc: 'Through the log.', ignored: 'Events always go to standard output.' }),
    ...idleBuffer,
  },
  check(options, element, report) {
    checkInject(options.inject, element, report);
    checkIdleBuffer(options.buffer, element, report);
  },
  create(context, options) {
    const printer = createStdoutPrinter(context, options);
    return {
      emit: (batch) => printer.print(batch, batch.acks !== undefined),
      stop: (signal) => printer.drain(signal),
    };
  },
});
