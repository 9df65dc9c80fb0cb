// Fluentd's line in files: `2021-01-06T02:48:28+00:00<TAB>tag<TAB>{"a":1}`.
import { p } from '../config/options.ts';
import { FloatTime, TimeFormat, type TimeText, UnixTime } from '../core/time-format.ts';
import { defineFormatter } from '../plugin/formatter.ts';
import { addNewline, reportThrown, timeOptions, zoneOf } from '../plugin/formatter-options.ts';
import type { LineHead } from '../plugin/line-head.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { recordWriter } from '../plugin/record-writer.ts';

export default defineFormatter({
  type: 'out_file',
  summary: 'Time, tag and record with tabs between, as Fluentd writes files.',
  options: {
    ...timeOptions,
    output_time: p.bool({ desc: 'Whether the time is written.', default: 'true' }),
    output_tag: p.bool({ desc: 'Whether the tag is written.', default: 'true' }),
    delimiter: p.string({ desc: 'SPACE, COMMA or TAB.', default: 'TAB' }),
    time_type: p.enum({
      desc: 'Whether the time is a text or a number of seconds.',
      values: ['string', 'unixtime', 'float'],
      default: 'string',
    }),
    add_newline: addNewline,
  },
  check(options, element, report) {
    reportThrown(element, report, () => zoneOf(options));
  },
  create(context, options, target) {
    const zone = zoneOf(options);
    const times: Readonly<Record<typeof options.time_type, () => TimeText>> = {
      string: () => new TimeFormat(options.time_format, zone),
      unixtime: () => new UnixTime(),
      float: () => new FloatTime(),
    };
    const delimiter = /SPACE/i.test(options.delimiter) ? ' ' : /COMMA/i.test(options.delimiter) ? ',' : '\t';
    const head: LineHead = {
      time: options.output_time ? times[options.time_type]() : undefined,
      behindTime: delimiter,
      tag: options.output_tag,
      behindTag: delimiter,
    };
    const record = recordWriter('json', { json_parser: 'json' }, target);
    return new LineFormatter(context, { head, record, newline: options.add_newline }, target);
  },
});
