// <inject> with the WebAssembly module and without: the same events of whatever comes, in pieces of any size; what came is not touched.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import type { Injector } from '../../src/plugin/inject.ts';
import { batchOf, inZone, makeFormatter } from '../formatters/harness.ts';
import { encoded, encodedRecord, encodedTime, mangled } from '../msgpack/arbitrary.ts';
import { io, module } from '../support/twins.ts';
import '../seed.ts';

async function make(body: string) {
  const made = await inZone('UTC', async () => [
    await makeFormatter(`<inject>\n${body}\n</inject>`, undefined, module),
    await makeFormatter(`<inject>\n${body}\n</inject>`, undefined, null),
  ]);
  return made.map((one) => {
    if ('refused' in one || one.injector === undefined) {
      throw new Error('no injector');
    }
    return { injector: one.injector, counters: one.context.counters };
  });
}

/** The events with their fields, and how many there are. */
function injected(injector: Injector, batch: Batch): { entries: string; count: number } {
  const parts: Buffer[] = [];
  let count = 0;
  for (let from = 0; from < batch.entries.length; ) {
    from = injector.inject(batch, from);
    parts.push(Buffer.from(injector.edited?.entries ?? []));
    count += injector.edited?.count ?? 0;
    injector.release();
  }
  return { entries: Buffer.concat(parts).toString('hex'), count };
}

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('log', 'tag', 'host', 'worker').map((name) => encode(name)) },
  fc.constantFrom('c403746167', 'd903746167').map((hex) => Buffer.from(hex, 'hex')),
);
const record = fc.oneof(
  encodedRecord,
  fc
    .array(fc.tuple(key, encoded), { maxLength: 15 })
    .map((pairs) => Buffer.concat([Buffer.of(0x80 + pairs.length), ...pairs.flat()])),
);
const event = fc.tuple(encodedTime, record).map((parts) => Buffer.concat([Buffer.of(0x92), ...parts]));
const events = fc.array(event, { minLength: 1, maxLength: 20 });

test.each([
  'tag_key tag',
  'hostname_key host\nhostname web-1\nworker_id_key worker',
  'hostname_key host\ntag_key tag\nworker_id_key worker',
  'tag_key tag\ntime_key time\ntime_type unixtime',
])('%s', async (body) => {
  const [fast, plain] = await make(body);
  if (fast === undefined || plain === undefined) {
    throw new Error('no injector');
  }
  const check = (tag: string, bytes: Uint8Array, count: number) => {
    const wanted = injected(plain.injector, batchOf(tag, bytes, count));
    const piece = io.take(bytes.length + 64);
    piece.fill(0x61);
    piece.set(bytes, 32);
    const inside = piece.subarray(32, 32 + bytes.length);
    expect(injected(fast.injector, batchOf(tag, inside, count))).toEqual(wanted);
    expect(Buffer.from(inside).equals(bytes)).toBe(true);
    io.give(piece);
    expect(injected(fast.injector, batchOf(tag, bytes, count))).toEqual(wanted);
    injected(plain.injector, batchOf(tag, bytes, count));
    const left = [fast, plain].map(({ counters }) => counters.list().map(({ value }) => value));
    expect(left[0]).toEqual(left[1]);
  };
  const tags = fc.constantFrom('a', 'b.c', 't'.repeat(40));
  fc.assert(
    // The module is asked where there are some events.
    fc.property(tags, events, (tag, list) => check(tag, Buffer.concat(list), Math.max(8, list.length))),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(mangled(events.map((list) => Buffer.concat(list))), (bytes) => check('a', bytes, 8)),
    { numRuns: 100 },
  );
  // More than the module's piece of memory takes, and events larger than that.
  const many = Array.from({ length: 40_000 }, (_, i) =>
    Buffer.concat([Buffer.from('92ce65000000', 'hex'), encode({ log: i, n: 'x'.repeat(i % 90) })]),
  );
  const large = Buffer.concat([Buffer.from('92ce65000000', 'hex'), encode({ log: 'y'.repeat(3_000_000) })]);
  check('a', Buffer.concat([...many.slice(0, 3), large, ...many, large]), many.length + 5);
});
