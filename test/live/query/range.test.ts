// Times in a query: until:, the range that the histogram sets, and lines of logfmt.
import { describe, expect, test } from 'vitest';
import { printQuery } from '../../../src/live/query/ast.ts';
import { rangeOf, withRange } from '../../../src/live/query/edit.ts';
import { readLogfmt } from '../../../src/live/query/json-line.ts';
import { parseQuery } from '../../../src/live/query/parse.ts';

const now = Date.UTC(2026, 0, 31, 12);
const node = (text: string) => {
  const read = parseQuery(text);
  expect(read.ok).toBe(true);
  return read.ok ? read.node : undefined;
};

describe('the range of a query', () => {
  test('is put in the place of the one before it, and reads as the same query', () => {
    const from = Date.UTC(2026, 0, 31, 10);
    const to = from + 90_000;
    const text = printQuery(withRange(node('(a OR b) since:15m c until:5m'), { from, to }));
    expect(text).toBe('(a OR b) c since:2026-01-31T10:00:00Z until:2026-01-31T10:01:30Z');
    expect(rangeOf(node(text), now)).toEqual({ from, to });
    expect(printQuery(withRange(node(text), undefined))).toBe('(a OR b) c');
  });

  test('is what all terms leave; of alternatives it is none', () => {
    expect(rangeOf(node('since:1h since:30m until:5m'), now)).toEqual({ from: now - 1_800_000, to: now - 300_000 });
    expect(rangeOf(node('since:1h OR since:30m'), now)).toEqual({ from: undefined, to: undefined });
    expect(rangeOf(undefined, now)).toEqual({ from: undefined, to: undefined });
  });

  test('what is no time is refused at its place', () => {
    const read = parseQuery('a until:soon');
    expect(read.ok ? undefined : [read.problem.offset, read.problem.length]).toEqual([8, 4]);
  });
});

describe('logfmt', () => {
  test.each([
    ['level=warn msg="upstream slow" p95=1.8s', 'upstream slow', 'warn', [['p95', '1.8s']]],
    [
      'time=1 lvl=eror message="a \\"b\\" \\\\" path=/x empty=',
      'a "b" \\',
      'error',
      [
        ['path', '/x'],
        ['empty', ''],
      ],
    ],
  ] as const)('of %j the message comes first', (line, text, level, fields) => {
    expect(readLogfmt(line, 24, 300)).toEqual({ text, level, fields });
  });

  test.each(['plain text', 'a=1', 'a=1 b=2', 'INFO msg=x a=1', 'msg=x trailing words', 'msg="open a=1', ''])(
    '%j is none',
    (line) => {
      expect(readLogfmt(line, 24, 300)).toBeUndefined();
    },
  );

  test('needs time in proportion to the line', () => {
    expect(readLogfmt(`${'a=1 '.repeat(4000)}b`, 24, 300)).toBeUndefined();
    expect(readLogfmt(`msg="${'\\'.repeat(20_000)}`, 24, 300)).toBeUndefined();
  });
});
