import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntriesWalk, rewriteEntries } from '../../src/msgpack/entries.ts';
import { EntryCheck } from '../../src/msgpack/entry-check.ts';
import { EntryStream } from '../../src/msgpack/entry-stream.ts';
import { needMore, Skip } from '../../src/msgpack/skip.ts';
import { encoded, encodedRecord, encodedTime, mangled } from './arbitrary.ts';

const clean = fc.tuple(encodedTime, encodedRecord).map(([time, record]) => Uint8Array.of(0x92, ...time, ...record));
/** `[[time, metadata], record]`, as Fluent Bit sends it. */
const fluentBit = fc.tuple(encodedTime, encodedRecord).map(([time, record]) => ({
  sent: Uint8Array.of(0x92, 0x92, ...time, 0x80, ...record),
  clean: Uint8Array.of(0x92, ...time, ...record),
}));
const third = fc.tuple(encodedTime, encodedRecord, encoded).map(([time, record, more]) => ({
  sent: Uint8Array.of(0x93, ...time, ...record, ...more),
  clean: Uint8Array.of(0x92, ...time, ...record),
}));
const long = clean.map((entry) => ({ sent: Uint8Array.of(0xdc, 0, 2, ...entry.subarray(1)), clean: entry }));
const none = fc
  .constantFrom<unknown>(5, 'text', null, {}, [], [1], [1.5, {}], [null, {}], [1, 'x'], [[], {}], ['1', { a: 1 }])
  .map((value) => ({ sent: Uint8Array.from(encode(value)), clean: new Uint8Array(0) }));

test('clean entries are counted and stay as they are', () => {
  fc.assert(
    fc.property(fc.array(clean, { maxLength: 8 }), (entries) => {
      const run = Uint8Array.from(Buffer.concat(entries));
      const walk = new EntriesWalk();
      expect(walk.run(run, 0, run.length)).toBe(0);
      expect([walk.count, walk.clean, walk.end]).toEqual([entries.length, true, run.length]);
    }),
    { numRuns: 500 },
  );
});

test('what is not clean is brought into clean form, and what is no entry goes', () => {
  const any = fc.oneof(
    clean.map((entry) => ({ sent: entry, clean: entry })),
    fluentBit,
    third,
    long,
    none,
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 10 }), (entries) => {
      const run = Uint8Array.from(Buffer.concat(entries.map(({ sent }) => sent)));
      const walk = new EntriesWalk();
      expect(walk.run(run, 0, run.length)).toBe(0);
      const { count, dropped, end } = rewriteEntries(run, 0, walk.end);
      const wanted = entries.filter((entry) => entry.clean.length > 0);
      expect(Buffer.from(run.subarray(0, end))).toEqual(Buffer.concat(wanted.map((entry) => entry.clean)));
      expect([count, dropped]).toEqual([wanted.length, entries.length - wanted.length]);
    }),
    { numRuns: 1000 },
  );
});

test('mangled entries never leave a form behind that is not clean', () => {
  const runs = mangled(fc.array(clean, { maxLength: 5 }).map((entries) => Uint8Array.from(Buffer.concat(entries))));
  fc.assert(
    fc.property(runs, (run) => {
      const walk = new EntriesWalk();
      if (walk.run(run, 0, run.length) === 0) {
        const { count, end } = rewriteEntries(run, 0, walk.end);
        const clean = run.slice(0, end);
        expect(rewriteEntries(run, 0, end)).toEqual({ count, dropped: 0, end });
        expect(run.slice(0, end)).toEqual(clean);
      }
    }),
    { numRuns: 500 },
  );
});

test('a cut last entry ends the run before it', () => {
  const entry = Uint8Array.from(encode([1_700_000_000, { log: 'hello' }]));
  for (let cut = 1; cut < entry.length; cut++) {
    const run = Uint8Array.of(...entry, ...entry.subarray(0, cut));
    const walk = new EntriesWalk();
    expect(walk.run(run, 0, run.length)).toBe(0);
    expect([walk.count, walk.end]).toEqual([1, entry.length]);
  }
});

test('a stream of pieces gives the same entries as the whole', () => {
  fc.assert(
    fc.property(fc.array(clean, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 10 }), (entries, cuts) => {
      const whole = Uint8Array.from(Buffer.concat(entries));
      const stream = new EntryStream();
      const check = new EntryCheck();
      const runs: Uint8Array[] = [];
      let from = 0;
      const places = [...cuts.map((at) => (whole.length === 0 ? 0 : at % whole.length)), whole.length];
      for (const to of places.sort((a, b) => a - b)) {
        const run = stream.push(whole.slice(from, to));
        expect(typeof run).not.toBe('number');
        expect(check.push(whole.slice(from, to))).toBe(0);
        runs.push(Uint8Array.from(run as Uint8Array));
        from = to;
      }
      expect(Buffer.concat(runs)).toEqual(Buffer.from(whole));
      expect(stream.held).toBe(0);
      expect(check.largest).toBe(Math.max(0, ...entries.map((entry) => entry.length)));
    }),
    { numRuns: 1000 },
  );
});

test('a check of pieces finds what the walk over the whole finds, also where it is no msgpack or cut', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0x92, 0x81, 0xa1, 0xd9, 0xd7, 0xc7, 0xdd, 0xcf, 0, 1, 0x20, 0xc1), { maxLength: 80 }),
    fc
      .tuple(fc.array(clean, { maxLength: 4 }), fc.uint8Array({ maxLength: 4 }))
      .map(([all, end]) => [...Buffer.concat(all), ...end]),
  );
  let broken = 0;
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(), { maxLength: 12 }), (some, cuts) => {
      const whole = Uint8Array.from(some);
      const skip = new Skip();
      const sizes: number[] = [];
      let end = 0;
      let code = 0;
      for (let at = 0; at < whole.length && code === 0; at = end) {
        const next = skip.run(whole, at, whole.length);
        code = Math.min(next, 0);
        end = next < 0 ? whole.length : next;
        if (code === 0 || code === needMore) sizes.push(end - at);
      }
      const check = new EntryCheck();
      let found = 0;
      let from = 0;
      for (const to of [...cuts.map((at) => at % (whole.length + 1)), whole.length].sort((a, b) => a - b)) {
        found = found === 0 ? check.push(whole.slice(from, to)) : found;
        from = to;
      }
      expect(found).toBe(code === needMore ? 0 : code);
      if (found === 0) {
        expect(check.largest).toBe(Math.max(0, ...sizes));
      } else {
        broken++;
      }
    }),
    { numRuns: 2000 },
  );
  expect(broken).toBeGreaterThan(100);
});
