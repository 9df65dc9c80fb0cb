// One field's text alone.
import { p } from '../config/options.ts';
import { defineFormatter } from '../plugin/formatter.ts';
import { addNewline } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'single_value',
  summary: 'The text of one field.',
  options: {
    message_key: p.string({ desc: 'The field.', default: 'message' }),
    add_newline: addNewline,
  },
  create(context, options, target) {
    const record = recordWriter('single_value', options, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
