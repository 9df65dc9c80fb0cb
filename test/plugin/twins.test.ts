// The WebAssembly module and its TypeScript twin: the same lines from whatever comes, wherever it stands, and not a byte touched beside them.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FormatTarget, plainTarget } from '../../src/plugin/formatter.ts';
import { batchOf, entry, formatAll, inZone, type MadeFormatter, makeFormatter } from '../formatters/harness.ts';
import { encoded, encodedTime, mangled } from '../msgpack/arbitrary.ts';
import { io, module } from '../support/twins.ts';

const stdoutTarget: FormatTarget = { escape: 'tags', lines: true, color: false };
const shapes: readonly (readonly [string, FormatTarget])[] = [
  ['@type stdout', stdoutTarget],
  ['@type stdout\ntime_format %d/%b/%y %H:%M:%S,%L', stdoutTarget],
  ['@type json', stdoutTarget],
  ['@type json\njson_parser json\nadd_newline false', plainTarget],
  ['@type out_file', plainTarget],
  ['@type out_file\ntime_format %FT%T.%3N%z', plainTarget],
  ['@type out_file\ntime_format %s.%12N %c', plainTarget],
  ['@type out_file\ntime_type unixtime\ndelimiter SPACE', plainTarget],
  ['@type out_file\ntime_type float', plainTarget],
  ['@type out_file\noutput_time false\noutput_tag false', plainTarget],
];

async function make(body: string, target: FormatTarget, zone: string) {
  const made = await inZone(zone, async () => [
    await makeFormatter(`<format>\n${body}\n</format>`, target, module),
    await makeFormatter(`<format>\n${body}\n</format>`, target, null),
  ]);
  return made.map((one) => {
    if ('refused' in one) {
      throw new Error(String(one.refused));
    }
    return one;
  }) as [MadeFormatter, MadeFormatter];
}

/** Strings that are copied, escaped and mended, of lengths around sixteen. */
const text = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('x', 'abcdefghijklmnop', '0123456789', ' ') },
      fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'é', '€', '😀', '\u0085'),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));

function packText(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 32) {
    return Uint8Array.of(0xa0 + bytes.length, ...bytes);
  }
  return bytes.length < 256
    ? Uint8Array.of(0xd9, bytes.length, ...bytes)
    : Uint8Array.of(0xda, bytes.length >> 8, bytes.length & 255, ...bytes);
}

const number = fc.oneof(
  fc.double().map((value) => encode(value)),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 20 })).map(([whole, scale]) => encode(whole / 10 ** scale)),
  fc.float().map((value) => {
    const bytes = Buffer.alloc(5, 0xca);
    bytes.writeFloatBE(value, 1);
    return bytes;
  }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => {
    const bytes = Buffer.alloc(9, 0xcf);
    bytes.writeBigUInt64BE(value, 1);
    return bytes;
  }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
    const bytes = Buffer.alloc(9, 0xd3);
    bytes.writeBigInt64BE(value, 1);
    return bytes;
  }),
  fc
    .constantFrom('d0ff', 'd180ff', 'd2ffff0000', 'ccff', 'cdffff', 'ceffffffff', 'ff', 'e0', '7f', '00')
    .map((hex) => Buffer.from(hex, 'hex')),
);
const pair = fc.tuple(
  fc.oneof({ weight: 9, arbitrary: text.map((bytes) => packText(bytes.subarray(0, 40))) }, encoded),
  fc.oneof(text.map(packText), number, encoded),
);
const record = fc
  .array(pair, { maxLength: 15 })
  .map((pairs) => Buffer.concat([Uint8Array.of(0x80 + pairs.length), ...pairs.flat()]));
const time = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 94_694_399, 1_700_000_000, 4_294_967_290), fc.integer({ min: 0, max: 130 }), fc.nat(2e9))
    .map(([base, more, nsec]) => entry({ sec: Math.min(base + more, 2 ** 32 - 1), nsec }, Buffer.alloc(0)).subarray(1)),
  encodedTime,
);
const event = fc.tuple(time, record).map(([when, what]) => Buffer.concat([Uint8Array.of(0x92), when, what]));
const events = fc.array(event, { minLength: 1, maxLength: 10 });

