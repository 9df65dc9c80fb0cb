// Integers as msgpack, also those that no integer of msgpack can be.
import { decode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { GrowingBytes } from '../../src/msgpack/growing-bytes.ts';
import { appendInteger } from '../../src/msgpack/pack-text.ts';

function packed(value: number | bigint): unknown {
  const out = new GrowingBytes();
  appendInteger(out, value);
  return decode(out.bytes.subarray(0, out.length), { useBigInt64: true });
}

test.for<[number | bigint, number | bigint]>([
  [0, 0],
  [-32, -32],
  [-129, -129],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2n ** 64n - 1n, 2n ** 64n - 1n],
  [-(2n ** 63n), -(2n ** 63n)],
  [2n ** 64n, 2 ** 64],
  // Found by fuzzing: a field of 400 digits with `types field:integer`.
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  [10n ** 400n, Number.POSITIVE_INFINITY],
])('%s', ([value, read]) => {
  expect(packed(value)).toBe(read);
});
