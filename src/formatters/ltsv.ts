// Labelled tab-separated values (http://ltsv.org).
import { p } from '../config/options.ts';
import { defineFormatter } from '../plugin/formatter.ts';
import { addNewline } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'ltsv',
  summary: 'Every field as label:value, with tabs between.',
  options: {
    delimiter: p.string({ desc: 'Between the fields.', default: '\t' }),
    label_delimiter: p.string({ desc: 'Between a label and its value.', default: ':' }),
    replacement: p.string({ desc: 'Stands for a delimiter inside a value.', default: ' ' }),
    add_newline: addNewline,
  },
  create(context, options, target) {
    const record = recordWriter('ltsv', options, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
