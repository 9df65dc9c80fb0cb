// Floats as the module writes them: the digits that V8 finds; and nearly all that need no exponent are written there, since one
// that is not sends its whole event the slow way.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oj } from '../../src/msgpack/json-dialects.ts';
import { module } from '../support/twins.ts';
import '../seed.ts';

/** Floats to look at for each range; FLOATS=10000000 for the long run. */
const floats = Number(process.env['FLOATS'] ?? 50_000);
const perCall = 1000;

/** The texts of the floats, in a record `{"f": …}` each; undefined where the module leaves one. */
function written(values: readonly number[]): (string | undefined)[] {
  const { input, output, exports, results } = module;
  module.holds = undefined;
  const size = 18;
  const view = new DataView(input.buffer, input.byteOffset);
  for (const [i, value] of values.entries()) {
    input.set([0x92, 0xce, 0, 0, 0, 1, 0x81, 0xa1, 0x66, 0xcb], i * size);
    view.setFloat64(i * size + 10, value);
  }
  const texts: (string | undefined)[] = [];
  const begin = output.byteOffset;
  for (let at = 0; at < values.length; ) {
    const start = input.byteOffset + at * size;
    const end = input.byteOffset + values.length * size;
    const next = exports.lines(start, end, begin, begin + output.length - 64, 0, 0, 0, 0, 0, 0, 1);
    const text = Buffer.from(output.subarray(0, (results[1] as number) - begin)).toString();
    texts.push(...text.split('\n').slice(0, -1));
    at += (next - start) / size;
    if (at < values.length) {
      texts.push(undefined);
      at++;
    }
  }
  return texts;
}

/** Returns how many were left. */
function compare(values: readonly number[]): number {
  let left = 0;
  for (const [i, text] of written(values).entries()) {
    if (text === undefined) {
      left++;
    } else if (text !== `{"f":${oj.float(values[i] ?? 0)}}`) {
      throw new Error(`${text} instead of ${oj.float(values[i] ?? 0)}`);
    }
  }
  return left;
}

/** Numbers that look random and are the same in each run. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const [seed] = fc.sample(fc.nat(), 1);
const draw = random(seed ?? 0);
const unit = () => draw.next().value + draw.next().value / 2 ** 32;

describe('floats', () => {
  const makers: readonly (readonly [string, () => number])[] = [
    ['of all sizes without an exponent', () => 10 ** (unit() * 19 - 4) * (1 + unit())],
    ['below a thousand', () => unit() * 1000],
    ['below one', () => unit()],
    ['sums of decimals', () => Math.floor(unit() * 900) / 1000 + 0.0005],
    ['of few digits', () => Math.floor(unit() * 1e6) / 10 ** Math.floor(unit() * 10)],
    ['singles', () => Math.fround(unit() * 100)],
    [
      'next to a power of two or ten',
      () => (unit() < 0.5 ? 2 : 10) ** Math.floor(unit() * 14 - 3) * (1 + Math.floor(unit() * 5 - 2) * 2 ** -52),
    ],
  ];
  test.each(makers)('%s', (_, make) => {
    let left = 0;
    let inRange = 0;
    for (let done = 0; done < floats; done += perCall) {
      const values = Array.from({ length: perCall }, () => (unit() < 0.2 ? -make() : make()));
      left += compare(values);
      inRange += values.filter((value) => Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15).length;
    }
    // Some lie between two decimals, some are powers of two.
    expect(left - (floats - inRange)).toBeLessThan(inRange * 0.2);
  });

  test('times of requests are written by the module', () => {
    const values = Array.from({ length: 900 }, (_, i) => i / 1000 + 0.0005);
    expect(compare(values)).toBe(0);
  });

  test('any float', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 50 }), (values) => {
        compare(values.filter((value) => Number.isFinite(value)));
      }),
      { numRuns: 200 },
    );
  });
});
