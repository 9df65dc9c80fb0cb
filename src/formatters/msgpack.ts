// The record's bytes as they came.
import { defineFormatter } from '../plugin/formatter.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'msgpack',
  summary: 'The record as msgpack, one after the other.',
  options: {},
  create(context, options, target) {
    return new LineFormatter(context, { record: recordWriter('msgpack', options, target), newline: false }, target);
  },
});
