// Parses the lines of nginx's access log (its combined format, with the addresses that a proxy adds).
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, GroupReader, TextParser } from '../plugin/text-parser.ts';

const form =
  '^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \\[(?<time>[^\\]]*)\\] "(?<method>\\S+)(?: +(?<path>[^"]*?)(?: +\\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)"(?:\\s+(?<http_x_forwarded_for>[^ ]+))?)?$';

export default defineParser({
  type: 'nginx',
  summary: 'Reads lines of the access log of nginx.',
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
    return new TextParser(finisher, line.read);
  },
});
