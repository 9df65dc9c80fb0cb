// Parses comma separated values, by their order. The engine `normal` reads as Ruby's CSV does; `fast` takes what that refuses.
import { p } from '../config/options.ts';
import { readCsvLine } from '../plugin/csv-line.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { type Fields, TextParser } from '../plugin/text-parser.ts';

export default defineParser({
  type: 'csv',
  summary: 'Reads comma separated values, by their order.',
  options: {
    ...parserOptions,
    keys: p.array({ desc: 'The names of the values, in their order.', required: true }),
    delimiter: p.string({ desc: 'What stands between the values.', default: ',' }),
    parser_engine: p.enum({
      desc: 'normal refuses quotes at odd places, fast takes them as they are.',
      values: ['normal', 'fast'],
      default: 'normal',
    }),
    time_key: p.string({ desc: 'The field that is the time of the event.' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const names = options.keys.map(String);
    const fast = options.parser_engine === 'fast';
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'string' });
    return new TextParser(finisher, (text) => {
      const values = readCsvLine(text, options.delimiter, fast);
      if (typeof values === 'string') {
        return values;
      }
      const fields: Fields = new Map();
      const count = fast ? values.length : names.length;
      for (let i = 0; i < count; i++) {
        // What has no name is kept without one by the fast engine.
        fields.set(names[i] ?? '', values[i] ?? null);
      }
      return fields;
    });
  },
});
