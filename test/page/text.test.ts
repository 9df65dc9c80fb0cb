// What lines written by others become: colours, visible controls, levels, hits of the filter.
import { describe, expect, test } from 'vitest';
import { levelOfText, levelOfValue } from '../../src/live/query/levels.ts';
import { stripColors } from '../../src/live/query/strip-colors.ts';
import { hasHidden, visible } from '../../src/page/controls.ts';
import { type Filter, hits, isFilter, parseFilter } from '../../src/page/filter.ts';
import { readColors } from '../../src/page/sgr.ts';

const esc = '\u001b';

describe('colours', () => {
  test('SGR sequences become styles and leave the text', () => {
    const { plain, runs } = readColors(`a${esc}[1;31mb${esc}[0mc`);
    expect(plain).toBe('abc');
    expect(runs).toEqual([
      { start: 0, end: 1, style: '' },
      { start: 1, end: 2, style: 'fore-1 bold' },
      { start: 2, end: 3, style: '' },
    ]);
  });

  test.each([
    ['90', 'fore-8'],
    ['38;5;196', 'fore-1'],
    ['38;5;9', 'fore-9'],
    ['38;5;244', 'fore-7'],
    ['38;2;0;200;0', 'fore-2'],
    ['38:2::0:0:200', 'fore-4'],
    ['38:5:5', 'fore-5'],
    ['41', 'back-1'],
    ['31;42', 'back-2'],
    ['7', 'back-7'],
    ['34;7', 'back-4'],
    ['4;9', 'lined-twice'],
    ['2', 'dim'],
    ['8', ''],
    ['38;5;999', ''],
    ['38;2;1', ''],
    ['', ''],
    ['1;22;3;23', ''],
  ])('%s means %j', (codes, style) => {
    expect(readColors(`${esc}[${codes}mx`).runs).toEqual([{ start: 0, end: 1, style }]);
  });

  test('no pair of colours hides text: letters on a ground keep the colour of the page', () => {
    expect(readColors(`${esc}[30;40mx`).runs[0]?.style).toBe('back-0');
    expect(readColors(`${esc}[38;2;9;9;9;48;2;9;9;9mx`).runs[0]?.style).toBe('back-0');
  });

  test.each([`${esc}[2J`, `${esc}]8;;http://x${esc}\\`, `${esc}[31`, `${esc}c`, `${esc}[${'1;'.repeat(50)}m`])(
    'other sequences stay: %j',
    (text) => {
      expect(readColors(text).plain).toBe(text);
      expect(stripColors(text)).toBe(text);
    },
  );
});

describe('hidden characters', () => {
  test.each([
    [`${esc}[2J`, '␛[2J'],
    ['a\rb\b', 'a␍b␈'],
    ['\u0000\u007f', '␀␡'],
    ['\u009b31m', '‹9B›31m'],
    ['a\u202eb\u2066c\u2069', 'a‹RLO›b‹LRI›c‹PDI›'],
    ['p\u200ba\u00adss', 'p‹ZWSP›a‹SHY›ss'],
    ['\ufeffx', '‹BOM›x'],
    ['x\u{e0041}', 'x‹E0041›'],
    ['a\u2028b', 'a‹LS›b'],
  ])('%j is seen as %j', (text, seen) => {
    expect(hasHidden(text)).toBe(true);
    expect(visible(text)).toBe(seen);
  });

  test.each(['tab\tand\nnewline', 'grüße 日本語 العربية', 'e\u0301', '👩‍👩‍👧 🏳️‍🌈 👍🏽'])('%j is left alone', (text) => {
    expect(visible(text)).toBe(text);
  });

  test('a joiner that joins no emoji is seen', () => {
    expect(visible('a\u200db')).toBe('a‹ZWJ›b');
  });
});

describe('the filter', () => {
  const read = (text: string): Filter => {
    const filter = parseFilter(text);
    if (!isFilter(filter)) {
      throw new Error(filter.text);
    }
    return filter;
  };
  const pass = (filter: string, text: string) =>
    read(filter).query.accepts({
      text: () => text,
      folded: () => text.toLowerCase(),
      field: () => undefined,
      level: () => undefined,
      time: () => 0,
    });

  test.each([
    ['', 'anything', true],
    ['error timeout', 'Timeout: an Error', true],
    ['error TIMEOUT', 'Timeout: an Error', false],
    ['error Timeout', 'Timeout: an Error', true],
    ['error timeout', 'an error', false],
    ['error -healthz', 'error at /healthz', false],
    ['-healthz', 'error', true],
    ['"no answer" -"within 5"', 'no answer within 9 ms', true],
    ['"no answer" -"within 5"', 'no answer within 5 ms', false],
    ['"no answer', 'answer: no', false],
    ['-', 'a-b', true],
    ['- a', 'a', true],
    ['""', 'x', true],
    ['-""', 'x', true],
    ['.*', 'axb', false],
    ['a-b', 'A-B', true],
  ])('%j on %j: %j', (filter, text, expected) => {
    expect(pass(filter, text)).toBe(expected);
  });

  test('hits are in order and do not overlap', () => {
    expect(hits(read('ab abc -x'), 'xx ABCab')).toEqual([3, 8]);
    expect(hits(read('a'), 'banana')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(hits(read('i'), 'İi')).toEqual([]);
    expect(hits(read('a'), 'a'.repeat(1000), 10)).toHaveLength(2);
  });
});

describe('levels', () => {
  test.each([
    ['error', 'error'],
    ['WARNING', 'warn'],
    ['Informational', 'info'],
    ['30', 'info'],
    ['50', 'error'],
    ['3', 'error'],
    ['7', 'debug'],
    ['99', undefined],
    ['8', undefined],
    ['maybe', undefined],
    ['', undefined],
  ])('a field %j is %j', (value, level) => {
    expect(levelOfValue(value)).toBe(level);
  });

  test.each([
    ['2026-01-01 ERROR [main] failed', 'error'],
    ['level=warn msg="slow"', 'warn'],
    ['{"severity":"debug"}', 'debug'],
    ['[info] ready', 'info'],
    ['error: no such file', 'error'],
    ['npm warn: old', undefined],
    ['the errors were few', undefined],
    ['GET /error HTTP/1.1', undefined],
    [`${'x'.repeat(500)} ERROR`, undefined],
  ])('%j is %j', (text, level) => {
    expect(levelOfText(text)).toBe(level);
  });
});
