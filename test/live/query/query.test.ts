// The query language: what is read, what is wrong and where, what it means, how it is changed and completed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printQuery } from '../../../src/live/query/ast.ts';
import { Query } from '../../../src/live/query/compile.ts';
import { complete, completionAt } from '../../../src/live/query/complete.ts';
import { choicesOf, choose, chooseAll } from '../../../src/live/query/edit.ts';
import { tagGlobOf } from '../../../src/live/query/glob.ts';
import { Marks } from '../../../src/live/query/marks.ts';
import { parseQuery } from '../../../src/live/query/parse.ts';
import { parseSince } from '../../../src/live/query/since.ts';
import { parseTagPattern } from '../../../src/routing/tag-pattern.ts';
import { anyQuery, anySample, bare, naive, subjectOf } from './model.ts';

function read(text: string) {
  const parsed = parseQuery(text);
  if (!parsed.ok) {
    throw new Error(`${text}: ${parsed.problem.text}`);
  }
  return parsed.node;
}

const printed = (text: string) => printQuery(read(text));

describe('reading', () => {
  test.each([
    ['', ''],
    ['  ', ''],
    ['a b', 'a b'],
    ['a AND b', 'a b'],
    ['a OR b c', 'a OR (b c)'],
    ['a b OR c d OR e', '(a b) OR (c d) OR e'],
    ['(a OR b) c', '(a OR b) c'],
    ['-a OR b', '-a OR b'],
    ['-(a OR b)', '-(a OR b)'],
    ['NOT a b', '-a b'],
    ['NOT (a b)', '-(a b)'],
    ['- a', 'a'],
    ['-', ''],
    ['"" -""', ''],
    ['"a b" -"c d"', '"a b" -"c d"'],
    ['"no end', '"no end"'],
    ['"say \\"x\\""', '"say \\"x\\""'],
    ['"a"b', 'a b'],
    ['--flag', '-"-flag"'],
    ['/a b/i', '/a b/i'],
    ['-/a/', '-/a/'],
    ['/healthz', '/healthz'],
    ['/var/log/x', '/var/log/x'],
    ['a/b/', 'a/b/'],
    ['field:value', 'field:value'],
    ['field="a b"', 'field="a b"'],
    ['"odd name":x', '"odd name":x'],
    ['x>=500', 'x>=500'],
    ['x:/a+/i', 'x:/a+/i'],
    ['x=/a/', 'x=/a/'],
    ['level>=warn', 'level>=warn'],
    ['level:warning', 'level:warning'],
    ['container:web-*', 'container:web-*'],
    ['tag:docker.**', 'tag:docker.**'],
    ['since:15m', 'since:15m'],
    ['Error:', 'Error:'],
    ['http://x:8080/y', 'http://x:8080/y'],
    ['std::move', 'std::move'],
    ['C:\\temp', 'C:\\temp'],
    ['12:30:05', '12:30:05'],
    ['a->b', 'a->b'],
    ['a==b', 'a==b'],
    ['List<String>', 'List<String>'],
    ['f(x) g()', 'f(x) g()'],
    ['(f(x) OR y)', 'f(x) OR y'],
    ['ORDER ANDROID NOTE', 'ORDER ANDROID NOTE'],
    ['"OR"', '"OR"'],
  ])('%j is %j', (text, expected) => {
    expect(printed(text)).toBe(expected);
  });

  test.each([
    ['(a', 0, 1],
    ['x (a OR b', 2, 1],
    ['a )', 2, 1],
    ['a b)', 3, 1],
    ['x () y', 2, 2],
    ['a OR', 2, 2],
    ['OR a', 0, 2],
    ['a OR OR b', 5, 2],
    ['(a OR ) b', 3, 2],
    ['AND a', 0, 3],
    ['a NOT', 2, 3],
    ['level:', 0, 6],
    ['x level>= y', 2, 7],
    ['level:loud', 6, 4],
    ['a level>=9x', 9, 2],
    ['since:soon', 6, 4],
    ['since>15m', 6, 3],
    ['x /a(/ y', 4, 1],
    ['/(?=a)/', 1, 3],
    ['/(a)\\1/', 4, 2],
    ['f:/a**/', 5, 1],
    ['/[b-a]/', 2, 3],
    ['/a{2,1}/', 2, 5],
    [`${'('.repeat(70)}a`, 65, 1],
    ['x'.repeat(5000), 4096, 904],
  ])('%j is wrong at %i, %i long', (text, offset, length) => {
    const parsed = parseQuery(text);
    expect(parsed.ok ? printQuery(parsed.node) : parsed.problem).toMatchObject({ offset, length });
  });

  test('never throws, and what is wrong is in the text', () => {
    const sign = fc.constantFrom(...'()"/-\\:=<>* ORANDTab1.,{}[]^$+?|', 'level:', 'since:', 'x>=', ' OR ', '(?');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(sign, { maxLength: 30 }).map((signs) => signs.join('')),
        ),
        (text) => {
          const parsed = parseQuery(text);
          if (!parsed.ok) {
            const { offset, length } = parsed.problem;
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(length).toBeGreaterThan(0);
            expect(offset).toBeLessThan(Math.max(1, text.length));
          } else {
            expect(bare(read(printQuery(parsed.node)))).toEqual(bare(parsed.node));
            new Query(parsed.node, 0).accepts(subjectOf({ text, fields: { x: text }, level: undefined }));
            completionAt(text, text.length);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('what is written from a query reads as the same query', () => {
    fc.assert(
      fc.property(anyQuery, (node) => {
        const text = printQuery(node);
        if (text.length <= 4096) {
          expect(bare(read(text))).toEqual(bare(node));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('each part knows where it stands', () => {
    const text = 'ab -(c OR x>=5) "d e"';
    const node = read(text);
    const parts =
      node?.kind === 'and' ? node.nodes.map(({ offset, length }) => text.slice(offset, offset + length)) : [];
    expect(parts).toEqual(['ab', '-(c OR x>=5)', '"d e"']);
  });
});

describe('meaning', () => {
  test('is that of the naive reading', () => {
    fc.assert(
      fc.property(anyQuery, fc.array(anySample, { maxLength: 5 }), (node, samples) => {
        const query = new Query(node, 0);
        for (const sample of samples) {
          expect(query.accepts(subjectOf(sample))).toBe(naive(node, sample));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['took>500ms', '1.8s', true],
    ['took>500ms', '499ms', false],
    ['took>500ms', '2m', true],
    ['took>500', '501ms', true],
    ['took>500', '501apples', false],
    ['load>80%', '91.5 %', true],
    ['took>500ms', '600', false],
    ['size>=1MiB', '1024KiB', true],
    ['size>1kb', '2s', false],
    ['status>=500', 'n/a', false],
    ['at>=2026-01-02', '2026-01-02T10:00:00Z', true],
    ['at<2026-01-02', '2026-01-02T10:00:00Z', false],
    ['x>-1.5e1', '-14', true],
    ['x:*', '', true],
    ['x:a*c', 'a\nc', true],
    ['x:"a*"', 'abc', false],
    ['x:/^b/', 'a\nb', true],
  ])('%j of %j: %j', (text, value, expected) => {
    const name = /^\w+/.exec(text)?.[0] ?? '';
    const sample = { text: '', fields: { [name]: value }, level: undefined };
    expect(new Query(read(text), 0).accepts(subjectOf(sample))).toBe(expected);
  });

  test('a field that is not asked for is not read', () => {
    const asked: string[] = [];
    const subject = {
      ...subjectOf({ text: 'x', fields: {}, level: undefined }),
      text: () => {
        asked.push('text');
        return 'x';
      },
      field: (name: string) => {
        asked.push(name);
        return 'no';
      },
    };
    expect(new Query(read('/x/ user=7 container=web'), 0).accepts(subject)).toBe(false);
    expect(asked).toEqual(['container']);
  });

  test('times count back from now, or stand for themselves', () => {
    const now = new Date(2026, 4, 3, 12, 0, 0).getTime();
    expect(parseSince('15m', now)).toBe(now - 900_000);
    expect(parseSince('11:30', now)).toBe(now - 1_800_000);
    expect(parseSince('12:30', now)).toBe(now + 1_800_000 - 86_400_000);
    expect(parseSince('2026-05-03T10:00:00Z', now)).toBe(Date.UTC(2026, 4, 3, 10));
    expect(parseSince('2026-05-03', now)).toBe(new Date(2026, 4, 3).getTime());
    for (const none of ['', '5', 'm', '25:00', '2026-99-99', '5 m', '-5m']) {
      expect([none, parseSince(none, now)]).toEqual([none, undefined]);
    }
  });

  test("a pattern of tags fits what Fluentd's fits", () => {
    const part = fc.constantFrom('a', 'b', '*', '**', '.', '.**', '**.', '{a,b}', 'a.b');
    const tag = fc.array(fc.constantFrom('a', 'b', '.'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc
          .array(part, { minLength: 1, maxLength: 4 })
          .map((parts) => parts.join(''))
          .filter((text) => !text.endsWith('.') && !/\*{3}|^\.|\*\*.*\*\*/.test(text)),
        tag,
        (text, value) => {
          const fluentd = parseTagPattern(text);
          expect([text, value, tagGlobOf(text)?.(value)]).toEqual([
            text,
            value,
            fluentd.ok && fluentd.pattern.matches(value),
          ]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('marks', () => {
  const marks = (query: string, text: string, most?: number) => new Marks(read(query)).in(text, most);

  test('are what must be there, not what must not', () => {
    expect(marks('ab -b (c OR d) x=e', 'abcde')).toEqual([0, 4]);
    expect(marks('Ab ab', 'AB Ab')).toEqual([0, 2, 3, 5]);
    expect(marks('/b+/', 'abbbcb')).toEqual([1, 4, 5, 6]);
    expect(marks('/^/', 'abc')).toEqual([]);
    expect(marks('a', 'a'.repeat(1000), 10)).toHaveLength(2);
  });
});

describe('a change by a click', () => {
  const changed = (text: string, ...[name, value, choice]: [string, string, 'only' | 'also' | 'except']) =>
    printQuery(choose(read(text), name, value, choice));

  test.each([
    ['', 'only', 'container=b'],
    ['container=b', 'only', ''],
    ['x container=a', 'only', 'x container=b'],
    ['container=a y', 'also', 'y (container=a OR container=b)'],
    ['(container=a OR container=b)', 'also', 'container=a'],
    ['container=b', 'except', '-container=b'],
    ['-container=b x', 'except', 'x'],
    ['a OR c', 'only', '(a OR c) container=b'],
    ['container:b*', 'only', 'container:b* container=b'],
    ['-(x container=b)', 'except', '-(x container=b) -container=b'],
  ] as const)('of %j, %s: %j', (text, choice, expected) => {
    expect(changed(text, 'container', 'b', choice)).toBe(expected);
  });

  test('quotes what needs it, and finds levels by any of their names', () => {
    expect(changed('', 'odd name', 'a "b"', 'only')).toBe('"odd name"="a \\"b\\""');
    expect(changed('level:warning', 'level', 'warn', 'only')).toBe('');
    expect(changed('level>=warn', 'level', 'error', 'except')).toBe('level>=warn -level=error');
    expect(choicesOf(read('(level=warn OR level=err) -level=info'), 'level')).toEqual({
      only: new Set(['warn', 'error']),
      except: new Set(['info']),
    });
    expect(printQuery(chooseAll(read('a level=warn -level=info b'), 'level'))).toBe('a b');
  });

  test('twice is none, whatever stands beside it', () => {
    fc.assert(
      fc.property(
        anyQuery,
        fc.constantFrom('only' as const, 'also' as const, 'except' as const),
        fc.string({ minLength: 1 }),
        (node, choice, value) => {
          const once = choose(node, 'tag', value, choice);
          expect(bare(read(printQuery(once)))).toEqual(bare(once));
          expect(printQuery(choose(once, 'tag', value, choice))).toBe(
            printQuery(choose(node, 'tag', 'none', 'only') === undefined ? undefined : node),
          );
        },
      ),
    );
  });
});

describe('completion', () => {
  test.each([
    ['lev|', undefined, 'lev', 'x', 'x:|'],
    ['a -lev|', undefined, 'lev', 'level', 'a -level:|'],
    ['(con|', undefined, 'con', 'odd name', '("odd name":|'],
    ['level>=wa|', 'level', 'wa', 'warn', 'level>=warn |'],
    ['a level:|', 'level', '', 'warn', 'a level:warn |'],
    ['(x=a|) b', 'x', 'a', 'a b', '(x="a b"|) b'],
    ['x="a b|', 'x', 'a b', 'a b c', 'x="a b c" |'],
  ])('of %j', (text, field, prefix, chosen, expected) => {
    const caret = text.indexOf('|');
    const whole = text.replace('|', '');
    const completion = completionAt(whole, caret);
    expect(completion).toMatchObject({ field, prefix });
    if (completion !== undefined) {
      const done = complete(whole, completion, chosen);
      expect(`${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`).toBe(expected);
    }
  });

  test.each(['', 'a |', '"ab|', '-|', '12|', '/ab|'])('of %j there is none', (text) => {
    expect(completionAt(text.replace('|', ''), Math.max(0, text.indexOf('|')))).toBeUndefined();
  });
});
