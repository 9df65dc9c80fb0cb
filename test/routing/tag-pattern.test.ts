import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseTagPattern, type TagPattern } from '../../src/routing/tag-pattern.ts';

// In one turn of the event loop, expressions have so much time and no more.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

interface MatchCase {
  readonly pattern: string;
  readonly tag?: string;
  readonly tag_base64?: string;
  readonly matches?: boolean;
  readonly error?: string;
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/match.json', import.meta.url), 'utf8')) as {
  count: number;
  cases: MatchCase[];
};
const differences = (
  JSON.parse(readFileSync(new URL('../vectors/differences.json', import.meta.url), 'utf8')) as {
    file: string;
    case: string;
    ours: unknown;
  }[]
).filter((difference) => difference.file === 'match.json');

function patternOf(text: string): TagPattern {
  const parsed = parseTagPattern(text);
  if (!parsed.ok) {
    throw new Error(parsed.problem.text);
  }
  return parsed.pattern;
}

/** What Forebay does, in the form of the vectors: true or false, or the refusal's code. */
function outcome(one: MatchCase): boolean | string | undefined {
  const parsed = parseTagPattern(one.pattern);
  if (!parsed.ok) {
    return parsed.problem.code;
  }
  const tag = one.tag_base64 === undefined ? one.tag : Buffer.from(one.tag_base64, 'base64').toString();
  return tag === undefined ? 'taken' : parsed.pattern.matches(tag);
}

describe('patterns match as in Fluentd', () => {
  test('all cases are here', () => {
    expect(vectors.cases).toHaveLength(vectors.count);
  });

  const byPattern = Map.groupBy(vectors.cases, (one) => one.pattern);
  for (const [pattern, cases] of byPattern) {
    test(JSON.stringify(pattern), () => {
      for (const one of cases) {
        const name = `${one.pattern} ${one.tag_base64 ?? one.tag ?? ''}`;
        const difference = differences.find((entry) => entry.case === name);
        if (difference !== undefined) {
          expect(outcome(one), name).toBe(difference.ours);
        } else if (one.error !== undefined) {
          // Refused when the configuration is loaded.
          expect(outcome(one), name).toMatch(/^TAG_PATTERN_REGEXP_(INVALID|UNCLOSED)$/);
        } else {
          expect(outcome(one), name).toBe(one.matches);
        }
      }
    });
  }

  test('every difference names a case, and they are few', () => {
    const names = new Set(vectors.cases.map((one) => `${one.pattern} ${one.tag_base64 ?? one.tag ?? ''}`));
    for (const difference of differences) {
      expect(names).toContain(difference.case);
    }
    expect(differences.length).toBeLessThan(vectors.count / 20);
  });
});

describe('what is refused or warned of', () => {
  test.each([
    ['/a b/', 'TAG_PATTERN_REGEXP_UNCLOSED'],
    ['/(/', 'TAG_PATTERN_REGEXP_INVALID'],
    ['/\\p{Nonsense}/', 'TAG_PATTERN_REGEXP_INVALID'],
    ['a /[/', 'TAG_PATTERN_REGEXP_INVALID'],
    [`${'{'.repeat(101)}a${'}'.repeat(101)}`, 'TAG_PATTERN_TOO_DEEP'],
    ['{'.repeat(60), 'TAG_PATTERN_TOO_DEEP'],
  ])('%s is refused: %s', (text, code) => {
    const parsed = parseTagPattern(text);
    expect(parsed).toMatchObject({ ok: false, problem: { code, severity: 'error' } });
  });

  test.each([
    ['', ['TAG_PATTERN_EMPTY']],
    ['{a,b', ['TAG_PATTERN_UNCLOSED_BRACE']],
    ['{a, b}', ['TAG_PATTERN_UNCLOSED_BRACE']],
    ['a.** {b,c}', []],
  ])('%j warns of %j', (text, codes) => {
    const parsed = parseTagPattern(text);
    expect(parsed.ok && parsed.warnings.map((warning) => warning.code)).toEqual(codes);
  });

  test('the text of a pattern is kept as written', () => {
    expect(patternOf('a.**  b').text).toBe('a.**  b');
  });
});

describe('nested braces', () => {
  test('a hundred braces in each other work', () => {
    const pattern = patternOf(`${'{'.repeat(100)}a${'}'.repeat(100)}`);
    expect(pattern.matches('a')).toBe(true);
    expect(pattern.matches('b')).toBe(false);
  });

  test('an unclosed brace around a closed one takes the closed one as the text of its regular expression', () => {
    expect(patternOf('{x,{b,c}').matches('(?-mix:(?-mix:b)|(?-mix:c))')).toBe(true);
    expect(patternOf('{x,{{b}}').matches('(?-mix:b)')).toBe(true);
    expect(patternOf('{x,a-\\n-{b').matches('a\\-n\\-(?-mix:b)')).toBe(true);
  });
});

describe('hostile tags', () => {
  test('a pattern full of stars takes time in proportion to the tag', () => {
    const pattern = patternOf(`${'**.'.repeat(20)}${'*'.repeat(1)}${'{*,**}'.repeat(20)}x`);
    const short = cost(() => pattern.matches(`${'a.'.repeat(10_000)}y`));
    const long = cost(() => pattern.matches(`${'a.'.repeat(80_000)}y`));
    expect(long).toBeLessThan(Math.max(short, 100) * 40);
  });

  test('a regular expression that backtracks without end is given up', () => {
    const pattern = patternOf('/(?=a)(a+)+b/');
    expect(pattern.matches('aaab')).toBe(true);
    expect(cost(() => expect(pattern.matches('a'.repeat(60))).toBeUndefined())).toBeLessThan(10_000);
    expect(pattern.matches('ab')).toBe(true);
  });

  test('of several patterns one that is given up does not hide one that fits', () => {
    const hostile = 'a'.repeat(60);
    expect(patternOf(`/(?=a)(a+)+b/ ${hostile}`).matches(hostile)).toBe(true);
    expect(patternOf('/(?=a)(a+)+b/ b').matches(hostile)).toBeUndefined();
    expect(patternOf('/(a+)+b/ b').matches(hostile)).toBe(false);
  });

  test('a long tag does not hold up a simple expression either', () => {
    const pattern = patternOf('/x|b.*c/');
    expect(pattern.matches('b'.repeat(300_000))).toBe(false);
    expect(pattern.matches('bc')).toBe(true);
  });
});

function cost(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
