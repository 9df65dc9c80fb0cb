// The kernel of the columns: WebAssembly and TypeScript do the same to the same memory, and the level of a line is what the query language
// says of its text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sourcesHash as current } from '../../build-wasm.ts';
import { EventSubject } from '../../src/live/query/event-subject.ts';
import { levelNumber, levels } from '../../src/live/query/levels.ts';
import type { Block } from '../../src/page/columns/block.ts';
import { loadPlainKernel, loadWasmKernel } from '../../src/page/columns/kernel.ts';
import { bitsAt, inputAt, needleAt } from '../../src/page/columns/layout.ts';
import { sourcesHash } from '../../src/page/columns/wasm-module.ts';
import { Desk, docker, frameOf, kernels } from './engine.ts';
import { runs } from './runs.ts';
import '../seed.ts';

const wasm = loadWasmKernel();
const utf8 = new TextEncoder();

/** Lines as programs print them, and what comes close to it. */
const word = fc.constantFrom(
  ...levels,
  ...[
    'ERROR',
    'Warning',
    'INFO',
    'err',
    'critical',
    'information',
    'informational',
    'alert',
    'FINEST',
    'fines',
    'errors',
    'x_error',
  ],
  ...[
    'level=',
    'lvl:',
    '"severity": "',
    "level = '",
    '[',
    '<',
    '(',
    ']',
    ':',
    ' ',
    '  ',
    '\t',
    '"',
    "'",
    '{"',
    '":',
    '"}',
    '30',
    '50',
    '7',
  ],
  ...[
    '\u001b[31m',
    '\u001b[0m',
    '\u001b[3',
    'm',
    '語',
    'é',
    '🦀',
    '\u00a0',
    '\n',
    'x'.repeat(150),
    '日本語'.repeat(40),
    'a',
    '_',
    '9',
    '\\',
  ],
);
const text = fc.array(word, { maxLength: 14 }).map((words) => words.join(''));
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    30,
    50,
    7,
    99,
    3,
    '30',
    'warn',
    ' Error ',
    'ERROR',
    true,
    null,
    -1,
    1.5,
    1e21,
    'x',
    'é',
    '"',
  ),
  fc.integer(),
);
const key = fc.constantFrom(
  'level',
  'LEVEL',
  'severity',
  'lvl',
  'loglevel',
  'priority',
  'msg',
  'a',
  'levels',
  'é',
  'le\nvel',
  '__proto__',
);
const json = fc
  .array(
    fc.tuple(key, fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(key, scalar, { maxKeys: 3 }))),
    {
      maxLength: 5,
    },
  )
  .map((pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
/** JSON that is cut, or has something in it that does not belong there. */
const nearJson = fc
  .tuple(
    json,
    fc.nat(80),
    fc.nat(3),
    fc.constantFrom('', ',', '"', '}', ' ', '\\', '\\u00e9', '{', '[', '01', '.5', 'e', '\n', 'tru'),
  )
  .map(([line, at, cut, extra]) => line.slice(0, at) + extra + line.slice(at + cut));

describe('the kernel', () => {
  test('was made from the sources as they are: else run `npm run build`', () => {
    expect(sourcesHash).toBe(current('src/page/columns'));
    expect(wasm).toBeDefined();
  });

  test('finds the level that the query language finds', () => {
    const subject = new EventSubject();
    fc.assert(
      fc.property(fc.oneof(text, json, nearJson, fc.string({ unit: 'binary' })), (line) => {
        const bytes = utf8.encode(line);
        wasm?.memory.u8.set(bytes, inputAt);
        const found = wasm?.kernel.lineLevel(inputAt, bytes.length);
        const expected = levelNumber(subject.levelOfLine(bytes, 0, bytes.length));
        // 254: it leaves the line to the query language.
        expect(found === 254 ? expected : found).toBe(expected);
      }),
      { numRuns: runs(3000) },
    );
  });

  test('leaves few lines to it', () => {
    const lines = [
      ['{"level":30,"time":1,"msg":"x","a":{"level":"error"}}', 3],
      ['{"msg":"x","severity":"WARNING"}\n', 4],
      ['{"level":"none"}', 0],
      ['{"msg":"error: x"', 0],
      ['\u001b[33mWARN\u001b[0m x', 4],
      ['level=debug msg="an ERROR"', 2],
      ['an ERROR of the WARN kind', 5],
      ['  error: x', 5],
      ['no errors', 0],
    ] as const;
    for (const [line, level] of lines) {
      const bytes = utf8.encode(line);
      wasm?.memory.u8.set(bytes, inputAt);
      expect([line, wasm?.kernel.lineLevel(inputAt, bytes.length)]).toEqual([line, level]);
    }
  });

  test('takes events in as the one in TypeScript does', () => {
    const pair = kernels.map(([, kernel]) => kernel());
    const utf16 = fc.string({ unit: 'binary', maxLength: 40 });
    const line = fc.oneof(
      text,
      json,
      utf16,
      fc.tuple(text, utf16, text).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 60 }), (lines) => {
        const frame = frameOf(lines.map((log, n) => docker(log, `c-${n % 3}`)));
        const [one, other] = pair.map((kernel) => {
          const { memory, blocks } = new Desk(kernel).take(frame).engine.columns;
          const { at } = blocks[0] as Block;
          return lines.map((_, id) => {
            const [from, to] = [memory.u32[(at.offsets >> 2) + id], memory.u32[(at.offsets >> 2) + id + 1]];
            return [memory.u8[at.levels + id], memory.u8[at.flags + id], String(memory.u8.subarray(from, to))];
          });
        });
        expect(one).toEqual(other);
      }),
      { numRuns: runs(300) },
    );
  });

  test('finds a text in the lines that have it, and in no other, with either kernel', () => {
    const twins = [wasm, loadPlainKernel(64 * 1024 * 1024)];
    const letters = fc.constantFrom('a', 'B', 'b', 'ab', ' ', 'é', '@', '`', '[', '{', 'xyz', 'AB');
    const line = fc.array(letters, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 90 }),
        fc.array(letters, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.nat(40),
        (lines, parts, fold, skip) => {
          const wanted = fold ? parts.join('').replace(/[A-Z]/g, (sign) => sign.toLowerCase()) : parts.join('');
          const needle = utf8.encode(wanted);
          const first = Math.min(skip, lines.length - 1);
          const results = twins.map((twin) => {
            if (twin === undefined) {
              return undefined;
            }
            const { kernel, memory } = twin;
            const offsets = inputAt;
            let at = inputAt + 4096;
            memory.u32[offsets >> 2] = at;
            for (const [n, one] of lines.entries()) {
              const bytes = utf8.encode(one);
              memory.u8.set(bytes, at);
              at += bytes.length;
              memory.u32[(offsets >> 2) + n + 1] = at;
            }
            memory.u8.set(needle, needleAt);
            memory.u8.set(
              needle.map((byte) => (fold && byte >= 97 && byte <= 122 ? 32 : 0)),
              needleAt + needle.length,
            );
            memory.u32.fill(0, bitsAt >> 2, (bitsAt >> 2) + 4);
            kernel.find(offsets, first, lines.length, needleAt, needle.length, 0, needle.length - 1, bitsAt, 0);
            return lines.map((_, n) => ((memory.u32[(bitsAt >> 2) + (n >> 5)] ?? 0) >>> (n & 31)) & 1);
          });
          const asked = (one: string) => (fold ? one.replace(/[A-Z]/g, (sign) => sign.toLowerCase()) : one);
          const expected = lines.map((one, n) => (n >= first && asked(one).includes(wanted) ? 1 : 0));
          expect(results[1]).toEqual(expected);
          expect(results[0]).toEqual(expected);
        },
      ),
      { numRuns: runs(500) },
    );
  });
});
