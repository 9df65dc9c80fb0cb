import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IoMemory } from '../../src/core/io-memory.ts';

const page = 65_536;

test('pieces never overlap, keep off the first and the last page, and lie outside where there is no room', () => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 5 * page }) }),
    fc.record({ give: fc.nat({ max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new IoMemory(24 * page);
      const held: Uint8Array[] = [];
      for (const one of steps) {
        if ('give' in one) {
          const [piece] = held.splice(one.give, 1);
          if (piece !== undefined) memory.give(piece);
          continue;
        }
        const piece = memory.take(one.take);
        expect(piece.length).toBe(one.take);
        if (piece.buffer === memory.buffer) {
          expect(piece.byteOffset).toBeGreaterThanOrEqual(page);
          expect(piece.byteOffset + piece.length).toBeLessThanOrEqual(23 * page);
        }
        for (const other of held) {
          const apart =
            other.buffer !== piece.buffer ||
            other.byteOffset >= piece.byteOffset + piece.length ||
            piece.byteOffset >= other.byteOffset + other.length;
          expect(apart).toBe(true);
        }
        held.push(piece);
      }
    }),
    { numRuns: 300 },
  );
});

test('what was given back is taken again first, so that no more is touched than is needed', () => {
  const memory = new IoMemory(64 * page);
  const [one, two] = [memory.take(page), memory.take(3 * page)];
  memory.give(one);
  expect(memory.take(2 * page).byteOffset).toBe(two.byteOffset + 3 * page);
  expect(memory.take(100).byteOffset).toBe(one.byteOffset);
});

test('all of it is used before any is taken elsewhere', () => {
  const memory = new IoMemory(10 * page);
  const pieces = Array.from({ length: 9 }, () => memory.take(page));
  expect(pieces.map((piece) => piece.buffer === memory.buffer)).toEqual([...Array(8).fill(true), false]);
});
