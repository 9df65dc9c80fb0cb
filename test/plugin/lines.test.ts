// The loop that all formatters share: whole events, whatever the area; nothing thrown, whatever the bytes.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, entry, formatAll, inZone, type MadeFormatter, makeFormatter } from '../formatters/harness.ts';

const formats = [
  '@type stdout',
  '@type json',
  '@type out_file',
  '@type hash',
  '@type ltsv',
  '@type csv\nfields log,$.a.b,n',
  '@type csv\nfields log,n\nforce_quotes false',
  '@type tsv\nkeys log,n',
  '@type single_value\nmessage_key log',
  '@type msgpack',
  '@type pretty\ncolor always',
  '@type stdout\noutput_type ltsv',
] as const;

async function make(format: string): Promise<MadeFormatter> {
  const made = await inZone('UTC', () => makeFormatter(`<format>\n${format}\n</format>`));
  if ('refused' in made) {
    throw new Error(String(made.refused));
  }
  return made;
}

const records = fc.dictionary(
  fc.oneof(fc.constantFrom('log', 'n', 'a', 'container_name', 'level'), fc.string({ maxLength: 5 })),
  fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.integer(),
    fc.double(),
    fc.constant(null),
    fc.constant({ b: 'x\t"' }),
    fc.array(fc.boolean()),
  ),
  { maxKeys: 8 },
);
const times = fc.oneof(
  fc.record({ sec: fc.nat({ max: 2 ** 32 - 1 }), nsec: fc.nat({ max: 2 ** 32 - 1 }) }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map((sec) => ({ kind: 'int', sec: String(sec) })),
);
const entries = fc
  .array(fc.tuple(times, records), { minLength: 1, maxLength: 12 })
  .map((list) => list.map(([time, record]) => entry(time, encode(record))));

/** The column of names of the pretty format widens with the names it has seen. */
const shape = (text: Buffer, format: string) =>
  format.includes('pretty') ? text.toString('latin1').replace(/ +/g, ' ') : text.toString('latin1');

describe.for(formats)('%s', (format) => {
  test('the same text comes of areas of any size', async () => {
    const made = await make(format);
    fc.assert(
      fc.property(entries, fc.integer({ min: 65, max: 3000 }), (list, size) => {
        const batch = batchOf('a.b', Buffer.concat(list), list.length);
        const whole = formatAll(made, batch, 1 << 20);
        expect(shape(formatAll(made, batch, size), format) === shape(whole, format)).toBe(true);
        const single = Buffer.concat(list.map((one) => formatAll(made, batchOf('a.b', one))));
        expect(shape(single, format) === shape(whole, format)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('mangled events neither throw nor stop, and the ones before them are printed', async () => {
    const made = await make(format);
    fc.assert(
      fc.property(
        entries,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (list, changes) => {
          const good = shape(formatAll(made, batchOf('a.b', Buffer.concat(list), list.length)), format);
          const bad = Buffer.concat(list);
          for (const [at, byte] of changes) {
            bad[at % bad.length] = byte;
          }
          const out = formatAll(made, batchOf('a.b', Buffer.concat([...list, bad]), 2 * list.length), 2000);
          expect(shape(out, format).startsWith(good)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('csv quotes only where it must when it is told so', async () => {
  const made = await make('@type csv\nfields a,b,c,d,e,f\nforce_quotes false');
  const record = encode({ a: 'plain', b: 'with,comma', c: 'with "quote"', d: '', e: null });
  expect(formatAll(made, batchOf('t', entry({ sec: 0 }, record))).toString()).toBe(
    'plain,"with,comma","with ""quote""","",,\n',
  );
});

test('ltsv replaces its own delimiter in values, also one of several characters', async () => {
  const made = await make('@type ltsv\ndelimiter " | "\nreplacement "$&"\nlabel_delimiter =');
  const record = encode({ a: 'x | y', b: 1 });
  expect(formatAll(made, batchOf('t', entry({ sec: 0 }, record))).toString()).toBe('a=x$&y | b=1\n');
});

test('hash writes what Ruby inspects', async () => {
  const made = await make('@type hash');
  const record = Buffer.concat([
    Buffer.from([0x81, 0xa1, 0x61]),
    Buffer.from(encode(`#{x} #$y #@z # \u001b\u0007\u000b é\u{10000}`)),
  ]);
  expect(formatAll(made, batchOf('t', entry({ sec: 0 }, record))).toString()).toBe(
    '{"a"=>"\\#{x} \\#$y \\#@z # \\e\\a\\v \\u00E9\\u{10000}"}\n',
  );
  const time = Buffer.from('82a174d7006553f100075bcd15a166ca3dcccccd', 'hex');
  expect(formatAll(made, batchOf('t', entry({ sec: 0 }, time))).toString()).toBe(
    '{"t"=>2023-11-14 22:13:20.123456789 +0000, "f"=>0.10000000149011612}\n',
  );
});
