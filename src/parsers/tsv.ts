// Parses values with tabs between, by their order.
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { type Fields, TextParser } from '../plugin/text-parser.ts';

export default defineParser({
  type: 'tsv',
  summary: 'Reads values with tabs between, by their order.',
  options: {
    ...parserOptions,
    keys: p.array({ desc: 'The names of the values, in their order.', required: true }),
    delimiter: p.string({ desc: 'What stands between the values.', default: '\t' }),
    time_key: p.string({ desc: 'The field that is the time of the event.' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const names = options.keys.map(String);
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'string' });
    return new TextParser(finisher, (text) => {
      const fields: Fields = new Map();
      // What is too much belongs to the last value.
      let from = text === '' ? -1 : 0;
      for (const [index, name] of names.entries()) {
        const found = from < 0 || index === names.length - 1 ? -1 : text.indexOf(options.delimiter, from);
        fields.set(name, from < 0 ? null : text.slice(from, found < 0 ? undefined : found));
        from = found < 0 ? -1 : found + options.delimiter.length;
      }
      return fields;
    });
  },
});
