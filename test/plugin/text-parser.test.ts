import { beforeEach, expect, test } from 'vitest';
import { compileRubyRegexp } from '../../src/config/ruby-regexp.ts';
import { readCsvLine } from '../../src/plugin/csv-line.ts';
import { expressionOf, GroupReader } from '../../src/plugin/text-parser.ts';

// In one turn of the event loop, expressions have so much time and no more.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

test('texts that were prepared, others between them, and the same text again are read alike', () => {
  const reader = new GroupReader(expressionOf('x', '^(?<a>\\w+) (?<b>\\w+)?'));
  reader.prepare(['one two', 'no', 'three ']);
  const read = (text: string) => {
    const fields = reader.read(text);
    return typeof fields === 'string' ? fields : Object.fromEntries(fields);
  };
  expect(read('one two')).toEqual({ a: 'one', b: 'two' });
  expect(read('other text')).toEqual({ a: 'other', b: 'text' });
  expect(read('no')).toBe('PARSE_UNMATCHED');
  expect(read('three ')).toEqual({ a: 'three' });
  expect(read('three ')).toEqual({ a: 'three' });
});

test('an expression that takes too long for one text is said of that text alone', () => {
  const slow = compileRubyRegexp('^(?=.)(?<a>(?:\\w+\\s?)+)$', { deadline: 20 });
  const hostile = `${'a'.repeat(40)}!`;
  const captures = slow.ok ? slow.regexp.capturesEach(['a b', hostile, 'c', hostile, '!']) : [];
  expect(captures).toEqual([['a b'], undefined, ['c'], undefined, null]);
  const reader = new GroupReader(expressionOf('x', '^(?=.)(?<a>(?:\\w+\\s?)+)$'));
  expect(reader.read(hostile)).toBe('PARSE_DEADLINE');
});

test('what no text makes slow in an automaton is told of hostile texts too', () => {
  const reader = new GroupReader(expressionOf('x', '^(?<a>(?:\\w+\\s?)+)$'));
  const hostile = `${'a'.repeat(40)}!`;
  reader.prepare([hostile, 'a b', hostile, 'c']);
  expect(reader.read(hostile)).toBe('PARSE_UNMATCHED');
  expect(reader.read('a b')).toEqual(new Map([['a', 'a b']]));
  expect(reader.read(hostile)).toBe('PARSE_UNMATCHED');
  expect(reader.read('c')).toEqual(new Map([['a', 'c']]));
});

test('an expression that cannot be compiled is refused', () => {
  expect(() => expressionOf('format1', '(')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID_VALUE' }));
});

test.for<[string, boolean, unknown]>([
  ['a,b', false, ['a', 'b']],
  ['a,,""', false, ['a', null, '']],
  ['"a""b","c\nd"', false, ['a"b', 'c\nd']],
  ['a,b\nc,d', false, ['a', 'b']],
  ['a"b', false, 'PARSE_MALFORMED'],
  ['"a"b', false, 'PARSE_MALFORMED'],
  ['"a', false, 'PARSE_MALFORMED'],
  ['', false, 'PARSE_UNMATCHED'],
  ['a"b,"c"d', true, ['a"b', '"c"d']],
  ['', true, []],
])('the CSV line %j, lax %j', ([text, lax, values]) => {
  expect(readCsvLine(text, ',', lax)).toEqual(values);
});