/** The same bytes at the end of a piece of the module's memory, with others around them. */
function inModule(bytes: Uint8Array): { bytes: Uint8Array; free(): void } {
  const piece = io.take(bytes.length + 64);
  piece.fill(0x22);
  piece.set(bytes, 32);
  return { bytes: piece.subarray(32, 32 + bytes.length), free: () => io.give(piece) };
}

describe.for(shapes)('%s', ([body, target]) => {
  test.for(['UTC', 'Asia/Kathmandu'])('the same lines in %s', async (zone) => {
    const [fast, plain] = await make(body, target, zone);
    fc.assert(
      fc.property(fc.oneof(events.map(Buffer.concat), mangled(events.map(Buffer.concat))), (bytes) => {
        const wanted = formatAll(plain, batchOf('a.b', bytes));
        const left = () => [fast, plain].map((one) => one.context.counters.list().map(({ value }) => value));
        expect(formatAll(fast, batchOf('a.b', bytes)).toString('latin1')).toBe(wanted.toString('latin1'));
        expect(left()[0]).toEqual(left()[1]);
        const inside = inModule(bytes);
        expect(formatAll(fast, batchOf('a.b', inside.bytes)).toString('latin1')).toBe(wanted.toString('latin1'));
        expect(Buffer.from(inside.bytes)).toEqual(Buffer.from(bytes));
        inside.free();
        formatAll(plain, batchOf('a.b', bytes));
      }),
      { numRuns: 60 },
    );
  });

  test('the same lines in areas of any size, which alone are written to', async () => {
    const [fast, plain] = await make(body, target, 'UTC');
    fc.assert(
      fc.property(events.map(Buffer.concat), fc.integer({ min: 65, max: 2500 }), (bytes, size) => {
        const wanted = formatAll(plain, batchOf('a.b', bytes));
        const inside = inModule(bytes);
        const parts: Buffer[] = [];
        for (let from = 0, room = size; from < bytes.length; ) {
          const piece = io.take(room + 64);
          piece.fill(0xee);
          const area = { bytes: piece.subarray(32, 32 + room), used: 0 };
          const next = fast.formatter.format(batchOf('a.b', inside.bytes), from, area);
          parts.push(Buffer.from(area.bytes.subarray(0, area.used)));
          const around = [...piece.subarray(0, 32), ...piece.subarray(32 + room)];
          expect(around.every((byte) => byte === 0xee)).toBe(true);
          io.give(piece);
          room = next === from ? room * 2 : size;
          from = next;
        }
        inside.free();
        expect(Buffer.concat(parts).toString('latin1')).toBe(wanted.toString('latin1'));
      }),
      { numRuns: 60 },
    );
  });
});

test('nested to the limit and beyond, and in wide maps', async () => {
  const [fast, plain] = await make('@type json', plainTarget, 'UTC');
  const nested = (depth: number) =>
    entry({ sec: 1 }, Buffer.concat([Uint8Array.of(0x81, 0xa1, 0x61), Buffer.alloc(depth, 0x91), Buffer.of(0xc0)]));
  const wide = (keys: number, more: object) =>
    entry({ sec: 1 }, encode({ ...Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i])), ...more }));
  for (const event of [
    ...[510, 511, 512, 513].map(nested),
    ...[1, 3, 4, 5, 127, 128, 129, 300].flatMap((keys) => [
      wide(keys, {}),
      wide(keys, { in: { k0: 1, k1: { k0: 2 } } }),
    ]),
  ]) {
    const wanted = formatAll(plain, batchOf('a.b', event)).toString('latin1');
    expect(formatAll(fast, batchOf('a.b', event)).toString('latin1')).toBe(wanted);
  }
});

