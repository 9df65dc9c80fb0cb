// Parses by a regular expression of Ruby's: its named groups are the fields.
import { p } from '../config/options.ts';
import { defineParser } from '../plugin/parser.ts';
import { checkParserOptions, parserOptions, RecordFinisher } from '../plugin/parser-options.ts';
import { expressionOf, GroupReader, TextParser } from '../plugin/text-parser.ts';

const options = {
  ...parserOptions,
  expression: p.regexp({ desc: 'The expression; each group with a name, (?<name>…), is a field.', required: true }),
  ignorecase: p.bool({
    desc: 'Whether capitals and small letters are the same, as i behind the expression.',
    default: 'false',
  }),
  multiline: p.bool({ desc: 'Whether a dot takes ends of lines too, as m behind the expression.', default: 'false' }),
  time_key: p.string({ desc: 'The field that is the time of the event.', default: 'time' }),
};

export default defineParser({
  type: 'regexp',
  summary: 'Reads a text by a regular expression: its named groups are the fields.',
  options,
  check(values, element, report) {
    checkParserOptions(values, element, report);
    if (expressionOf('expression', values.expression.source).names.length === 0) {
      report({
        code: 'CONFIG_VALUE_INVALID',
        severity: 'error',
        at: element.attributes.get('expression')?.valueAt ?? element.at,
        text: 'expression: no group has a name, and so there are no fields.',
        hint: 'Name what is wanted: (?<level>[A-Z]+).',
      });
    }
  },
  create(context, values) {
    const { source, ignorecase, multiline } = values.expression;
    const flags = { ignorecase: ignorecase || values.ignorecase, multiline: multiline || values.multiline };
    const finisher = new RecordFinisher(context, values, { timeKey: values.time_key, timeType: 'string' });
    const groups = new GroupReader(expressionOf('expression', source, flags));
    return new TextParser(finisher, groups.read, groups.prepare);
  },
});
