import { expect, test } from 'vitest';
import { createExplainer, type ExplainedRule } from '../../src/routing/explain.ts';

function section(kind: 'match' | 'filter', pattern: string, type: string, line: number): ExplainedRule {
  return { kind, pattern, definition: { type }, element: { at: { file: 'a.conf', line, column: 1 } } };
}

const rules = [
  section('filter', 'app.**', 'grep', 3),
  section('match', 'app.web app.db', 'stdout', 9),
  section('filter', '**', 'parser', 12),
];

test('the filters and the match that a tag passes are named in order, with type, label and place', () => {
  expect(createExplainer(rules)('app.db')).toEqual({
    tag: 'app.db',
    matched: true,
    path: [
      { kind: 'filter', pattern: 'app.**', type: 'grep', label: '@ROOT', file: 'a.conf', line: 3 },
      { kind: 'match', pattern: 'app.web app.db', type: 'stdout', label: '@ROOT', file: 'a.conf', line: 9 },
    ],
  });
});

test('a tag that no match takes has its filters alone', () => {
  const explained = createExplainer(rules, '@APP')('other');
  expect(explained.matched).toBe(false);
  expect(explained.path.map(({ type, label }) => [type, label])).toEqual([['parser', '@APP']]);
});

test('without rules the path is empty', () => {
  expect(createExplainer([])('a')).toEqual({ tag: 'a', matched: false, path: [] });
});

test('a pattern that is refused throws', () => {
  expect(() => createExplainer([section('match', '/(/', 'null', 1)])).toThrow(
    expect.objectContaining({ code: 'TAG_PATTERN_INVALID' }),
  );
});