test('a batch larger than the module holds at a time, in memory that it does not know, with events larger than that too', async () => {
  const [fast, plain] = await make('@type stdout', stdoutTarget, 'UTC');
  const sizes = [10, 50_000, 200, 140_000, 3, 90_000, 90_000, 1_000_000, 7];
  const list = sizes.map((size, sec) => entry({ sec: sec * 40, nsec: sec }, encode({ log: 'a"b'.repeat(size / 3) })));
  const batch = batchOf('a.b', Buffer.concat(list), list.length);
  const wanted = formatAll(plain, batch, 1 << 18);
  expect(formatAll(fast, batch, 1 << 18).equals(wanted)).toBe(true);
  expect(formatAll(fast, batch, 1 << 22).equals(wanted)).toBe(true);
});

const names = [
  'a',
  'b',
  'c',
  'é',
  'a"b',
  'k'.repeat(15),
  'k'.repeat(16),
  'k'.repeat(31),
  'k'.repeat(32),
  'k'.repeat(40),
];
const { few } = fc.letrec<{ few: Uint8Array; value: Uint8Array }>((tie) => ({
  few: fc
    .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 5 })
    .map((pairs) =>
      Buffer.concat([
        Uint8Array.of(0x80 + pairs.length),
        ...pairs.flatMap(([name, value]) => [packText(Buffer.from(name)), value]),
      ]),
    ),
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constant(Uint8Array.of(0xc0)),
    tie('few'),
    fc.array(tie('few'), { maxLength: 3 }).map((list) => Buffer.concat([Uint8Array.of(0x90 + list.length), ...list])),
  ),
}));

/** Records of one field, which is a map of a few names of one letter. */
const oneLetter = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 })
  .map((keys) =>
    Buffer.from(`81a16d${(0x80 + keys.length).toString(16)}${keys.map((key) => `a1${hex(key)}01`).join('')}`, 'hex'),
  );
const hex = (text: string) => Buffer.from(text).toString('hex');

test.for([
  ['many of them twice', few],
  ['in one map, many of them twice', oneLetter],
] as const)('records of few names, %s, that take turns with each other', async ([, record]) => {
  const [fast, plain] = await make('@type json', plainTarget, 'UTC');
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), fc.nat(2), (list, times) => {
      const chosen = Array(times + 1)
        .fill(list)
        .flat()
        .map((one) => entry({ sec: 1 }, one));
      const batch = batchOf('a.b', Buffer.concat(chosen), chosen.length);
      expect(formatAll(fast, batch).toString('latin1')).toBe(formatAll(plain, batch).toString('latin1'));
    }),
    { numRuns: 1000 },
  );
});

test('what a formatter prints while another is at work, because of an event that the other leaves out, disturbs neither', async () => {
  const [outer, inner] = [
    (await make('@type json', plainTarget, 'UTC'))[0],
    (await make('@type json', plainTarget, 'UTC'))[0],
  ];
  const batch = (record: object) => {
    const event = entry({ sec: 1 }, encode(record));
    return batchOf('a', Buffer.concat([event, Buffer.from('92c080', 'hex'), event, event]), 4);
  };
  let printed = '';
  const refuse = () => {
    printed = formatAll(inner, batch({ b: 'evil' })).toString();
  };
  Object.assign(outer.context, { refuse });
  expect(formatAll(outer, batch({ a: 'good' })).toString()).toBe('{"a":"good"}\n'.repeat(3));
  expect(printed).toBe('{"b":"evil"}\n'.repeat(3));
});

test('formatters take turns', async () => {
  const [one, two] = await Promise.all([
    make('@type stdout', stdoutTarget, 'UTC'),
    make('@type out_file', plainTarget, 'UTC'),
  ]);
  for (let sec = 0; sec < 200; sec += 7) {
    for (const tag of ['a', 'b', 'c'.repeat(20_000)]) {
      for (const [fast, plain] of [one, two]) {
        const batch = batchOf(tag, entry({ sec, nsec: sec }, encode({ sec })));
        expect(formatAll(fast, batch).equals(formatAll(plain, batch))).toBe(true);
      }
    }
  }
});
