import { beforeEach, describe, expect, test } from 'vitest';
import { compileRubyRegexp, noAnswer, type RubyRegexpFlags } from '../../src/config/ruby-regexp.ts';

// In one turn of the event loop, expressions have so much time and no more.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

function found(source: string, text: string, flags: RubyRegexpFlags = {}): boolean | undefined {
  const compiled = compileRubyRegexp(source, flags);
  if (!compiled.ok) {
    throw new Error(compiled.reason);
  }
  return compiled.regexp.test(text);
}

describe('Ruby reads differently from JavaScript', () => {
  test.each([
    ['^b$', 'a\nb\nc', true],
    ['\\Ab', 'a\nb', false],
    ['a\\Z', 'a\n', true],
    ['a\\z', 'a\n', false],
    ['\\A\\h+\\z', '0aF', true],
    ['\\A\\h+\\z', '0g', false],
    ['\\A\\d\\z', '٣', false],
    ['\\A\\w\\z', 'é', false],
    ['\\A\\p{L}\\z', 'é', true],
    ['\\A[[:alpha:]]\\z', 'é', true],
    ['\\A(?<year>\\d{4})-\\k<year>\\z', '2024-2024', true],
    ['\\A(?>a+)ab', 'aaab', false],
    ['\\Aa++ab', 'aaab', false],
    ['\\A(?x) a b # both', 'ab', true],
    ['\\A(?i)abc', 'ABC', true],
    ['a.b', 'a\nb', false],
    ['(?m)a.b', 'a\nb', true],
  ])('/%s/ on %j: %s', (source, text, expected) => {
    expect(found(source, text)).toBe(expected);
  });

  test('the flags of a literal: i and m', () => {
    expect(found('ab', 'AB', { ignorecase: true })).toBe(true);
    expect(found('a.b', 'a\nb', { multiline: true })).toBe(true);
  });
});

test.each(['(', '[a', '(?<n>', '\\p{Nonsense}', '(?z)'])('/%s/ is refused with a reason', (source) => {
  const compiled = compileRubyRegexp(source);
  expect(compiled).toEqual({ ok: false, reason: expect.stringMatching(/./) });
});

describe('the deadline', () => {
  test.each(['\\A(a+)+\\z', '\\A(a|a)*\\z', '\\Aa?a?a?a?a?a?a?a?(?:a*)*b', '(?=(a+)+b)'])(
    '/%s/ gives up on a hostile text',
    (source) => {
      const start = performance.now();
      expect(found(source, `${'a'.repeat(50_000)}!`, { deadline: 30 })).not.toBe(true);
      expect(performance.now() - start).toBeLessThan(10_000);
    },
  );

  test('a text that fits in time is told after one that did not', () => {
    const compiled = compileRubyRegexp('\\A(?=a)(a+)+\\z');
    expect(compiled.ok && compiled.regexp.test(`${'a'.repeat(60)}!`)).toBeUndefined();
    expect(compiled.ok && compiled.regexp.test('aaa')).toBe(true);
    expect(compiled.ok && compiled.regexp.test('aab')).toBe(false);
  });
});

describe('many texts at once', () => {
  function each(source: string, texts: readonly string[]): number[] {
    const compiled = compileRubyRegexp(source);
    if (!compiled.ok) {
      throw new Error(compiled.reason);
    }
    const answers = new Uint8Array(texts.length + 1).fill(9);
    compiled.regexp.testEach(texts, answers);
    expect(answers.at(-1)).toBe(9);
    return [...answers.subarray(0, texts.length)];
  }

  test.each(['a', 'a+', 'a+b*', '(?<=x)a'])('/%s/ gives each the answer that it gets alone', (source) => {
    const texts = ['', 'a', 'b', 'xa', 'aab', `${'b'.repeat(2_000)}a`, 'é'];
    expect(each(source, texts)).toEqual(texts.map((text) => Number(found(source, text))));
  });

  test('texts that take too long do not keep the others from theirs', () => {
    const slow = `${'a'.repeat(60)}!`;
    const texts = ['a', slow, 'aab', 'aaa', slow, 'a'];
    expect(each('\\A(?=a)(a+)+\\z', texts)).toEqual([1, noAnswer, 0, 1, noAnswer, 1]);
    expect(each('\\A(a+)+\\z', texts)).toEqual([1, 0, 0, 1, 0, 1]);
  });

  test.each([
    ['\\A(a+)+\\z', [1, 0]],
    ['\\A(?=a)(a+)+\\z', [1, noAnswer]],
    ['a\\s+$', [1, 0]],
  ])('/%s/: a thousand hostile texts do not add up', (source, told) => {
    const hostile = source.includes('s') ? `a${' '.repeat(950)}!` : `${'a'.repeat(60)}!`;
    const before = process.cpuUsage();
    const answers = each(source, ['a', 'a  ', ...Array.from({ length: 1_000 }, () => hostile)]);
    expect(answers.includes(told[0] ?? 9)).toBe(true);
    expect(answers.slice(2).every((one) => one === told[1])).toBe(true);
    const { user, system } = process.cpuUsage(before);
    // Each by itself until the deadline were 20 s.
    expect((user + system) / 1_000).toBeLessThan(10_000);
  });

  test('many that take long together are all told', () => {
    const long = 'a'.repeat(20_000);
    const pair = [`${long}b`, `${long}c`];
    const texts = Array.from({ length: 8_000 }, (_, i) => pair[i % 2] ?? '');
    expect(each('b+c*\\z', texts)).toEqual(texts.map((_, i) => (i + 1) % 2));
  });
});
