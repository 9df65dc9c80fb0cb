import { expect, test } from 'vitest';
import { createExplainer, type ExplainedRule } from '../../src/routing/explain.ts';

function section(kind: 'match' | 'filter', pattern: string, type: string, line: number): ExplainedRule {
  return { kind, pattern, definition: { type }, element: { at: { file: 'a.conf', line, column: 1 } } };
}

const rules = [
  section('filter', 'app.**', 'grep', 3),
  section('match', 'app.web app.db', 'stdout', 9),
  section('filter', 'other', 'parser', 12),
];

test('the filters and the match that a tag passes are named in order, with type, label and place', () => {
  expect(createExplainer(new Map([['@ROOT', rules]]))('app.db')).toEqual({
    tag: 'app.db',
    matched: true,
    lost: [],
    behind: [],
    path: [
      { kind: 'filter', pattern: 'app.**', type: 'grep', label: '@ROOT', file: 'a.conf', line: 3 },
      { kind: 'match', pattern: 'app.web app.db', type: 'stdout', label: '@ROOT', file: 'a.conf', line: 9 },
    ],
  });
});

test('a tag that no match takes has its filters alone', () => {
  const explained = createExplainer(new Map([['@APP', rules]]), '@APP')('other');
  expect(explained.matched).toBe(false);
  expect(explained.path.map(({ type, label }) => [type, label])).toEqual([['parser', '@APP']]);
});

test('without rules the path is empty', () => {
  expect(createExplainer(new Map())('a')).toEqual({
    tag: 'a',
    matched: false,
    path: [],
    behind: [],
    lost: [{ label: '@ROOT', why: 'unmatched' }],
  });
});

test('a pattern that is refused throws', () => {
  expect(() => createExplainer(new Map([['@ROOT', [section('match', '/(/', 'null', 1)]]]))).toThrow(
    expect.objectContaining({ code: 'TAG_PATTERN_INVALID' }),
  );
});

const relabel = { type: 'relabel', reroutes: true };
const store = (label: string) => ({ definition: relabel, label });

test('a relabel is followed through its label', () => {
  const labels = new Map([
    ['@ROOT', [{ ...section('match', '**', 'relabel', 1), definition: relabel, label: '@A' }]],
    ['@A', [section('filter', 'a', 'grep', 4), section('match', 'a', 'null', 6)]],
  ]);
  const { matched, path, lost } = createExplainer(labels)('a');
  expect({ matched, lost }).toEqual({ matched: true, lost: [] });
  expect(path.map(({ kind, type, label, line }) => [kind, type, label, line])).toEqual([
    ['match', 'relabel', '@ROOT', 1],
    ['filter', 'grep', '@A', 4],
    ['match', 'null', '@A', 6],
  ]);
  expect(createExplainer(labels)('b')).toMatchObject({ matched: false, lost: [{ label: '@A', why: 'unmatched' }] });
});

test('the stores of a copy are followed each, and one that takes the tag is enough', () => {
  const copy = section('match', '**', 'copy', 1);
  const labels = new Map([
    ['@ROOT', [{ ...copy, outputs: [store('@A'), store('@B')] }]],
    ['@A', [section('match', 'a', 'null', 5)]],
    ['@B', [section('match', 'b', 'null', 9)]],
  ]);
  const explained = createExplainer(labels)('b');
  expect(explained.matched).toBe(true);
  expect(explained.path.map(({ type, label }) => `${type} ${label}`)).toEqual(['copy @ROOT', 'null @B']);
  expect(explained.lost).toEqual([{ label: '@A', why: 'unmatched' }]);
});

test('a tag that comes to a label again goes no further', () => {
  const labels = new Map([
    ['@ROOT', [{ ...section('match', 'a', 'copy', 1), outputs: [store('@A'), store('@A')] }]],
    ['@A', [{ ...section('match', 'a', 'relabel', 5), definition: relabel, label: '@ROOT' }]],
  ]);
  const { matched, path, lost } = createExplainer(labels)('a');
  expect(matched).toBe(false);
  expect(path.map(({ type }) => type)).toEqual(['copy', 'relabel', 'relabel']);
  expect(lost).toEqual([
    { label: '@ROOT', why: 'loop' },
    { label: '@ROOT', why: 'loop' },
  ]);
});

test('the match that would have had the tag above the one that has it is named, and the filters between, in each label', () => {
  const labels = new Map([
    [
      '@ROOT',
      [
        { ...section('match', 'a.**', 'relabel', 1), definition: relabel, label: '@A' },
        section('filter', '**', 'grep', 4),
        section('filter', 'b', 'grep', 5),
        section('match', 'a.b', 'file', 7),
        section('match', '**', 'null', 9),
      ],
    ],
    ['@A', [section('match', '**', 'stdout', 20), section('match', 'a.b', 'file', 22)]],
  ]);
  const explain = createExplainer(labels);
  const behind = (tag: string) =>
    explain(tag).behind.map(({ step, taker }) => [step.kind, step.label, step.line, taker.line]);
  expect(behind('a.b')).toEqual([
    ['filter', '@ROOT', 4, 1],
    ['match', '@ROOT', 7, 1],
    ['match', '@A', 22, 20],
  ]);
  expect(behind('x')).toEqual([]);
});
