// Parses labelled values: label:value, with tabs between.
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, type Fields, TextParser } from '../plugin/text-parser.ts';

export default defineParser({
  type: 'ltsv',
  summary: 'Reads label:value, with tabs between.',
  options: {
    ...parserOptions,
    delimiter: p.string({ desc: 'What stands between the fields.', default: '\t' }),
    delimiter_pattern: p.regexp({ desc: 'The same as a regular expression, in its stead.' }),
    label_delimiter: p.string({ desc: 'What stands between label and value.', default: ':' }),
    time_key: p.string({ desc: 'The field that is the time of the event.' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const { delimiter, delimiter_pattern: pattern, label_delimiter: label } = options;
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'string' });
    const between = pattern === undefined ? undefined : expressionOf('delimiter_pattern', pattern.source, pattern);
    return new TextParser(finisher, (text) => {
      const pairs = between === undefined ? text.split(delimiter) : between.split(text);
      if (pairs === undefined) {
        return 'PARSE_DEADLINE';
      }
      const fields: Fields = new Map();
      for (const pair of pairs) {
        const colon = pair.indexOf(label);
        if (colon >= 0) {
          fields.set(pair.slice(0, colon), pair.slice(colon + label.length));
        }
      }
      return fields;
    });
  },
});
