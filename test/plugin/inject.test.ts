// <inject>: fields are set as in a Ruby hash, whatever the record, and times are exact.
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Injector } from '../../src/plugin/inject.ts';
import { batchOf, entry, inZone, makeFormatter, type VectorTime } from '../formatters/harness.ts';

async function injector(body: string): Promise<Injector> {
  const made = await makeFormatter(`<inject>\n${body}\n</inject>`);
  if ('refused' in made || made.injector === undefined) {
    throw new Error('no injector');
  }
  return made.injector;
}

function injected(
  made: Injector,
  records: readonly Uint8Array[],
  time: VectorTime,
  tag = 'a.b',
): Record<string, unknown>[] {
  const batch = batchOf(tag, Buffer.concat(records.map((record) => entry(time, record))), records.length);
  const out: Record<string, unknown>[] = [];
  let count = 0;
  for (let from = 0; from < batch.entries.length; ) {
    const next = made.inject(batch, from);
    expect(next).toBeGreaterThan(from);
    from = next;
    const edited = made.edited?.entries ?? Buffer.alloc(0);
    count += made.edited?.count ?? 0;
    const head = entry(time, Buffer.alloc(0));
    for (let pos = 0; pos < edited.length; ) {
      expect(Buffer.from(edited.subarray(pos, pos + head.length))).toEqual(head);
      const size = recordSize(edited, pos + head.length);
      out.push(
        decode(edited.subarray(pos + head.length, pos + head.length + size), { useBigInt64: true }) as Record<
          string,
          unknown
        >,
      );
      pos += head.length + size;
    }
  }
  expect(count).toBe(records.length);
  return out;
}

/** By decoding ever longer pieces: only for small records. */
function recordSize(bytes: Uint8Array, at: number): number {
  for (let size = 1; ; size++) {
    try {
      decode(bytes.subarray(at, at + size), { useBigInt64: true });
      return size;
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
    }
  }
}

const time = { sec: 1700000000, nsec: 123456789 };
const keys = fc.oneof(fc.constantFrom('host', 'w', 'tag', 'time'), fc.string({ maxLength: 4 }));
const records = fc.dictionary(
  keys.filter((key) => key !== '__proto__'),
  fc.oneof(fc.integer(), fc.string(), fc.array(fc.boolean())),
  {
    maxKeys: 20,
  },
);

test('fields are set as in an object: a new one at the end, one that is there in its place', async () => {
  const made = await injector(
    'hostname_key host\nhostname h1\nworker_id_key w\ntag_key tag\ntime_key time\ntime_type unixtime',
  );
  fc.assert(
    fc.property(fc.array(records, { minLength: 1, maxLength: 4 }), (many) => {
      const out = injected(
        made,
        many.map((record) => encode(record)),
        time,
        'x.y',
      );
      many.forEach((record, index) => {
        const wanted = { ...record, host: 'h1', w: 0, tag: 'x.y', time: 1700000000 };
        expect(
          Object.entries(out[index] ?? {}).map(([key, value]) => [
            key,
            typeof value === 'bigint' ? Number(value) : value,
          ]),
        ).toEqual(Object.entries(wanted));
      });
    }),
    { numRuns: 200 },
  );
});

test('of a key that stands twice every place gets the value', async () => {
  const [out] = injected(await injector('tag_key a'), [Buffer.from('82a16101a16102', 'hex')], time);
  expect(out).toEqual({ a: 'a.b' });
});

test('two names that are one: the later field wins', async () => {
  const [out] = injected(await injector('hostname_key k\ntag_key k'), [encode({})], time);
  expect(out).toEqual({ k: 'a.b' });
});

describe('times', () => {
  const cases: readonly (readonly [string, VectorTime, unknown])[] = [
    ['float', time, 1700000000.123456],
    ['float', { kind: 'int', sec: 5 }, 5],
    ['unixtime', time, 1700000000],
    ['unixtime_millis', time, 1700000000123n],
    ['unixtime_micros', time, 1700000000123456n],
    ['unixtime_nanos', time, 1700000000123456789n],
    ['unixtime_nanos', { sec: 4294967295, nsec: 999999999 }, 4294967295999999999n],
    ['unixtime_nanos', { sec: 4294967295, nsec: 4294967295 }, 4294967299294967295n],
    ['unixtime_nanos', { sec: 0, nsec: 7 }, 7],
    ['unixtime_nanos', { kind: 'int', sec: -3 }, -3000000000n],
    ['unixtime_nanos', { kind: 'int', sec: '9223372036854775807' }, 2 ** 63 * 1e9],
    ['unixtime', { kind: 'int', sec: '18446744073709551615' }, 18446744073709551615n],
    ['string', time, '2023-11-14T22:13:20Z'],
  ];
  test.for(cases)('%s of %o', async ([type, at, value]) => {
    const made = await inZone('Asia/Tokyo', () => injector(`time_key t\ntime_type ${type}\nutc true`));
    expect(injected(made, [encode({})], at)).toEqual([{ t: value }]);
  });

  test('texts longer than the room kept for them', async () => {
    const made = await injector(`time_key t\ntime_type string\ntime_format ${'%A '.repeat(40)}\ntimezone +0000`);
    expect(injected(made, [encode({}), encode({})], time)).toEqual([
      { t: 'Tuesday '.repeat(40).trim() },
      { t: 'Tuesday '.repeat(40).trim() },
    ]);
  });
});

test('a batch larger than a piece is edited in pieces, an event larger than one whole', async () => {
  const made = await injector('tag_key tag');
  const small = entry(time, encode({ log: 'x'.repeat(1000) }));
  const large = entry(time, encode({ log: 'y'.repeat(1_000_000) }));
  const batch = batchOf('t', Buffer.concat([...Array(600).fill(small), large, small]), 602);
  const pieces: number[] = [];
  let count = 0;
  for (let from = 0; from < batch.entries.length; ) {
    from = made.inject(batch, from);
    pieces.push(made.edited?.entries.length ?? 0);
    count += made.edited?.count ?? 0;
  }
  expect(count).toBe(602);
  expect(pieces.reduce((sum, size) => sum + size, 0)).toBe(batch.entries.length + 602 * 6);
  expect(Math.max(...pieces)).toBe(large.length + 6);
});

test('a record that is broken is left out and counted, what stands before it is kept', async () => {
  const made = await makeFormatter('<inject>\ntag_key tag\n</inject>');
  if ('refused' in made || made.injector === undefined) {
    throw new Error('no injector');
  }
  const bad = Buffer.concat([entry(time, encode({ a: 1 })), entry(time, Buffer.from('82a161', 'hex'))]);
  expect(made.injector.inject(batchOf('t', bad, 2), 0)).toBe(bad.length);
  expect(made.injector.edited?.count).toBe(1);
  expect(made.context.counters.get('forebay_unprintable_events_total', { id: 'test' }).value).toBe(1);
});

test.for([
  ['timezone Bad/Zone', 'CONFIG_VALUE_INVALID'],
  ['utc true\nlocaltime true', 'CONFIG_INVALID_VALUE'],
] as const)('%s is refused', async ([body, code]) => {
  expect(await makeFormatter(`<inject>\ntime_key t\n${body}\n</inject>`)).toEqual({ refused: [code] });
});
