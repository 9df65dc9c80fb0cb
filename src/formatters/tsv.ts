// Chosen fields with tabs between.
import { p } from '../config/options.ts';
import { defineFormatter, plainTarget } from '../plugin/formatter.ts';
import { addNewline, reportThrown } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'tsv',
  summary: 'The values of chosen fields, with tabs between.',
  options: {
    keys: p.array({ desc: 'The fields, in this order.', required: true }),
    delimiter: p.string({ desc: 'Between the values.', default: '\t' }),
    add_newline: addNewline,
  },
  check(options, element, report) {
    reportThrown(element, report, () => recordWriter('tsv', options, plainTarget));
  },
  create(context, options, target) {
    const record = recordWriter('tsv', options, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
