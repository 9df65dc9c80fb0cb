// Regular expressions that need linear time: what JavaScript's find, and how long hostile ones take.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pattern } from '../../../src/live/query/pattern.ts';

function compile(source: string, flags = ''): Pattern {
  const pattern = Pattern.parse(source, flags);
  if (!(pattern instanceof Pattern)) {
    throw new Error(`${source}: ${pattern.text}`);
  }
  return pattern;
}

const atom = fc.constantFrom(
  'a',
  'b',
  'B',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\W',
  '[ab]',
  '[^a]',
  '[^\\w-]',
  '[a-c1]',
  '\\b',
  '\\B',
  '^',
  '$',
  '\\.',
  '\\x61',
  'é',
  '-',
  '\\n',
);
const { source: anySource } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('source'), tie('source')).map(([a, b]) => a + b),
    fc.tuple(tie('source'), tie('source')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('source'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?'))
      .map(([a, b]) => `(${a})${b}`),
  ),
}));
const anyText = fc
  .array(fc.constantFrom('a', 'b', 'A', 'c', '1', ' ', '\n', '.', '-', 'é', 'É', '日'), { maxLength: 12 })
  .map((signs) => signs.join(''));

describe('a regular expression', () => {
  test("finds what JavaScript's finds", () => {
    fc.assert(
      fc.property(anySource, anyText, fc.constantFrom('', 'i', 's', 'is'), (source, text, flags) => {
        expect([source, flags, text, compile(source, flags).test(text)]).toEqual([
          source,
          flags,
          text,
          new RegExp(source, `m${flags}`).test(text),
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  test('fits a whole text where JavaScript says so', () => {
    fc.assert(
      fc.property(anySource, anyText, (source, text) => {
        expect([source, text, compile(source).fits(text)]).toEqual([
          source,
          text,
          new RegExp(`^(?:${source})$(?![^])`, 'm').test(text) && whole(source, text),
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  /** JavaScript tries alternatives in order; the whole text must be one match. */
  const whole = (source: string, text: string) => new RegExp(`(?<![^])(?:${source})(?![^])`, 'm').test(text);

  test.each([
    ['(a+)+$', `${'a'.repeat(100_000)}!`],
    ['(a|a)*b', 'a'.repeat(100_000)],
    ['(a|aa)+$', `${'a'.repeat(100_000)}!`],
    ['.*.*.*=.*', 'x'.repeat(100_000)],
    ['(x+x+)+y', 'x'.repeat(100_000)],
    ['a{0,300}a{0,300}b', 'a'.repeat(20_000)],
    ['(.*)(\\d+)(.*)z', '1'.repeat(100_000)],
  ])('%s takes no more time than the text is long', (source, text) => {
    const pattern = compile(source);
    const begin = performance.now();
    expect(pattern.test(text)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test.each([
    ['a{1001}', 1],
    ['(a{500}){500}', 0],
    ['(){1000}'.repeat(3), -1],
    ['((((){999}){999}){999}){999}', -1],
    [`${'('.repeat(101)}${')'.repeat(101)}`, 100],
    ['\\p{L}', 0],
    ['(?<!a)b', 0],
    ['\\k<a>', 0],
    ['a)', 1],
    ['*a', 0],
    ['a\\', 1],
    ['[a', 0],
  ])('%s is refused at %i, or harmless', (source, offset) => {
    const begin = performance.now();
    const pattern = Pattern.parse(source, '');
    expect(pattern instanceof Pattern ? -1 : pattern.offset).toBe(offset);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test('with many states begins anew and stays right', () => {
    const source = '[ab]*a[ab]{11}c';
    const pattern = compile(source);
    let text = '';
    for (let n = 0, state = 1; n < 20_000; n++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      text += state > 2 ** 31 ? 'a' : 'b';
    }
    expect(pattern.test(text)).toBe(false);
    expect(pattern.test(`${text}a${'b'.repeat(11)}c`)).toBe(true);
  });

  test('never throws', () => {
    const sign = fc.constantFrom(...'()[]{}*+?|^$.\\-,:<=!abdk09u');
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 20 }), (signs) => {
        const pattern = Pattern.parse(signs.join(''), 'i');
        expect(pattern instanceof Pattern ? typeof pattern.test('ab\n') : typeof pattern.text).toMatch(
          /boolean|string/,
        );
      }),
      { numRuns: 5000 },
    );
  });
});
