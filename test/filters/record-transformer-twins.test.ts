// Constant fields set by record_transformer with the WebAssembly module and without: the same events of whatever comes, what came is not
// touched, and memory is used again only once nobody uses it any more.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, type Tag, tagFromText } from '../../src/core/batch.ts';
import type { Filter, FilterContext } from '../../src/plugin/filter.ts';
import { planText } from '../engine/harness.ts';
import { batchOf, entry, testContext } from '../formatters/harness.ts';
import { encoded, encodedRecord, encodedTime, mangled } from '../msgpack/arbitrary.ts';
import { io, module } from '../support/twins.ts';
import '../seed.ts';

async function make(body: string, context: FilterContext): Promise<Filter> {
  const { plan, problems } = await planText(
    `<source>\n@type forward\n</source>\n<filter **>\n@type record_transformer\n${body}\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'filter') {
    throw new Error(JSON.stringify(problems));
  }
  return rule.definition.create(context, rule.options);
}

/** The same bytes in the module's memory, with others around them. */
function inModule(bytes: Uint8Array): { bytes: Uint8Array; free(): void } {
  const piece = io.take(bytes.length + 64);
  piece.fill(0x61);
  piece.set(bytes, 32);
  return { bytes: piece.subarray(32, 32 + bytes.length), free: () => io.give(piece) };
}

/** What comes of a batch: its entries, or why there are none. */
function outcome(filter: Filter, batch: Batch): unknown {
  try {
    const left = filter.filter(batch);
    const result =
      left === undefined || left === batch
        ? { same: left === batch }
        : { entries: Buffer.from(left.entries).toString('hex'), count: left.count, seq: left.seq };
    if (left !== undefined && left !== batch) {
      filter.release?.();
    }
    return result;
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('log', 'host', 'tag', 'é').map((name) => encode(name)) },
  fc.constantFrom('c404686f7374', 'd904686f7374').map((hex) => Buffer.from(hex, 'hex')),
);
const record = fc.oneof(
  { weight: 2, arbitrary: encodedRecord },
  fc
    .array(fc.tuple(key, encoded), { maxLength: 15 })
    .map((pairs) => Buffer.concat([Buffer.of(0x80 + pairs.length), ...pairs.flat()])),
);
const event = fc.tuple(encodedTime, record).map((parts) => Buffer.concat([Buffer.of(0x92), ...parts]));
const events = fc.array(event, { minLength: 8, maxLength: 20 });
const tags = ['a', 'b.c', 't'.repeat(40)].map((text) => tagFromText(text));

test.for([
  '<record>\nhost web-1\n</record>',
  '<record>\nhost "#{Socket.gethostname}"\ntag ${tag}\npart ${tag_parts[0]}\n</record>',
  '<record>\ntag x\n${tag} y\n</record>',
  '<record>\né {"a":[1,2.5,null],"b":"${tag}"}\nempty\n</record>',
  '<record>\nhost ${record["log"]}\n</record>',
  'remove_keys tag\n<record>\nhost web-1\n</record>',
])('%s', async (body) => {
  const [fast, plain] = [await make(body, testContext()), await make(body, testContext(undefined, null))];
  const check = (tag: Tag, bytes: Uint8Array, count: number) => {
    const inside = inModule(bytes);
    const wanted = outcome(plain, { ...batchOf(tag, bytes, count), seq: 1000 });
    expect(outcome(fast, { ...batchOf(tag, inside.bytes, count), seq: 1000 })).toEqual(wanted);
    expect(Buffer.from(inside.bytes).equals(bytes)).toBe(true);
    // Where they stand in other memory.
    expect(outcome(fast, { ...batchOf(tag, bytes, count), seq: 1000 })).toEqual(wanted);
    inside.free();
  };
  fc.assert(
    fc.property(fc.constantFrom(...tags), events, (tag, list) => check(tag, Buffer.concat(list), list.length)),
    { numRuns: 100 },
  );
  // Batches that come to filters are whole; where they are not, both refuse them.
  fc.assert(
    fc.property(mangled(events.map((list) => Buffer.concat(list))), (bytes) => {
      const inside = inModule(bytes);
      outcome(fast, batchOf('a', inside.bytes, 8));
      expect(Buffer.from(inside.bytes).equals(bytes)).toBe(true);
      inside.free();
    }),
    { numRuns: 100 },
  );
  await fast.stop?.(AbortSignal.abort());
  await plain.stop?.(AbortSignal.abort());
});

test('the module has done it: what was given out stays as it is until it is released, the last one first', async () => {
  const filter = await make('<record>\nhost web-1\n</record>', testContext());
  const inside = ['one', 'two', 'three'].map((word) =>
    inModule(Buffer.concat(Array.from({ length: 8 }, (_, sec) => entry({ sec }, encode({ log: word }))))),
  );
  const left = inside.map(({ bytes }) => filter.filter(batchOf('t', bytes, 8)));
  const shown = () => left.map((batch) => Buffer.from(batch?.entries ?? []).toString('latin1'));
  const before = shown();
  expect(left.map((batch) => batch?.entries.buffer === io.buffer)).toEqual([true, true, true]);
  expect(before.map((text) => /.*log.(one|two|three)/s.exec(text)?.[1])).toEqual(['one', 'two', 'three']);
  filter.release?.();
  const [again] = [inModule(inside[0]?.bytes ?? new Uint8Array(0))];
  const fourth = filter.filter(batchOf('t', again.bytes, 8));
  expect(fourth?.entries.byteOffset).toBe(left[2]?.entries.byteOffset);
  expect(shown().slice(0, 2)).toEqual(before.slice(0, 2));
  for (let i = 0; i < 3; i++) {
    filter.release?.();
  }
  for (const { free } of [...inside, again]) {
    free();
  }
});

test('batches in and out of the module take turns', async () => {
  const filter = await make('<record>\nhost web-1\n</record>', testContext());
  const bytes = Buffer.concat(Array.from({ length: 8 }, (_, sec) => entry({ sec }, encode({ log: 'a' }))));
  const { bytes: inside, free } = inModule(bytes);
  const first = filter.filter(batchOf('t', inside, 8));
  const second = filter.filter(batchOf('t', Uint8Array.from(bytes), 8));
  filter.release?.();
  const spare = [module.areas.take(1), module.areas.take(1)];
  expect(spare.map((area) => area?.byteOffset)).not.toContain(first?.entries.byteOffset);
  expect(Buffer.from(second?.entries ?? []).equals(first?.entries ?? Buffer.alloc(0))).toBe(true);
  filter.release?.();
  for (const area of spare) {
    if (area !== undefined) {
      module.areas.give(area);
    }
  }
  free();
});
