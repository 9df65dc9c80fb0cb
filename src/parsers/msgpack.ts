// Parses msgpack: a stream of maps, or of arrays of maps, each a record.
import { p } from '../config/options.ts';
import { isMap } from '../msgpack/entries.ts';
import { Skip } from '../msgpack/skip.ts';
import { defineParser, type ParsedRecords, type Parser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';

export default defineParser({
  type: 'msgpack',
  summary: 'Reads records in msgpack, one behind the other.',
  options: {
    ...parserOptions,
    time_key: p.string({ desc: 'The field that is the time of the event.' }),
  },
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, options) {
    return new MsgpackParser(new RecordFinisher(context, options, { timeKey: options.time_key, timeType: 'float' }));
  },
});

class MsgpackParser implements Parser {
  readonly #finisher: RecordFinisher;
  readonly #skip = new Skip();

  constructor(finisher: RecordFinisher) {
    this.#finisher = finisher;
  }

  parse(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void {
    let at = start;
    while (at < end) {
      // An array stands for what is in it.
      const items = arrayLength(bytes, at, end);
      let next = items < 0 ? at : at + (bytes[at] === 0xdc ? 3 : bytes[at] === 0xdd ? 5 : 1);
      for (let left = Math.max(items, 0) + (items < 0 ? 1 : 0); left > 0; left--) {
        const begin = next;
        next = this.#skip.run(bytes, begin, end);
        if (next < 0) {
          // Broken, or cut off in the middle.
          out.fail('PARSE_MALFORMED');
          return;
        }
        this.#record(bytes, begin, next, out);
      }
      at = next;
    }
  }

  #record(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void {
    if (!isMap(bytes[start] as number)) {
      out.fail('PARSE_UNMATCHED');
      return;
    }
    const begin = out.bytes.length;
    out.bytes.append(bytes, start, end);
    this.#finisher.finish(out, begin);
  }
}

/** Of the array at `at`; negative where there is none. */
function arrayLength(bytes: Uint8Array, at: number, end: number): number {
  const head = bytes[at] as number;
  if (head >= 0x90 && head < 0xa0) {
    return head - 0x90;
  }
  const size = head === 0xdc ? 2 : head === 0xdd ? 4 : 0;
  if (size === 0 || at + 1 + size > end) {
    return -1;
  }
  let length = 0;
  for (let i = 1; i <= size; i++) {
    length = length * 256 + (bytes[at + i] as number);
  }
  return length;
}
