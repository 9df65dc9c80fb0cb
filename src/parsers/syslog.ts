// Parses lines of syslog, as RFC 3164 and RFC 5424 have them. Follows Fluentd's: the time ends at the blank that ends as many words as its format has,
// what is behind it is taken apart by an expression.
import { p, type Values } from '../config/options.ts';
import { defineParser, type ParseFault } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, type Fields, GroupReader, type ReadFields, TextParser } from '../plugin/text-parser.ts';

const options = {
  ...parserOptions,
  time_format: p.string({ desc: 'How the time of RFC 3164 is written, as strptime.', default: '%b %d %H:%M:%S' }),
  rfc5424_time_format: p.string({
    desc: 'How the time of RFC 5424 is written, as strptime.',
    default: '%Y-%m-%dT%H:%M:%S.%L%z',
  }),
  message_format: p.enum({
    desc: 'The form of the lines; auto looks at each.',
    values: ['rfc3164', 'rfc5424', 'auto'],
    default: 'rfc3164',
  }),
  with_priority: p.bool({ desc: 'Whether lines begin with the priority, as <6>.', default: 'false' }),
  parser_engine: p.enum({
    desc: 'Of Fluentd only: string puts the priority of RFC 5424 at another place.',
    values: ['regexp', 'string'],
    default: 'regexp',
  }),
  support_colonless_ident: p.bool({
    desc: 'Whether the first word behind the host is the program where no colon follows it.',
    default: 'true',
  }),
  time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
};

export default defineParser({
  type: 'syslog',
  summary: 'Reads lines of syslog.',
  options,
  check(options, element, report) {
    checkParserOptions(options, element, report);
  },
  create(context, values) {
    const time = { timeKey: values.time_key, timeType: 'string' } as const;
    const older = new RecordFinisher(context, values, time);
    const newer = new RecordFinisher(context, withFallback(values), time);
    const forms = new SyslogForms(values);
    const parsers = {
      rfc3164: new TextParser(older, forms.rfc3164),
      rfc5424: new TextParser(newer, forms.rfc5424),
      undated: new TextParser(new RecordFinisher(context, values, { ...time, timeKey: undefined }), forms.rfc5424),
    };
    return {
      parse(bytes, start, end, out) {
        const form = forms.formOf(bytes, start, end);
        parsers[form].parse(bytes, start, end, out);
      },
    };
  },
});

type Section = Values<typeof options>;

/** The newer form's time may be without a fraction. */
function withFallback(values: Section): Section {
  const { rfc5424_time_format: format } = values;
  return { ...values, time_type: 'mixed', time_format: format, time_format_fallbacks: ['%Y-%m-%dT%H:%M:%S%z'] };
}

const rest3164 = '\\A(?<host>[^ ]*) (?<ident>[^ :\\[]*)(?:\\[(?<pid>[0-9]+)\\])?(?:[^:]*:)? *(?<message>.*)$';
const strictRest3164 = '\\A(?<host>[^ ]*) (?:(?<ident>[^ :\\[]*)(?:\\[(?<pid>[0-9]+)\\])?: *)?(?<message>.*)$';
const words5424 = '\\A(?<host>[!-~]{1,255}) (?<ident>[!-~]{1,48}) (?<pid>[!-~]{1,128}) (?<msgid>[!-~]{1,32})';
const message5424 = '(?: (?<message>.+))?\\z';
/** As the RFC writes structured data, and as Fluentd takes it, which could try without end: only where the first does not fit. */
const data5424 = '(?<extradata>-|(?:\\[(?:[^\\]"\\\\]|\\\\.|"(?:[^"\\\\]|\\\\.)*")*\\])+)';
const looseData5424 = '(?<extradata>-|(?:\\[.*?(?<!\\\\)\\])+)';

