// Parses nothing: the text becomes one field as it is.
import { p } from '../config/options.ts';
import { appendMapHead, appendString } from '../msgpack/pack-text.ts';
import { defineParser, type ParsedRecords } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';

export default defineParser({
  type: 'none',
  summary: 'Takes the text as it is, as one field.',
  options: {
    ...parserOptions,
    message_key: p.string({ desc: 'The field that gets the text.', default: 'message' }),
    time_key: p.string({ desc: 'The field that is the time of the event.' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'float' });
    const name = Buffer.from(options.message_key);
    const record = (out: ParsedRecords, append: () => void) => {
      const begin = out.bytes.length;
      appendMapHead(out.bytes, 1);
      appendString(out.bytes, name);
      append();
      finisher.finish(out, begin);
    };
    return {
      parse: (bytes, start, end, out) => record(out, () => appendString(out.bytes, bytes, start, end)),
      parseValue: (bytes, start, end, out) => record(out, () => out.bytes.append(bytes, start, end)),
    };
  },
});
