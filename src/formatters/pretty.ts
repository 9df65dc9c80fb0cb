// For people at a terminal: local time, the container's name in its colour, the level, the text, the other fields.
import { p } from '../config/options.ts';
import { TimeFormat } from '../core/time-format.ts';
import { localZone } from '../core/zone.ts';
import { defineFormatter } from '../plugin/formatter.ts';
import { LineFormatter } from '../plugin/lines.ts';
import { PrettyWriter } from '../plugin/pretty-writer.ts';

const timeFormat = '%H:%M:%S.%L';
const timeWidth = 'HH:MM:SS.mmm '.length;

export default defineFormatter({
  type: 'pretty',
  summary: 'For people: time, container, level, text, and the other fields, in colour.',
  options: {
    color: p.enum({
      desc: 'Whether there are colours: auto is on a terminal, unless NO_COLOR is set.',
      values: ['auto', 'always', 'never'],
      default: 'auto',
    }),
  },
  create(context, options, target) {
    const color = options.color === 'always' || (options.color === 'auto' && target.color);
    const record = new PrettyWriter({ color, multiline: target.escape === 'all', timeWidth });
    const head = { time: new TimeFormat(timeFormat, localZone()), behindTime: ' ', tag: false, behindTag: '' };
    const lines = new LineFormatter(context, { head, record, newline: true }, { ...target, lines: false });
    return {
      format(batch, from, area) {
        record.tag = batch.tag.bytes;
        return lines.format(batch, from, area);
      },
    };
  },
});