function reader5424(): ReadFields {
  const compile = (data: string, trusted: boolean) =>
    new GroupReader(expressionOf('message_format', `${words5424} ${data}${message5424}`, { multiline: true, trusted }));
  const strict = compile(data5424, true);
  const loose = compile(looseData5424, false);
  return (text) => {
    const fields = strict.read(text);
    // Without a closing bracket there is no data to look for.
    return fields === 'PARSE_UNMATCHED' && text.includes(']') ? loose.read(text) : fields;
  };
}

class SyslogForms {
  readonly rfc3164: ReadFields;
  readonly rfc5424: ReadFields;
  readonly #values: Section;

  constructor(values: Section) {
    this.#values = values;
    const rest = values.support_colonless_ident ? rest3164 : strictRest3164;
    const after3164 = new GroupReader(expressionOf('message_format', rest, { trusted: true })).read;
    const after5424 = reader5424();
    const words = values.time_format.trim().split(/ +/).length;
    const { with_priority: priority, time_key: timeKey, parser_engine: engine } = values;
    this.rfc3164 = (text) => {
      const head = priority ? /^<(\d{1,3})>/.exec(text) : undefined;
      return head === null
        ? 'PARSE_UNMATCHED'
        : split(text, { head: head?.[0] ?? '', pri: head?.[1], words, timeKey, rest: after3164 });
    };
    this.rfc5424 = (text) => {
      const head = priority ? /^<(\d{1,3})>[1-9]\d{0,2} /.exec(text) : undefined;
      if (head === null) {
        return 'PARSE_UNMATCHED';
      }
      const fields = split(text, { head: head?.[0] ?? '', pri: head?.[1], words: 1, timeKey, rest: after5424 });
      return typeof fields === 'string' || engine === 'regexp' ? fields : priorityBehindId(fields);
    };
  }

  /** By the bytes: the forms begin with ASCII. A line of the newer form whose time is a dash has none. */
  formOf(bytes: Uint8Array, start: number, end: number): 'rfc3164' | 'rfc5424' | 'undated' {
    const { message_format: form, with_priority: priority } = this.#values;
    const head = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 16)).toString('latin1');
    if (form === 'rfc3164' || (form === 'auto' && !/^<\d{1,3}>[1-9]\d{0,2} /.test(head))) {
      return 'rfc3164';
    }
    const time = priority ? head.replace(/^<\d{1,3}>[1-9]\d{0,2} /, '') : head;
    return time.startsWith('- ') ? 'undated' : 'rfc5424';
  }
}

interface LineParts {
  readonly head: string;
  readonly pri: string | undefined;
  /** The words of the time. */
  readonly words: number;
  readonly timeKey: string;
  readonly rest: ReadFields;
}

function split(text: string, { head, pri, words, timeKey, rest }: LineParts): Fields | ParseFault {
  let end = head.length - 1;
  for (let i = 0; i < words; i++) {
    while (text[end + 1] === ' ') {
      end++;
    }
    end = text.indexOf(' ', end + 1);
    if (end < 0) {
      return 'PARSE_UNMATCHED';
    }
  }
  const found = rest(text.slice(end + 1));
  const time = text.slice(head.length, end).replace(/ +/g, ' ');
  if (typeof found === 'string') {
    // Fluentd reads the time first: where that is none, as of a priority that nobody expects, it says so.
    return time.includes(':') || time === '-' ? found : 'PARSE_TIME';
  }
  const fields: Fields = new Map(pri === undefined ? [] : [['pri', Number(pri)]]);
  if (time !== '-') {
    fields.set(timeKey, time);
  }
  for (const [name, value] of found) {
    fields.set(name, value);
  }
  return fields;
}

/** Where Fluentd's engine string has it. */
function priorityBehindId(fields: Fields): Fields {
  const pri = fields.get('pri');
  if (pri === undefined) {
    return fields;
  }
  const moved: Fields = new Map();
  for (const [name, value] of fields) {
    if (name !== 'pri') {
      moved.set(name, value);
    }
    if (name === 'msgid') {
      moved.set('pri', pri);
    }
  }
  return moved;
}
