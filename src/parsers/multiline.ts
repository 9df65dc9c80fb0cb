// Parses a text of several lines by expressions that follow each other: their named groups are the fields. Which lines belong together is the
// input's to find out, with format_firstline.
import type { Element } from '../config/element.ts';
import { type Option, p } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { compileRubyRegexp } from '../config/ruby-regexp.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, GroupReader, TextParser } from '../plugin/text-parser.ts';

const mostFormats = 20;

const formats: Readonly<Record<`format${number}`, Option<string | undefined>>> = Object.fromEntries(
  Array.from({ length: mostFormats }, (_, i) => [
    `format${i + 1}`,
    p.string({
      desc: i === 0 ? 'The expression that the text begins with, as /…/.' : 'What follows the one before it.',
    }),
  ]),
);

const options = {
  ...parserOptions,
  format_firstline: p.string({ desc: 'An expression that only the first line of an event fits, as /…/.' }),
  unmatched_lines: p.bool({ desc: 'Whether lines that fit nothing are passed on by tail.' }),
  time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
  ...formats,
};

export default defineParser({
  type: 'multiline',
  summary: 'Reads a text of several lines by expressions that follow each other.',
  options,
  check(values, element, report) {
    checkParserOptions(values, element, report);
    checkFormats(values, element, report);
  },
  create(context, values) {
    const finisher = new RecordFinisher(context, values, { timeKey: values.time_key, timeType: 'string' });
    const groups = new GroupReader(expressionOf('format1', joined(values), { multiline: true }));
    return new TextParser(finisher, groups.read, groups.prepare);
  },
});

/** Without the slashes around them, one behind the other. */
function joined(values: Readonly<Record<string, unknown>>): string {
  return listOf(values)
    .map((format) => format.slice(1, -1))
    .join('');
}

function listOf(values: Readonly<Record<string, unknown>>): string[] {
  return Array.from({ length: mostFormats }, (_, i) => values[`format${i + 1}`]).filter(
    (format) => typeof format === 'string',
  );
}

function checkFormats(values: Readonly<Record<string, unknown>>, element: Element, report: Report): void {
  const refuse = (name: string, text: string, hint: string) => {
    const at = element.attributes.get(name)?.valueAt ?? element.at;
    report({ code: 'CONFIG_VALUE_INVALID', severity: 'error', at, text, hint });
  };
  const count = listOf(values).length;
  const gap = Array.from({ length: count }, (_, i) => `format${i + 1}`).find((name) => values[name] === undefined);
  if (gap !== undefined) {
    refuse(gap, `${gap} is missing, and there are others behind it.`, 'Number the formats without a gap.');
    return;
  }
  for (const name of ['format_firstline', ...Object.keys(formats)]) {
    const format = values[name];
    if (typeof format === 'string' && !/^\/.*\/$/s.test(format)) {
      refuse(name, `${name} has no slashes around it.`, 'Write it as /^…/.');
      return;
    }
  }
  const first = typeof values['format_firstline'] === 'string' ? values['format_firstline'].slice(1, -1) : '';
  for (const [name, source] of [
    ['format_firstline', first],
    ['format1', joined(values)],
  ] as const) {
    const compiled = compileRubyRegexp(source);
    if (!compiled.ok) {
      refuse(name, `${name}: the expression cannot be used: ${compiled.reason}.`, 'It is read as Ruby reads it.');
    } else if (name === 'format1' && compiled.regexp.names.length === 0) {
      refuse(
        name,
        'No group of the formats has a name, and so there are no fields.',
        'Name what is wanted: (?<level>[A-Z]+).',
      );
    }
  }
}
