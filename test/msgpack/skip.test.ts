import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { invalidByte, maxDepth, needMore, Skip, tooDeep, unknownExt } from '../../src/msgpack/skip.ts';
import { encoded, mangled } from './arbitrary.ts';

/**
 * Whether a decoder takes the bytes, keys of any kind included. Undefined where it cannot say: it refuses the key
 * `__proto__`, which is a word of JavaScript's and no fault of the bytes.
 */
function decodes(bytes: Uint8Array): boolean | undefined {
  try {
    decode(bytes, { rawStrings: true, mapKeyConverter: (key) => `key ${key}` });
    return true;
  } catch (error) {
    return String(error).includes('__proto__') ? undefined : false;
  }
}

test('the end of any value is found, with whatever behind it', () => {
  fc.assert(
    fc.property(encoded, fc.uint8Array({ maxLength: 5 }), (value, behind) => {
      const bytes = Uint8Array.of(...value, ...behind);
      expect(new Skip().run(bytes, 0, bytes.length)).toBe(value.length);
    }),
    { numRuns: 2000 },
  );
});

test('a value that comes in pieces ends where it does in one, and is never asked for twice', () => {
  fc.assert(
    fc.property(encoded, fc.array(fc.nat(), { maxLength: 8 }), (value, cuts) => {
      const skip = new Skip();
      let pos = 0;
      for (const cut of [...cuts.map((at) => at % value.length), value.length].sort((a, b) => a - b)) {
        const next = skip.run(value, pos, cut);
        if (cut === value.length) {
          expect(next).toBe(value.length);
        } else {
          expect(next).toBe(needMore);
          expect(skip.at).toBeGreaterThanOrEqual(pos);
          expect(skip.want).toBeGreaterThan(cut);
          pos = skip.at;
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('on mangled bytes it says what a decoder says: a whole value, an unfinished one, or none', () => {
  fc.assert(
    fc.property(mangled(encoded), (bytes) => {
      const end = new Skip().run(bytes, 0, bytes.length);
      if (end > 0) {
        expect(decodes(bytes.subarray(0, end))).not.toBe(false);
      } else {
        expect([needMore, invalidByte, unknownExt, tooDeep]).toContain(end);
      }
      if (end === needMore) {
        expect(decodes(bytes)).not.toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a key named __proto__ is a key like any other', () => {
  const bytes = Uint8Array.of(0x81, 0xa9, ...Buffer.from('__proto__'), 1);
  expect(new Skip().run(bytes, 0, bytes.length)).toBe(bytes.length);
});

test.each([
  ['c1', invalidByte],
  ['92c1c0', invalidByte],
  ['d4ff00', unknownExt],
  ['c70101', unknownExt],
  ['c7', needMore],
  ['dd', needMore],
  ['ddffffffff', needMore],
  ['dfffffffff', needMore],
  ['c6ffffffff00', needMore],
])('%s', (text, code) => {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  expect(new Skip().run(bytes, 0, bytes.length)).toBe(code);
});

test('a value may be nested as deep as the limit, and no deeper', () => {
  const nested = (depth: number) => Uint8Array.of(...new Array(depth).fill(0x91), 0xc0);
  expect(new Skip().run(nested(maxDepth), 0, maxDepth + 1)).toBe(maxDepth + 1);
  expect(new Skip().run(nested(maxDepth + 1), 0, maxDepth + 2)).toBe(tooDeep);
});
