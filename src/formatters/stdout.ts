// Fluentd's line on standard output: `2021-01-06 02:48:28.000000000 +0000 tag: {"a":1}`.
import { p } from '../config/options.ts';
import { ForebayError } from '../core/errors.ts';
import { TimeFormat } from '../core/time-format.ts';
import { localZone } from '../core/zone.ts';
import { defineFormatter } from '../plugin/formatter.ts';
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
    timezone: p.string({ desc: 'A time zone.', ignored: 'The stdout formatter prints local time, as in Fluentd.' }),
    localtime: p.bool({ desc: 'Local time.', ignored: 'The stdout formatter prints local time, as in Fluentd.' }),
    utc: p.bool({ desc: 'UTC.', ignored: 'The stdout formatter prints local time, as in Fluentd.' }),
  },
  create(context, options, target) {
    if (!/^(?:[^%]|%[BHLMNSYbdehmnyz])*$/.test(options.time_format)) {
      throw new ForebayError('CONFIG_INVALID_VALUE', {
        option: 'time_format',
        value: options.time_format,
        reason: 'knows only %Y %y %m %d %e %b %h %B %H %M %S %L %N %z and %n here, without widths, as in Fluentd',
      });
    }
    const time = new TimeFormat(options.time_format, localZone());
    const record = recordWriter(options.output_type, options, target);
    const head = { time, behindTime: ' ', tag: true, behindTag: ': ' };
    return new LineFormatter(context, { head, record, newline: options.add_newline, chomp: true }, target);
  },
});
