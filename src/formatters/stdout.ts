// Fluentd's line on standard output: `2021-01-06 02:48:28.000000000 +0000 tag: {"a":1}`.
import { shorten } from '../config/converted.ts';
import { p } from '../config/options.ts';
import { TimeFormat } from '../core/time-format.ts';
import { localZone } from '../core/zone.ts';
import { defineFormatter, plainTarget } from '../plugin/formatter.ts';
import { reportThrown, zoneFault } from '../plugin/formatter-options.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordTypes, recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'stdout',
  summary: 'Local time, tag and record, as Fluentd prints them on standard output.',
  options: {
    output_type: p.enum({ desc: 'How the record is written.', values: recordTypes, default: 'json' }),
    time_format: p.string({
      desc: 'How the time is written: %Y %y %m %d %e %b %h %B %H %M %S %L %N %z %n and text.',
      default: '%Y-%m-%d %H:%M:%S.%N %z',
      invalid: (text: string) =>
        /^(?:[^%]|%[BHLMNSYbdehmnyz])*$/.test(text)
          ? undefined
          : {
              fault: `"${shorten(text)}" holds something that is not understood here`,
              hint: 'Known are %Y %y %m %d %e %b %h %B %H %M %S %L %N %z and %n, without widths, as in Fluentd',
            },
    }),
    json_parser: p.string({ desc: 'Of output_type json.' }),
    message_key: p.string({ desc: 'Of output_type single_value: the field.' }),
    fields: p.array({ desc: 'Of output_type csv: the fields.' }),
    keys: p.array({ desc: 'Of output_type tsv: the fields.' }),
    delimiter: p.string({ desc: 'Of output_type csv, tsv and ltsv: between the values.' }),
    label_delimiter: p.string({ desc: 'Of output_type ltsv: between a label and its value.' }),
    replacement: p.string({ desc: 'Of output_type ltsv: stands for a delimiter inside a value.' }),
    force_quotes: p.bool({ desc: 'Of output_type csv: quotes around every value.' }),
    add_newline: p.bool({ desc: 'Whether the record ends with a newline; the line does anyway.', default: 'true' }),
    timezone: p.string({
      desc: 'A time zone.',
      ignored: 'The stdout formatter prints local time, as in Fluentd.',
      invalid: zoneFault,
    }),
    localtime: p.bool({ desc: 'Local time.', ignored: 'The stdout formatter prints local time, as in Fluentd.' }),
    utc: p.bool({ desc: 'UTC.', ignored: 'The stdout formatter prints local time, as in Fluentd.' }),
  },
  check(options, element, report) {
    reportThrown(element, report, () => recordWriter(options.output_type, options, plainTarget));
  },
  create(context, options, target) {
    const time = new TimeFormat(options.time_format, localZone());
    const record = recordWriter(options.output_type, options, target);
    const head = { time, behindTime: ' ', tag: true, behindTag: ': ' };
    return new LineFormatter(context, { head, record, newline: options.add_newline, chomp: true }, target);
  },
});
