// Patterns that take all tags of another: sure where it is said, by trying tags; and said where people make that mistake.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Covering, coverPattern } from '../../src/routing/pattern-cover.ts';
import { compileTagPattern } from '../../src/routing/tag-pattern.ts';

function covered(pattern: string, ...above: readonly string[]): readonly string[] | undefined {
  const covering = new Covering<string>();
  for (const one of above) {
    covering.add(coverPattern(one), one);
  }
  return covering.of(coverPattern(pattern));
}

test.for([
  ['a', ['**'], ['**']],
  ['a.b', ['a.*'], ['a.*']],
  ['a.b.c', ['a.**'], ['a.**']],
  ['a', ['a.**'], ['a.**']],
  ['a.*', ['a.**'], ['a.**']],
  ['a.**', ['a.**'], ['a.**']],
  ['a.{b,c}', ['a.*'], ['a.*', 'a.*']],
  ['a b', ['a', 'b'], ['a', 'b']],
  ['{a,b}.x', ['a.x b.x'], ['a.x b.x', 'a.x b.x']],
  ['/^x/', ['**'], ['**']],
  ['/^x/', ['/^x/'], ['/^x/']],
  ['**.b', ['**.b'], ['**.b']],
  ['a.**', ['**'], ['**']],
  ['**', ['**'], ['**']],
] as const)('%s is covered by %j', ([pattern, above, takers]) => {
  expect(covered(pattern, ...above)).toEqual(takers);
});

test.for([
  ['**', ['a.**', 'b.**']],
  ['a.**', ['a.*']],
  ['a.b', ['b.*', '*.a']],
  ['a.*', ['a.b']],
  ['a.{b,c}', ['a.b']],
  ['/a/', ['a']],
  ['a.b', ['/a/']],
  ['*', ['a']],
  ['*.b', ['**.b']],
  ['', ['a']],
] as const)('%s is not covered by %j', ([pattern, above]) => {
  expect(covered(pattern, ...above)).toBeUndefined();
});

const part = fc.constantFrom('a', 'b', '*', '**', 'a*', '*b', '{a,b}', '');
const pattern = fc
  .array(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
    { minLength: 1, maxLength: 2 },
  )
  .map((list) => list.join(' '));
const tag = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'x', ''), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('.'));

test('no tag that a covered pattern takes passes by those that cover it', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      fc.array(tag, { maxLength: 60 }),
      (one, above, tags) => {
        fc.pre(covered(one, ...above) !== undefined);
        const compiled = compileTagPattern(one);
        const others = above.map((text) => compileTagPattern(text));
        for (const each of tags.filter((text) => compiled.matches(text))) {
          expect([each, others.some((other) => other.matches(each))]).toEqual([each, true]);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});
