// The checksum of entries in both its versions.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { laneSum } from '../../src/chunks/lane-sum.ts';
import { ChunkSums, sumKinds } from '../../src/chunks/sums.ts';
import { io, module } from '../support/twins.ts';

const room = io.take(64 * 1024);
const anySeed = fc.integer({ min: 0, max: 0xffff_ffff });
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 700 });

function byModule(bytes: Uint8Array, seed: number, at = 0): number {
  room.set(bytes, at);
  const from = room.byteOffset + at;
  return module.exports.sum(from, from + bytes.length, seed) >>> 0;
}

test('WebAssembly and TypeScript come to the same, wherever the bytes stand', () => {
  fc.assert(
    fc.property(anyBytes, anySeed, fc.nat(70), (bytes, seed, at) => {
      expect(byModule(bytes, seed, at)).toBe(laneSum(bytes, seed));
    }),
    { numRuns: 500 },
  );
});

test('a changed byte, a missing one, one more and another seed are noticed', () => {
  fc.assert(
    fc.property(anyBytes, anySeed, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, seed, place, change) => {
      const sum = byModule(bytes, seed);
      const changed = bytes.slice();
      const at = place % bytes.length;
      changed[at] = (changed[at] as number) ^ change;
      expect(byModule(changed, seed)).not.toBe(sum);
      expect(byModule(bytes.subarray(1), seed)).not.toBe(sum);
      expect(byModule(Uint8Array.of(...bytes, 0), seed)).not.toBe(sum);
      expect(byModule(bytes, seed ^ change)).not.toBe(sum);
    }),
    { numRuns: 500 },
  );
});

test('two changed bits are noticed, also in words that one lane takes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i * 7);
  const sum = byModule(bytes, 1);
  const flip = (bit: number) => {
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  };
  let same = 0;
  for (let one = 0; one < 512; one++) {
    flip(one);
    for (let other = one + 1; other < 2048; other++) {
      flip(other);
      same += byModule(bytes, 1) === sum ? 1 : 0;
      flip(other);
    }
    flip(one);
  }
  expect(same).toBe(0);
});

test('the sum of a chunk is its own, of a kind that is named, and the same with and without WebAssembly', () => {
  const bytes = room.subarray(0, 5000);
  const [one, other] = ['01'.repeat(16), '02'.repeat(16)];
  const [quick, slow] = [new ChunkSums(one, module), new ChunkSums(one, undefined)];
  expect(quick.kindFor(bytes)).toBe(sumKinds.lanes);
  expect(slow.kindFor(bytes)).toBe(sumKinds.crc32);
  for (const kind of Object.values(sumKinds)) {
    expect(quick.entries(bytes, kind)).toBe(slow.entries(bytes.slice(), kind));
    expect(new ChunkSums(other, module).entries(bytes, kind)).not.toBe(quick.entries(bytes, kind));
  }
  expect(quick.entries(bytes, 2)).toBeUndefined();
});
