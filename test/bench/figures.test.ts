// What is made of figures: bars that move with the floor, what a filter costs, medians, ratios.
import { describe, expect, test } from 'vitest';
import { costOf } from './auth.ts';
import { grepCosts, tlsRatios, verdicts } from './bars.ts';
import type { Target, Variant } from './configs.ts';
import type { Result } from './measure.ts';
import { compared } from './ratios.ts';
import { summarize } from './rows.ts';

function result(workload: string, target: Target, subject: string, cpu: number, variant: Variant = 'plain'): Result {
  const counted = { events: 1, counted: 1, acked: true, startCpu: 0, rate: 1 / cpu, megabytes: 1, peakMegabytes: 50 };
  return { workload, target, subject, variant, cpu, ...counted };
}

describe('a bar', () => {
  const verdict = (...results: Result[]) => verdicts(results)[0];

  test('stays where the floor is lower than it was', () => {
    const [own, floor] = [result('message', 'file', 'forebay', 0.37), result('message', 'file', 'floor', 0.1)];
    expect(verdict(own, floor)).toMatchObject({ moved: 0.36, absolute: false, met: false });
    expect(verdict({ ...own, cpu: 0.36 }, floor)).toMatchObject({ absolute: true, met: true });
  });

  test('moves with its own floor, as a ratio', () => {
    const floor = result('packed', 'file', 'floor', 0.2);
    expect(verdict(result('packed', 'file', 'forebay', 0.43), floor)).toMatchObject({ absolute: false, met: true });
    expect(verdict(result('packed', 'file', 'forebay', 0.45), floor)).toMatchObject({ absolute: false, met: false });
  });

  test('moves with the floor of another row in proportion, and not with its own', () => {
    const floors = [result('packed', 'file', 'floor', 0.28), result('packed-gzip', 'null', 'floor', 9)];
    const moved = verdict(result('packed-gzip', 'null', 'forebay', 0.4), ...floors)?.moved;
    expect(moved).toBeCloseTo(0.5);
  });

  test('stays where no floor was measured', () => {
    expect(verdict(result('message', 'stdout', 'forebay', 0.5))).toMatchObject({ moved: 0.43, met: false });
  });
});

test('a filter costs what its row costs more than the same row without it', () => {
  const rows = [result('message', 'file', 'forebay', 0.5, 'grep'), result('message', 'file', 'forebay', 0.375)];
  expect(grepCosts(rows)).toEqual([{ name: 'message to file', cost: 0.125 }]);
});

test('TLS is measured against the floor of TLS', () => {
  const own = [result('packed', 'null', 'forebay', 0.1), result('packed', 'null', 'forebay', 0.3, 'tls')];
  const floors = [result('packed', 'null', 'floor', 0.05), result('packed', 'null', 'floor', 0.2, 'tls')];
  expect(tlsRatios([...own, ...floors])).toEqual([{ name: 'packed to null', ratio: 0.3 / 0.2 }]);
  expect(tlsRatios(own)).toEqual([]);
});

test('authentication costs what it takes of the rate, in the middle of the pairs', () => {
  const cost = costOf('message', [100, 200, 400], [90, 220, 300]);
  expect(cost).toMatchObject({ pairs: 3, without: 200, with: 220 });
  expect(cost.percent).toBeCloseTo(10);
  expect(cost.range.map(Math.round)).toEqual([-10, 25]);
});

test('of several runs the median counts, with the least, the most, and the highest peak', () => {
  const runs = [0.3, 0.1, 0.2].map((cpu) => ({
    ...result('message', 'file', 'forebay', cpu),
    peakMegabytes: cpu * 1_000,
  }));
  expect(summarize(runs)).toMatchObject({ cpu: 0.2, least: 0.1, most: 0.3, peakMegabytes: 300 });
  expect(summarize([])).toBeUndefined();
});

test('a difference is seen where all pairs of runs agree', () => {
  const runs = (...cpus: number[]) => cpus.map((cpu) => result('message', 'file', 'x', cpu));
  const seen = (before: Result[], after: Result[]) => compared(before, after).at(-1);
  expect(compared(runs(0.4, 0.2, 0.3), runs(0.2, 0.1, 0.15)).slice(0, 5)).toEqual([
    '0.300',
    '0.150',
    '0.50',
    '0.50',
    '0.50',
  ]);
  expect(seen(runs(1, 1, 1, 1, 1), runs(0.9, 0.8, 0.9, 0.7, 0.99))).toBe('cheaper');
  expect(seen(runs(1, 1, 1, 1, 1), runs(1.1, 1.2, 1.1, 1.3, 1.01))).toBe('dearer');
  expect(seen(runs(1, 1, 1, 1, 1), runs(0.5, 0.5, 0.5, 0.5, 1.01))).toBe('no difference');
  expect(seen(runs(1, 1, 1, 1, 1), runs(0.99, 0.99, 0.99, 0.99, 0.99))).toBe('no difference');
  expect(seen(runs(1, 1, 1, 1), runs(0.5, 0.5, 0.5, 0.5))).toBe('too few runs');
});
