// Expressions that are only words are looked for in bytes; the answer must be that of the regular expression.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRubyRegexp } from '../../src/config/ruby-regexp.ts';
import { parseLiteral } from '../../src/plugin/literal-pattern.ts';

const literals = [
  ...[
    'a',
    'ab',
    '^a',
    'a$',
    '^ab$',
    '\\Aa',
    'b\\z',
    'b\\Z',
    '\\Aab\\Z',
    'a|b',
    '^a|b$',
    'é',
    '^é\\z',
    'a\\.b',
    'a/b',
    'x|y|zé',
    '-',
    '',
  ],
  ...['\\/a', 'a b', '"a":', 'A', 'k', 's', 'as', '<a>'],
];
const others = [
  'a.',
  'a*',
  '(a)',
  '[a]',
  'a?',
  'a\\?',
  '\\d',
  '^',
  '$',
  '^$',
  'a|^',
  'a^b',
  'a$b',
  'a\\',
  'a{2}',
  '\\u0061',
  '\\n',
  'a\\zb',
  '\\Zx',
];

function compile(source: string, ignorecase: boolean) {
  const compiled = compileRubyRegexp(source, { ignorecase });
  if (!compiled.ok) {
    throw new Error(compiled.reason);
  }
  return compiled.regexp;
}

const texts = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'A',
    'B',
    '\n',
    '.',
    '/',
    'é',
    'É',
    ' ',
    'x',
    'k',
    's',
    '\u017f',
    '\u212a',
    'K',
    '-',
    '"',
    ':',
  ),
  maxLength: 12,
});

describe.each([false, true])('ignorecase %s', (ignorecase) => {
  test.each(literals)('/%s/ is words, and finds what the expression finds', (source) => {
    const literal = parseLiteral(source, ignorecase);
    if (ignorecase && source.includes('é')) {
      expect(literal).toBeUndefined();
      return;
    }
    const regexp = compile(source, ignorecase);
    fc.assert(
      fc.property(texts, texts, (text, around) => {
        const before = Buffer.byteLength(around);
        const bytes = Buffer.from(`${around}${text}${around}`);
        const found = literal?.test(bytes, before, before + Buffer.byteLength(text));
        expect(found ?? regexp.test(text)).toBe(regexp.test(text));
        expect(found !== undefined || (ignorecase && /[^\0-\x7f]/.test(text))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test.each(others)('/%s/ is more than words', (source) => {
  expect(parseLiteral(source, false)).toBeUndefined();
});

test('upper and lower case of letters that are no ASCII is left to the expression', () => {
  const literal = parseLiteral('k', true);
  const kelvin = Buffer.from('\u212a');
  expect(literal?.test(kelvin, 0, kelvin.length)).toBeUndefined();
  expect(parseLiteral('a', true)?.test(kelvin, 0, kelvin.length)).toBe(false);
  expect(compile('k', true).test('\u212a')).toBe(true);
});
