// The record in Ruby's notation.
import { defineFormatter } from '../plugin/formatter.ts';
import { addNewline } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'hash',
  summary: 'The record in Ruby\'s notation: {"a"=>1}.',
  options: { add_newline: addNewline },
  create(context, options, target) {
    const record = recordWriter('hash', {}, target);
    return new LineFormatter(context, { record, newline: options.add_newline }, target);
  },
});
