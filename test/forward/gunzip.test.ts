// Inflating by a stream's handle does what gunzipSync does.
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gunzip } from '../../src/forward/gunzip.ts';

const gunzip = new Gunzip();
const output = new Uint8Array(300_000);

function reference(input: Uint8Array): string {
  try {
    return gunzipSync(input).toString('latin1');
  } catch {
    return 'broken';
  }
}

function result(input: Uint8Array, room = output): string {
  const length = gunzip.run(input, room);
  return typeof length === 'string' ? length : Buffer.from(room.subarray(0, length)).toString('latin1');
}

test('this Node has what it needs', () => {
  expect(gunzip.supported).toBe(true);
});

test('any data, one member or several, zeros behind, cut, mangled: as gunzipSync, one after the other', () => {
  const data = fc
    .uint8Array({ maxLength: 3000 })
    .chain((bytes) => fc.constantFrom(1, 80).map((times) => Buffer.concat(Array(times).fill(bytes))));
  fc.assert(
    fc.property(
      fc.array(data, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('whole', 'zeros', 'rubbish', 'cut', 'mangled'),
      fc.nat(),
      (parts, harm, at) => {
        const whole = Buffer.concat(parts.map((part) => gzipSync(part)));
        const place = at % whole.length;
        const input = {
          whole,
          zeros: Buffer.concat([whole, Buffer.alloc(3)]),
          rubbish: Buffer.concat([whole, Buffer.from('rubbish')]),
          cut: whole.subarray(0, place),
          mangled: Buffer.from(whole.map((byte, index) => (index === place ? byte ^ 0x55 : byte))),
        }[harm];
        const wanted = reference(input);
        fc.pre(wanted.length < output.length);
        expect(result(input) === wanted || (input.length === 0 && wanted === '')).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('what does not fit is large, not one byte more is written, and the next is inflated again', () => {
  const input = gzipSync(Buffer.alloc(5000, 'x'));
  const room = new Uint8Array(6000);
  expect(gunzip.run(input, room.subarray(0, 5000))).toBe('large');
  expect(gunzip.run(input, room.subarray(0, 100))).toBe('large');
  expect(room.subarray(5000).every((byte) => byte === 0)).toBe(true);
  expect(gunzip.run(input, room.subarray(0, 5001))).toBe(5000);
});
