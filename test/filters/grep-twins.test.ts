// Grep for words in one field, with the WebAssembly module and without: the same events are kept of whatever comes, what came is not touched,
// and memory is used again only once nobody uses it any more.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, tagFromText } from '../../src/core/batch.ts';
import type { Filter, FilterContext } from '../../src/plugin/filter.ts';
import { planText } from '../engine/harness.ts';
import { batchOf, entry, testContext } from '../formatters/harness.ts';
import { encoded, encodedTime, mangled } from '../msgpack/arbitrary.ts';
import { io, module } from '../support/twins.ts';

const tag = tagFromText('t');

async function make(body: string, context: FilterContext): Promise<Filter> {
  const { plan, problems } = await planText(
    `<source>\n@type forward\n</source>\n<filter **>\n@type grep\n${body}\n</filter>\n<match **>\n@type null\n</match>\n`,
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

const conditions = [
  ['key log\npattern /ab/'],
  ['key log\npattern /ab/', 'exclude'],
  ['key log\npattern /^ab/'],
  ['key log\npattern /b$/'],
  ['key log\npattern /\\Aab\\z/', 'exclude'],
  ['key log\npattern /\\Aa|b\\Z|xyzxyzxyzxyzxyzxyzxyzxyz/'],
  ['key log\npattern /aB/i'],
  ['key log\npattern /^KB|s$/i', 'exclude'],
  ['key log\npattern /é/'],
  ["key 'a\"b'\npattern /a/"],
  ['key $.log\npattern /abcdefghijklmnopqrstuvw/'],
  ['key log\npattern /0/', 'exclude'],
] as const;

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'b', 'ab', 'B', 'k', 's', 'S', '\n', 'xyz', 'abcdefghijklmnopqrstuvw', 'a'.repeat(17)),
      fc.constantFrom('é', 'ſ', '\u212a', '0', 'x'.repeat(16), '.'),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 9 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));

/** As str, or as bin, with a head that is longer than need be, now and then. */
const packed = fc
  .tuple(text, fc.constantFrom('short', 'short', 'short', 'd9', 'da', 'db', 'c4', 'c5', 'c6'))
  .map(([bytes, form]) => {
    const size =
      form === 'short' && bytes.length < 32 ? 0 : 'c4 d9'.includes(form) ? 1 : 'c5 da'.includes(form) ? 2 : 4;
    const head = Buffer.alloc(1 + size, size === 0 ? 0xa0 + bytes.length : 0xdb);
    if (size > 0) {
      head[0] = form === 'short' ? 0xdb : Number.parseInt(form, 16);
      head.writeUIntBE(bytes.length, 1, size);
    }
    return Buffer.concat([head, bytes]);
  });
const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('log', 'a"b', 'n', 'logs', 'lo').map((name) => Buffer.from(encode(name))) },
  fc.constant(Buffer.from('c4036c6f67', 'hex')),
  encoded.map((bytes) => Buffer.from(bytes)),
);
const value = fc.oneof({ weight: 4, arbitrary: packed }, encoded, fc.constant(Buffer.of(0xc0)));
const record = fc.tuple(fc.array(fc.tuple(key, value), { maxLength: 5 }), fc.boolean()).map(([pairs, wide]) => {
  const head = wide ? Buffer.of(0xde, 0, pairs.length) : Buffer.of(0x80 + pairs.length);
  return Buffer.concat([head, ...pairs.flat()]);
});
const time = fc.oneof({ weight: 3, arbitrary: fc.constant(Buffer.from('ce65000000', 'hex')) }, encodedTime);
const event = fc.tuple(time, record).map(([when, what]) => Buffer.concat([Buffer.of(0x92), when, what]));
const events = fc.array(event, { minLength: 1, maxLength: 12 });

/** What comes of a batch: its entries, or that it is the same, or why there is none. */
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

test.for(conditions)('%s %s', async ([body, kind = 'regexp']) => {
  const [fastContext, plainContext] = [testContext(), testContext(undefined, null)];
  const section = `<${kind}>\n${body}\n</${kind}>`;
  const [fast, plain] = [await make(section, fastContext), await make(section, plainContext)];
  const check = (bytes: Uint8Array, count: number) => {
    const inside = inModule(bytes);
    const batch = { ...batchOf(tag, inside.bytes, count), seq: 1000 };
    const wanted = outcome(plain, { ...batchOf(tag, bytes, count), seq: 1000 });
    expect(outcome(fast, batch)).toEqual(wanted);
    expect(Buffer.from(inside.bytes).equals(bytes)).toBe(true);
    // Where they stand in other memory.
    expect(outcome(fast, { ...batchOf(tag, bytes, count), seq: 1000 })).toEqual(wanted);
    inside.free();
  };
  fc.assert(
    fc.property(events, (list) => check(Buffer.concat(list), list.length)),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(mangled(events.map((list) => Buffer.concat(list))), (bytes) => check(bytes, 3)),
    { numRuns: 100 },
  );
  await fast.stop?.(AbortSignal.abort());
  await plain.stop?.(AbortSignal.abort());
});

test('what was given out stays as it is until it is released, the last one first', async () => {
  const grep = await make('<exclude>\nkey log\npattern no\n</exclude>', testContext());
  const batch = (word: string) =>
    inModule(Buffer.concat(['no', word].map((log, sec) => entry({ sec }, encode({ log })))));
  const shown = (left: Batch | undefined) => Buffer.from(left?.entries ?? []).toString('latin1');
  const left: (Batch | undefined)[] = [];
  const inside = ['one', 'two', 'three'].map(batch);
  for (const { bytes } of inside) {
    left.push(grep.filter(batchOf(tag, bytes, 2)));
  }
  expect(left.map((each) => each?.entries.buffer === io.buffer)).toEqual([true, true, true]);
  expect(left.map(shown).map((each) => each.replace(/.*log./s, ''))).toEqual(['one', 'two', 'three']);
  const places = left.map((each) => each?.entries.byteOffset);
  expect(new Set(places).size).toBe(3);
  grep.release?.();
  const [again] = [batch('four')];
  const fourth = grep.filter(batchOf(tag, again.bytes, 2));
  expect(fourth?.entries.byteOffset).toBe(places[2]);
  expect(shown(left[0])).toMatch(/one$/);
  expect(shown(left[1])).toMatch(/two$/);
  grep.release?.();
  grep.release?.();
  grep.release?.();
  for (const each of [...inside, again]) {
    each.free();
  }
  await grep.stop?.(AbortSignal.abort());
});

test('where the memory has no more room, all is as without the module', async () => {
  const grep = await make('<regexp>\nkey log\npattern yes\n</regexp>', testContext());
  const pieces: Uint8Array[] = [];
  const { bytes, free } = inModule(Buffer.concat(['no', 'yes'].map((log, sec) => entry({ sec }, encode({ log })))));
  for (let size = 1 << 26; size >= 1 << 16; size /= 2) {
    for (let piece = io.find(size); piece !== undefined; piece = io.find(size)) {
      pieces.push(piece);
    }
  }
  const spare = [module.areas.take(1), module.areas.take(1)];
  try {
    const left = grep.filter(batchOf(tag, bytes, 2));
    expect(left?.count).toBe(1);
    expect(left?.entries.buffer === io.buffer).toBe(false);
    grep.release?.();
  } finally {
    for (const piece of pieces) {
      io.give(piece);
    }
    for (const area of spare) {
      if (area !== undefined) {
        module.areas.give(area);
      }
    }
    free();
    await grep.stop?.(AbortSignal.abort());
  }
});
