// Parses the lines of Apache's error log, those of 2.2 and of 2.4.
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, GroupReader, TextParser } from '../plugin/text-parser.ts';

const form =
  '^\\[[^ ]* (?<time>[^\\]]*)\\] \\[(?<level>[^\\]]*)\\](?: \\[pid (?<pid>[^\\]]*)\\])?(?: \\[client (?<client>[^\\]]*)\\])? (?<message>.*)$';

export default defineParser({
  type: 'apache_error',
  summary: 'Reads lines of the error log of Apache.',
  options: {
    ...parserOptions,
    time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const line = new GroupReader(expressionOf('expression', form, { trusted: true }));
    const finisher = new RecordFinisher(context, withForms(options), { timeKey: options.time_key, timeType: 'string' });
    return new TextParser(finisher, line.read);
  },
});

/** The time of 2.4 and of 2.2, where the configuration names no other. */
function withForms<O extends TimeForms>(options: O): O {
  const forms = {
    time_type: 'mixed',
    time_format: '%b %d %H:%M:%S.%N %Y',
    time_format_fallbacks: ['%b %d %H:%M:%S %Y'],
  };
  return options.time_format === undefined && options.time_type === undefined ? { ...options, ...forms } : options;
}

interface TimeForms {
  readonly time_type: unknown;
  readonly time_format: string | undefined;
}
