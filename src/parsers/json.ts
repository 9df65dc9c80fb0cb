// Parses JSON: an object is one record, an array of objects as many.
import { p } from '../config/options.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { JsonRecords, type RecordSpan } from '../msgpack/json-records.ts';
import { defineParser, type ParsedRecords, type Parser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';

export default defineParser({
  type: 'json',
  summary: 'Reads a text that is a JSON object, or an array of such.',
  options: {
    ...parserOptions,
    time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
    json_parser: p.enum({
      desc: 'The dialect: oj also takes NaN, Infinity, and control characters in strings.',
      values: ['oj', 'yajl', 'json'],
      default: 'oj',
    }),
    stream_buffer_size: p.integer({ desc: 'Of streams.', ignored: 'texts are read as a whole' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    const finisher = new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'float' });
    return new JsonParser(new JsonRecords(options.json_parser === 'oj'), finisher);
  },
});

class JsonParser implements Parser {
  readonly #json: JsonRecords;
  readonly #finisher: RecordFinisher;
  readonly #read = new GrowingBytes();
  readonly #spans: RecordSpan[] = [];

  constructor(json: JsonRecords, finisher: RecordFinisher) {
    this.#json = json;
    this.#finisher = finisher;
  }

  parse(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void {
    this.#read.length = 0;
    this.#spans.length = 0;
    if (!this.#json.read(bytes, start, end, this.#read, this.#spans)) {
      out.fail('PARSE_UNMATCHED');
      return;
    }
    for (const span of this.#spans) {
      if (span.start < 0) {
        out.fail('PARSE_UNMATCHED');
      } else {
        const begin = out.bytes.length;
        out.bytes.append(this.#read.bytes, span.start, span.end);
        this.#finisher.finish(out, begin);
      }
    }
  }
}
