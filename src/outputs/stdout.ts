// Prints events on standard output. How they look is a formatter's business; the printing itself is the printer's.
import { p } from '../config/options.ts';
import { defineOutput } from '../plugin/output.ts';
import { createStdoutPrinter, printerOptions } from '../plugin/stdout-printer.ts';

export default defineOutput({
  type: 'stdout',
  summary: 'Prints events on standard output.',
  options: {
    ...printerOptions,
    use_logger: p.bool({ desc: 'Through the log.', ignored: 'Events always go to standard output.' }),
    buffer: p.section({
      desc: 'A buffer.',
      options: {},
      ignored: 'Events are printed as they come; what waits is bounded by pending_limit.',
    }),
  },
  create(context, options) {
    const printer = createStdoutPrinter(context, options);
    return {
      emit: (batch) => printer.print(batch, batch.acks !== undefined),
      stop: (signal) => printer.drain(signal),
    };
  },
});
