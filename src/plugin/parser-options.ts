// What all parsers have in common: which field is the time and how it is written, and what becomes of values. A parser declares these options
// beside its own, and hands each record to the finisher.

import type { Element } from '../config/element.ts';
import { type Options, p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { compileRubyRegexp } from '../config/ruby-regexp.ts';
import { localZone, parseZone, type Zone } from '../core/zone.ts';
import { FieldRemover } from '../msgpack/remove-field.ts';
import { ReadView } from '../msgpack/view.ts';
import { FieldPath } from '../msgpack/view-field.ts';
import type { PluginContext } from './context.ts';
import { reportThrown, timeOptions, zoneOf } from './formatter-options.ts';
import type { ParsedRecords } from './parser.ts';
import { TimeReader, type TimeType, timeTypes } from './parser-time.ts';
import { ValueConverter, type ValueType } from './parser-values.ts';

export const parserOptions = {
  ...timeOptions,
  time_format: p.string({ desc: 'How the time is written, as strptime; without it many usual forms are tried.' }),
  time_type: p.enum({
    desc: 'Whether the time is text, a whole number of seconds, or one with a fraction; mixed tries time_format and its fallbacks.',
    values: timeTypes,
  }),
  time_format_fallbacks: p.array({ desc: 'Forms to try in order, with time_type mixed: formats, unixtime, float.' }),
  keep_time_key: p.bool({ desc: 'Whether the field that is the time stays in the record.', default: 'false' }),
  estimate_current_event: p.bool({ desc: 'Whether a text without a time is of now.', default: 'true' }),
  types: p.hash({
    desc: 'What values become: field:string, integer, float, bool, time (time:FORMAT) or array (array:DELIMITER).',
  }),
  null_value_pattern: p.regexp({ desc: 'Texts that it matches become null.' }),
  null_empty_string: p.bool({ desc: 'Whether empty texts become null.', default: 'false' }),
  timeout: p.time({ desc: 'How long one text may take.', ignored: 'regular expressions have a deadline of their own' }),
} satisfies Options;

export interface ParserDefaults {
  readonly timeKey: string | undefined;
  readonly timeType: TimeType;
}

type Section = Values<typeof parserOptions>;

/** Reports what is wrong with them together. */
export function checkParserOptions(options: Section, element: Element, report: Report): void {
  const say = (name: string, text: string, hint: string) => {
    const at = element.attributes.get(name)?.valueAt ?? element.at;
    report({ code: 'CONFIG_VALUE_INVALID', severity: 'error', at, text, hint });
  };
  if (
    options.time_type === 'mixed' &&
    options.time_format === undefined &&
    options.time_format_fallbacks === undefined
  ) {
    say('time_type', 'time_type mixed has no forms to try.', 'Add time_format, or time_format_fallbacks.');
  }
  reportThrown(element, report, () => zoneOf(options));
  for (const [field, type] of Object.entries(options.types ?? {})) {
    if (!/^(?:string|integer|float|bool|time|array)(?::|$)/.test(String(type ?? ''))) {
      const text = `types: "${type ?? ''}" of the field ${field} is no type.`;
      say('types', text, 'Known are string, integer, float, bool, time and array.');
    }
  }
}

/** What is done to each record that a parser made. */
export class RecordFinisher {
  readonly #options: Section;
  readonly #now: () => number;
  readonly #timePath: FieldPath | undefined;
  readonly #timeRemover: FieldRemover;
  readonly #time: TimeReader;
  readonly #values: ValueConverter | undefined;
  readonly #from = new ReadView();

  /** `timeKey` is the field of the time, by option or by the parser's default. Throws CONFIG_INVALID_VALUE. */
  constructor(context: PluginContext, options: Section, { timeKey, timeType }: ParserDefaults) {
    this.#options = options;
    this.#now = () => context.clock.now();
    this.#timePath = timeKey === undefined ? undefined : new FieldPath(timeKey, [timeKey]);
    this.#timeRemover = new FieldRemover([timeKey ?? '']);
    const zone = zoneOf(options);
    this.#time = new TimeReader({
      type: options.time_type ?? (options.time_format === undefined ? timeType : 'string'),
      format: options.time_format,
      fallbacks: (options.time_format_fallbacks ?? []).map(String),
      zone,
      now: this.#now,
    });
    this.#values = this.#converter(zone);
  }

  /** Ends the record that begins at `start` of the bytes of `out` and ends with them: with its time, or as one that failed. */
  finish(out: ParsedRecords, start: number): void {
    const time = this.#findTime(out, start);
    if (time < 0) {
      this.#values?.convert(out.bytes, start);
      out.add(start, this.#options.estimate_current_event ? this.#momentNow() : undefined);
      return;
    }
    this.#from.setRange(out.bytes.bytes, 0, out.bytes.length);
    const read = this.#time.read(this.#from, this.#from.start + time);
    if (!read) {
      out.bytes.length = start;
      out.fail('PARSE_TIME');
      return;
    }
    if (!this.#options.keep_time_key) {
      out.bytes.length = this.#timeRemover.remove(out.bytes.bytes, start, out.bytes.length);
    }
    this.#values?.convert(out.bytes, start);
    out.add(start, this.#time.moment);
  }

  /** Where the value of the time's field stands in the bytes of `out`; negative where there is none. */
  #findTime(out: ParsedRecords, start: number): number {
    if (this.#timePath === undefined) {
      return -1;
    }
    this.#from.setRange(out.bytes.bytes, 0, out.bytes.length);
    const found = this.#timePath.find(this.#from, this.#from.start + start);
    return found < 0 ? -1 : found - this.#from.start;
  }

  #momentNow(): { readonly sec: number; readonly nsec: number } {
    const ms = this.#now();
    const sec = Math.floor(ms / 1000);
    return { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) };
  }

  #converter(zone: Zone): ValueConverter | undefined {
    const { types, null_value_pattern: pattern, null_empty_string: emptyIsNothing } = this.#options;
    if (types === undefined && pattern === undefined && !emptyIsNothing) {
      return undefined;
    }
    const compiled = pattern === undefined ? undefined : compileRubyRegexp(pattern.source, pattern);
    return new ValueConverter({
      types: new Map(
        Object.entries(types ?? {}).map(([field, type]) => [field, valueType(String(type), zone, this.#now)] as const),
      ),
      nothing: compiled?.ok === true ? compiled.regexp : undefined,
      emptyIsNothing,
    });
  }
}

/** `integer`, `array:,`, `time:%Y`, `time:+09:00:%Y`. */
function valueType(text: string, zone: Zone, now: () => number): ValueType {
  const colon = text.indexOf(':');
  const kind = (colon < 0 ? text : text.slice(0, colon)) as ValueType['kind'];
  const option = colon < 0 ? undefined : text.slice(colon + 1);
  if (kind === 'array') {
    return { kind, delimiter: option ?? ',' };
  }
  if (kind !== 'time') {
    return { kind };
  }
  const named = /^([+-]\d\d:?\d\d|[A-Za-z_]+\/[A-Za-z_/]+):(.*)$/s.exec(option ?? '');
  const own = named === null ? undefined : parseZone(named[1] ?? '');
  const format = own === undefined ? option : named?.[2];
  const type = format === 'unixtime' || format === 'float' ? format : 'string';
  return {
    kind,
    reader: new TimeReader({
      type,
      format: type === 'string' ? format : undefined,
      fallbacks: [],
      zone: own ?? (option === undefined ? localZone() : zone),
      now,
    }),
  };
}
