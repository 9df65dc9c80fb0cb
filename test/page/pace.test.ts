// When the page is told what has changed.
import { expect, test } from 'vitest';
import { Pace } from '../../src/page/pace.ts';

test('the page is told at once when it has asked for more, and not before', () => {
  const pace = new Pace();
  expect(pace.wait(0, 10)).toBe(0);
  pace.told(0, 10);
  expect(pace.wait(1000, 20)).toBeUndefined();
  pace.asked(1000);
  expect(pace.wait(1000, 20)).toBe(0);
  expect(pace.wait(1000, 2510)).toBe(0);
});

test('of more than can be read it is told less often, and the less the longer painting takes', () => {
  for (const [painting, pause] of [
    [2, 50],
    [12, 50],
    [16, 64],
    [40, 160],
    [90, 200],
  ] as const) {
    const pace = new Pace();
    pace.told(100, 10);
    pace.asked(100 + painting);
    expect(pace.wait(100 + painting, 9000)).toBe(pause - painting);
    expect(pace.wait(100 + pause - 1, 9_000_000)).toBe(1);
    expect(pace.wait(100 + pause, 9_000_000)).toBe(0);
    expect(pace.wait(1000, 9_000_000)).toBe(0);
  }
});
