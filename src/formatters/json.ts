// One JSON object a line.
import { p } from '../config/options.ts';
import { defineFormatter } from '../plugin/formatter.ts';
import { addNewline } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'json',
  summary: 'The record as JSON.',
  options: {
    json_parser: p.string({
      desc: 'Whose JSON it is: oj, or anything else for that of Ruby, which writes floats and broken text differently.',
      default: 'oj',
    }),
    add_newline: addNewline,
  },
  create(context, options, target) {
    const record = recordWriter('json', options, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
