// Which stretch of time the histogram draws: all of it, but for the few events whose clocks are far off.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usualSpan } from '../../src/page/columns/span.ts';
import { runs } from './runs.ts';

const year = 365 * 86_400;
const now = 1_800_000_000;
const spanOf = (...seconds: (readonly [number, number])[]) => usualSpan(() => seconds);
const minute = Array.from({ length: 60 }, (_, n) => [now + n, 5] as const);

describe('the stretch of time that is drawn', () => {
  test('is all of it where clocks agree, however long it is', () => {
    expect(spanOf(...minute)).toEqual({ first: now, last: now + 59 });
    const months = Array.from({ length: 1000 }, (_, n) => [now + n * 7200, 1] as const);
    expect(spanOf(...months)).toEqual({ first: now, last: now + 999 * 7200 });
  });

  test('leaves out a few that are years off, at both ends', () => {
    expect(spanOf([1, 1], ...minute, [now + 70 * year, 2], [now + 9 * year, 1])).toEqual({
      first: now,
      last: now + 59,
    });
  });

  test('is all of it where those far off are many, or all are few', () => {
    expect(spanOf([now - 9 * year, 50], ...minute)).toEqual({ first: now - 9 * year, last: now + 59 });
    expect(spanOf([1, 1], [now, 1])).toEqual({ first: 1, last: now });
  });

  test('without events is none', () => {
    const { first, last } = spanOf();
    expect(last > first).toBe(false);
  });

  test('has all events but one of fifty at each end, and ends at events', () => {
    const second = fc.oneof(fc.nat(100), fc.nat(4_000_000_000), fc.integer({ min: now, max: now + 1000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(second, fc.integer({ min: 1, max: 40 })), { minLength: 1 }), (seconds) => {
        const { first, last } = spanOf(...seconds);
        const sum = (takes: (at: number) => boolean) =>
          seconds.filter(([at]) => takes(at)).reduce((all, [, count]) => all + count, 0);
        const few = Math.floor(sum(() => true) / 50);
        expect(sum((at) => at < first)).toBeLessThanOrEqual(few);
        expect(sum((at) => at > last)).toBeLessThanOrEqual(few);
        expect(seconds.map(([at]) => at)).toEqual(expect.arrayContaining([first, last]));
      }),
      { numRuns: runs(300) },
    );
  });
});
