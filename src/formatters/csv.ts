// Chosen fields as a line of CSV.
import { p } from '../config/options.ts';
import { defineFormatter, plainTarget } from '../plugin/formatter.ts';
import { addNewline, reportThrown } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'csv',
  summary: 'The values of chosen fields as CSV.',
  options: {
    fields: p.array({ desc: 'The fields, in this order; `$.a.b` leads into a nested one.', required: true }),
    delimiter: p.string({ desc: 'Between the values; TAB for a tab.', default: ',' }),
    force_quotes: p.bool({ desc: 'Quotes around every value, not only where they are needed.', default: 'true' }),
    add_newline: addNewline,
  },
  check(options, element, report) {
    reportThrown(element, report, () => recordWriter('csv', options, plainTarget));
  },
  create(context, options, target) {
    const record = recordWriter('csv', options, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
