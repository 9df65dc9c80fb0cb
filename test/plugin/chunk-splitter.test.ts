// A batch is cut where the piece of time changes; by WebAssembly where the events stand in its memory, else by its twin.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, tagFromText } from '../../src/core/batch.ts';
import { TimeKey } from '../../src/core/time-key.ts';
import { parseZone } from '../../src/core/zone.ts';
import { CleanEntries } from '../../src/msgpack/clean-entries.ts';
import { ChunkSplitter } from '../../src/plugin/chunk-splitter.ts';
import { encodedRecord, encodedTime } from '../msgpack/arbitrary.ts';
import { io, module } from '../support/twins.ts';

const near = fc.tuple(fc.integer({ min: 1_699_999_000, max: 1_700_002_000 }), fc.boolean()).map(([second, exact]) => {
  const time = Buffer.alloc(exact ? 10 : 5);
  time.writeUInt16BE(exact ? 0xd700 : 0xce00);
  time.writeUInt32BE(second, exact ? 2 : 1);
  return Uint8Array.from(time);
});
const entry = fc
  .tuple(fc.oneof({ weight: 8, arbitrary: near }, encodedTime), encodedRecord)
  .map(([time, record]) => Uint8Array.of(0x92, ...time, ...record));

test('both versions cut a batch at the same places, each part within one piece of time', () => {
  const area = io.take(1 << 20);
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), fc.constantFrom(60, 3600, 86_400), (list, size) => {
      const whole = Uint8Array.from(Buffer.concat(list));
      area.set(whole);
      const parts = (entries: Uint8Array, wasm: typeof module | undefined, times?: Batch['times']) => {
        const keys = { time: new TimeKey(size, parseZone('+05:45') ?? expect.fail()), tag: false, fields: [] };
        const splitter = new ChunkSplitter(keys, wasm);
        const batch: Batch = {
          ...{ tag: tagFromText('t'), entries, count: list.length, seq: 0, arrived: 0, acks: undefined, times },
          origin: { listener: '', address: '', port: 0, name: undefined },
        };
        const found: unknown[] = [];
        for (let from = 0; from < entries.length; ) {
          from = splitter.run(batch, from);
          found.push([from, splitter.count, splitter.time]);
        }
        return found;
      };
      const fast = parts(area.subarray(0, whole.length), module);
      expect(fast).toEqual(parts(whole, undefined));
      const clean = new CleanEntries(module);
      const here = area.subarray(0, whole.length);
      clean.run(area, 0, whole.length);
      const { first, last } = clean;
      expect(
        parts(here, module, first <= last ? { entries: here, first, last, buffer: here.buffer } : undefined),
      ).toEqual(fast);
      const other = new Uint8Array(whole.length);
      const stale = { entries: other, first: 0, last: 0, buffer: other.buffer };
      expect(parts(here, module, stale)).toEqual(fast);
      expect(fast.reduce<number>((sum, part) => sum + ((part as number[])[1] ?? 0), 0)).toBe(list.length);
    }),
    { numRuns: 500 },
  );
});
