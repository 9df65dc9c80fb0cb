// Picking and counting: WebAssembly does what TypeScript does, to the same memory.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KernelAndMemory, loadPlainKernel, loadWasmKernel } from '../../src/page/columns/kernel.ts';
import {
  answersAt,
  bitsAt,
  inputAt,
  lanesAt,
  maybeAt,
  mostOrigins,
  needleAt,
  rowsAt,
  runSize,
  runsAt,
  talliesAt,
  tallySize,
  withinAt,
} from '../../src/page/columns/layout.ts';
import { runs } from './runs.ts';
import '../seed.ts';

const rows = 96;
const wasm = loadWasmKernel();
const plain = loadPlainKernel(64 * 1024 * 1024);
/** A column of which stretches are alike, as they mostly are. */
const column = (most: number) =>
  fc
    .array(fc.tuple(fc.nat(most), fc.integer({ min: 1, max: 80 })), { minLength: rows, maxLength: rows })
    .map((runsOf) => runsOf.flatMap(([value, length]) => new Array<number>(length).fill(value)).slice(0, rows));
const range = fc
  .tuple(fc.nat(rows - 1), fc.nat(rows - 1))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
const words = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: rows / 32, maxLength: rows / 32 });

/** What both have in these places of the memory afterwards. */
function bothDo<T>(work: (kernel: KernelAndMemory) => T): T {
  expect(wasm).toBeDefined();
  const [one, two] = [wasm ?? plain, plain].map(work);
  expect(one).toEqual(two);
  return two as T;
}

describe('both kernels', () => {
  test('pick the same events', () => {
    const answers = fc.array(fc.nat(2), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(column(9), answers, range, fc.nat(255), (values, of, [from, to], mask) => {
        const picked = bothDo(({ kernel, memory }) => {
          memory.u8.set(values, inputAt);
          memory.u16.set(values, (inputAt + 4096) >> 1);
          memory.u8.set(of, answersAt);
          const written = (at: number) => [...memory.u32.slice((at >> 2) + (from >> 5), (at >> 2) + ((to + 31) >> 5))];
          kernel.pickLevels(inputAt, from, to, answersAt, bitsAt);
          const levels = written(bitsAt);
          kernel.pickFlags(inputAt, from, to, mask, bitsAt);
          const flags = written(bitsAt);
          kernel.pickNumbers(inputAt + 4096, from, to, answersAt, bitsAt, maybeAt);
          return { levels, flags, yes: written(bitsAt), maybe: written(maybeAt) };
        });
        const row = from;
        const bit = (bits: number[]) => ((bits[0] ?? 0) >>> (row & 31)) & 1;
        const answer = of[values[row] ?? 0] ?? 0;
        expect([bit(picked.levels), bit(picked.yes), bit(picked.maybe)]).toEqual([
          answer === 0 ? 0 : 1,
          answer === 1 ? 1 : 0,
          answer === 0 ? 0 : 1,
        ]);
      }),
      { numRuns: runs(300) },
    );
  });

  test('count the same events', () => {
    fc.assert(
      fc.property(column(7), column(5), column(3), words, range, (levels, numbers, seconds, bits, [from, to]) => {
        const counted = bothDo(({ kernel, memory }) => {
          memory.u8.set(levels, inputAt);
          memory.u16.set(numbers, (inputAt + 4096) >> 1);
          memory.u32.set(seconds, (inputAt + 8192) >> 2);
          memory.u32.set(bits, rowsAt >> 2);
          memory.u8.fill(0, lanesAt, lanesAt + mostOrigins);
          memory.u8.set([0, 1, 0, 1, 1, 2], lanesAt);
          memory.u8.fill(0, talliesAt, talliesAt + tallySize);
          kernel.countNumbers(inputAt + 4096, from, to, rowsAt, 1, talliesAt);
          kernel.countLevels(inputAt, from, to, rowsAt, 1, talliesAt + 4096);
          const found = kernel.countSeconds(inputAt + 8192, inputAt + 4096, inputAt, from, to, rowsAt, lanesAt, runsAt);
          const sums = [...memory.u32.slice(talliesAt >> 2, (talliesAt >> 2) + 8)];
          const byLevel = [...memory.u32.slice((talliesAt + 4096) >> 2, (talliesAt >> 2) + 1024 + 8)];
          kernel.countNumbers(inputAt + 4096, from, to, rowsAt, -1, talliesAt);
          const after = [...memory.u32.slice(talliesAt >> 2, (talliesAt >> 2) + 8)];
          return { sums, byLevel, after, runs: [...memory.u32.slice(runsAt >> 2, (runsAt + found * runSize) >> 2)] };
        });
        const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
        const inRuns = sum(counted.runs.filter((_, n) => n % 5 > 1));
        expect([sum(counted.byLevel), inRuns, sum(counted.after)]).toEqual([sum(counted.sums), sum(counted.sums), 0]);
      }),
      { numRuns: runs(300) },
    );
  });

  test('find a text in the events that are asked for', () => {
    const letters = fc.constantFrom('ab', 'a', 'b', ' ', 'B', 'a long text that goes on ', 'x'.repeat(70));
    const line = fc.array(letters, { maxLength: 8 }).map((parts) => parts.join(''));
    const lines = fc.array(line, { minLength: rows, maxLength: rows });
    fc.assert(
      fc.property(lines, fc.array(letters, { minLength: 1, maxLength: 3 }), words, (texts, parts, within) => {
        const needle = Buffer.from(parts.join(''));
        const found = bothDo(({ kernel, memory }) => {
          let at = inputAt + 4096;
          memory.u32[inputAt >> 2] = at;
          for (const [n, text] of texts.entries()) {
            memory.u8.set(Buffer.from(text), at);
            at += text.length;
            memory.u32[(inputAt >> 2) + n + 1] = at;
          }
          memory.u8.set(needle, needleAt);
          memory.u8.fill(0, needleAt + needle.length, needleAt + 2 * needle.length);
          memory.u32.set(within, withinAt >> 2);
          memory.u32.fill(0, bitsAt >> 2, (bitsAt >> 2) + rows / 32);
          kernel.find(inputAt, 0, rows, needleAt, needle.length, 0, needle.length - 1, bitsAt, withinAt);
          // Of others nothing is said.
          return within.map((word, n) => (memory.u32[(bitsAt >> 2) + n] ?? 0) & word);
        });
        const expected = within.map((word, n) => {
          const own = texts.slice(32 * n, 32 * n + 32);
          return own.reduce((bits, text, m) => bits | (text.includes(parts.join('')) ? 1 << m : 0), 0) & word;
        });
        expect(found).toEqual(expected);
      }),
      { numRuns: runs(300) },
    );
  });
});
