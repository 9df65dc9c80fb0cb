// Parses the lines of Apache's access log. What is a dash there is null.
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import {
  expressionOf,
  type Fields,
  type FieldValue,
  GroupReader,
  type ReadFields,
  TextParser,
} from '../plugin/text-parser.ts';

const form =
  '^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \\[(?<time>[^\\]]*)\\] "(?<method>\\S+)(?: +(?<path>(?:[^"\\\\]|\\\\.)*?)(?: +\\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>(?:[^"\\\\]|\\\\.)*)" "(?<agent>(?:[^"\\\\]|\\\\.)*)")?$';

export default defineParser({
  type: 'apache2',
  summary: 'Reads lines of the access log of Apache.',
  options: {
    ...parserOptions,
    time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
    time_format: p.string({ desc: 'How the time is written, as strptime.', default: '%d/%b/%Y:%H:%M:%S %z' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const line = new GroupReader(expressionOf('expression', form, { trusted: true }));
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'string' });
    return new TextParser(finisher, withNumbers(line.read));
  },
});

/** All fields are there in each record, the numbers as numbers. */
function withNumbers(read: ReadFields): ReadFields {
  return (text) => {
    const found = read(text);
    if (typeof found === 'string') {
      return found;
    }
    const of = (name: string): FieldValue => {
      const value = found.get(name) ?? null;
      return value === '-' && name !== 'host' ? null : value;
    };
    const number = (name: string) => {
      const value = of(name);
      return value === null ? null : Number.parseInt(String(value), 10) || 0;
    };
    const fields: Fields = new Map();
    for (const name of ['host', 'user', 'time', 'method', 'path']) {
      fields.set(name, of(name));
    }
    fields.set('code', number('code') || null);
    fields.set('size', number('size'));
    fields.set('referer', of('referer'));
    return fields.set('agent', of('agent'));
  };
}
