import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Router, type Rule } from '../../src/routing/router.ts';
import { parseTagPattern } from '../../src/routing/tag-pattern.ts';
import { naiveMatches } from './naive.ts';

// In one turn of the event loop, expressions have so much time and no more.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

/** Pairs of tag and pattern that the property compares; ROUTER_PAIRS=1000000 for the long run. */
const pairs = Number(process.env['ROUTER_PAIRS'] ?? 20_000);

function rule<T>(kind: 'match' | 'filter', pattern: string, target: T): Rule<T> {
  const parsed = parseTagPattern(pattern);
  if (!parsed.ok) {
    throw new Error(parsed.problem.text);
  }
  return { kind, pattern: parsed.pattern, target };
}

describe('the order of rules', () => {
  const router = new Router([
    rule('filter', '**', 'f1'),
    rule('filter', 'app.*', 'f2'),
    rule('match', 'app.web', 'm1'),
    rule('filter', 'app.**', 'f3'),
    rule('match', 'app.** sys', 'm2'),
    rule('match', 'app.web', 'never'),
  ]);

  test('the first match that fits takes the event, after the filters above it', () => {
    expect(router.route('app.web')).toEqual({ filters: ['f1', 'f2'], match: 'm1' });
  });

  test('filters below a match apply to what gets past it', () => {
    expect(router.route('app.db')).toEqual({ filters: ['f1', 'f2', 'f3'], match: 'm2' });
    expect(router.route('app.db.x')).toEqual({ filters: ['f1', 'f3'], match: 'm2' });
    expect(router.route('sys')).toEqual({ filters: ['f1'], match: 'm2' });
  });

  test('a tag that no match fits has its filters and no match', () => {
    expect(router.route('other')).toEqual({ filters: ['f1'], match: undefined });
  });

  test('without rules there is no match', () => {
    expect(new Router([]).route('a')).toEqual({ filters: [], match: undefined });
  });
});

describe('the cache', () => {
  test('a tag is worked out once while it is kept', () => {
    let asked = 0;
    const pattern = { text: 'x', matches: () => ++asked > 0 };
    const router = new Router([{ kind: 'match', pattern, target: 1 }], { cacheSize: 2 });
    expect(router.route('a')).toBe(router.route('a'));
    router.route('b');
    router.route('a');
    expect(asked).toBe(2);
    router.route('c');
    router.route('b');
    expect(asked).toBe(3);
    router.route('a');
    expect(asked).toBe(4);
    expect(router.cached).toBe(2);
  });

  test('it never holds more tags than it may, and no long ones', () => {
    const router = new Router([rule('match', '**', 1)], { cacheSize: 100, longestCachedTag: 10 });
    for (let i = 0; i < 10_000; i++) {
      router.route(`tag.${i}`);
    }
    expect(router.cached).toBe(100);
    expect(router.route('t'.repeat(11)).match).toBe(1);
    expect(router.cached).toBe(100);
  });

  test('a miss costs the same however many tags are kept', () => {
    const cost = (cacheSize: number) => {
      const router = new Router([rule('match', 'x.**', 1)], { cacheSize });
      for (let i = 0; i < cacheSize; i++) {
        router.route(`fill.${i}`);
      }
      const start = performance.now();
      for (let i = 0; i < 50_000; i++) {
        router.route(`tag.${i}`);
      }
      return performance.now() - start;
    };
    cost(100);
    expect(cost(40_000)).toBeLessThan(cost(100) * 20 + 2_000);
  });
});

test('an expression that runs out of time is passed over and told of', () => {
  const told: string[] = [];
  const router = new Router([rule('match', '/(?=a)(a+)+b/', 1), rule('match', '**', 2)], {
    onDeadline: (pattern, tag) => told.push(`${pattern} ${tag.length}`),
  });
  expect(router.route('a'.repeat(60)).match).toBe(2);
  expect(router.route('a'.repeat(60)).match).toBe(2);
  expect(told).toEqual(['/(?=a)(a+)+b/ 60']);
});

test('the compiled and cached router equals the naive matcher', () => {
  const character = fc.constantFrom('a', 'b', 'c', '-', 'é', '😀');
  const piece = fc.letrec<{ word: string; brace: string; atom: string }>((tie) => ({
    atom: fc.oneof(
      { weight: 6, arbitrary: character },
      { weight: 5, arbitrary: fc.constantFrom('.', '*', '**', '.**', '**.', '.*') },
      { weight: 1, arbitrary: fc.constantFrom('\\*', '\\.', '\\{', '\\a', '\\\\', '/b', '?', '(', '|') },
      { weight: 2, arbitrary: tie('brace') },
    ),
    brace: fc
      .array(tie('word'), { minLength: 1, maxLength: 3, depthIdentifier: 'brace' })
      .map((branches) => `{${branches.join(',')}}`),
    word: fc.array(tie('atom'), { maxLength: 4, depthIdentifier: 'brace' }).map((atoms) => atoms.join('')),
  }));
  // A slash in front would make it a regular expression.
  const word = piece.word.map((text) => (text.startsWith('/') || text === '' ? `a${text}` : text));
  const pattern = fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join(' '));
  const tag = fc
    .array(
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c', '.', '.') },
        fc.constantFrom('\n', '-', '*', '{', 'é', '😀'),
      ),
      {
        maxLength: 7,
      },
    )
    .map((characters) => characters.join(''));
  const rules = fc.array(fc.record({ kind: fc.constantFrom('match' as const, 'filter' as const), pattern }), {
    minLength: 1,
    maxLength: 8,
  });
  const tags = fc.array(tag, { minLength: 1, maxLength: 10 });

  let compared = 0;
  while (compared < pairs) {
    fc.assert(
      fc.property(rules, tags, fc.integer({ min: 0, max: 4 }), (drawn, asked, cacheSize) => {
        const router = new Router(
          drawn.map((one, index) => rule(one.kind, one.pattern, index)),
          { cacheSize },
        );
        for (const one of [...asked, ...asked]) {
          const filters: number[] = [];
          let match: number | undefined;
          for (const [index, { kind, pattern: text }] of drawn.entries()) {
            compared++;
            if (naiveMatches(text, one)) {
              if (kind === 'match') {
                match = index;
                break;
              }
              filters.push(index);
            }
          }
          expect(router.route(one), JSON.stringify({ drawn, one })).toEqual({ filters, match });
        }
      }),
      { numRuns: 200 },
    );
  }
}, 600_000);

test('60,000 tags that take turns are worked out once', () => {
  let asked = 0;
  const router = new Router([{ kind: 'match', pattern: { text: 'x', matches: () => ++asked > 0 }, target: 1 }]);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 60_000; i++) {
      router.route(`tag.${i}`);
    }
  }
  expect(asked).toBe(60_000);
});
