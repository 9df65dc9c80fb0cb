// msgpack to JSON: the same as decoding and printing, on whatever comes, and never a byte read or written where none may be.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonDialect, oj, ruby } from '../../src/msgpack/json-dialects.ts';
import { JsonTranscoder } from '../../src/msgpack/transcode.ts';
import { writeSlow } from '../../src/msgpack/transcode-slow.ts';
import { broken, noRoom, ReadView, slack, WriteView } from '../../src/msgpack/view.ts';

/** The text of a value's bytes, or the code where there is none. Memory around input and output is watched. */
function transcode(
  bytes: Uint8Array,
  dialect: JsonDialect = oj,
  { room = 1 << 16, controls = false } = {},
): string | number {
  const json = new JsonTranscoder(dialect, controls);
  return watched(bytes, room, (from, to) => json.write(from, from.start, to)).text;
}

const guard = 'do not read';

function watched(bytes: Uint8Array, room: number, write: (from: ReadView, to: WriteView) => number) {
  const around = Buffer.from(guard);
  const input = Buffer.concat([around, bytes, around]);
  const from = new ReadView();
  from.set(input.subarray(around.length, around.length + bytes.length));
  const memory = Buffer.alloc(room + 64, 0xee);
  const to = new WriteView();
  to.set(memory.subarray(32, 32 + room), 0);
  const next = write(from, to);
  expect(memory.subarray(0, 32).every((byte) => byte === 0xee)).toBe(true);
  expect(memory.subarray(32 + room).every((byte) => byte === 0xee)).toBe(true);
  expect(next < 0 || next <= from.end).toBe(true);
  const text = next < 0 ? next : memory.subarray(32, 32 + to.at).toString('latin1');
  expect(text).not.toContain?.(guard);
  return { text, whole: next === from.end, at: to.at };
}

function utf8(text: string | number): string {
  return typeof text === 'number' ? `code ${text}` : Buffer.from(text, 'latin1').toString();
}

const hex = (text: string) => Buffer.from(text, 'hex');

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0), // msgpack's encoder makes 0 of -0
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 20 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), tie('tree'), { maxKeys: 20 }),
  ),
}));
const records = fc.dictionary(fc.string({ unit: 'binary', maxLength: 12 }), tree, { maxKeys: 40 });

describe('any record', () => {
  test('reads back as the object that it was', () => {
    fc.assert(
      fc.property(records, fc.boolean(), (record, controls) => {
        const text = utf8(transcode(encode(record), ruby, { room: 1 << 20, controls }));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(record)));
      }),
      { numRuns: 400 },
    );
  });

  test('is written alike in one pass and by way of the tree', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(oj, ruby), fc.boolean(), (record, dialect, controls) => {
        const json = new JsonTranscoder(dialect, controls);
        const bytes = encode(record);
        const fast = watched(bytes, 1 << 20, (from, to) => json.write(from, from.start, to));
        const slow = watched(bytes, 1 << 20, (from, to) => writeSlow(json, from, from.start, to));
        expect(fast).toEqual(slow);
        expect(fast.whole).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('says that there is no room, in every area that is too small, and writes nothing', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(oj, ruby), (record, dialect) => {
        const bytes = encode(record);
        const needed = (transcode(bytes, dialect, { room: 1 << 20 }) as string).length;
        for (const room of [slack, slack + needed - 1, Math.floor(needed / 2) + slack]) {
          const json = new JsonTranscoder(dialect);
          const { text, at } = watched(bytes, room, (from, to) => json.write(from, from.start, to));
          expect(text === noRoom ? at : 0).toBe(0);
        }
        expect(transcode(bytes, dialect, { room: needed + 5 * bytes.length + 2 * slack })).toHaveLength(needed);
      }),
      { numRuns: 200 },
    );
  });
});

describe('bytes that are broken', () => {
  test('every cut of a record is refused', () => {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = encode(record);
        const step = Math.max(1, Math.floor(bytes.length / 64));
        for (let cut = 0; cut < bytes.length; cut += step) {
          expect(transcode(bytes.subarray(0, cut))).toBe(broken);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('mangled and random bytes end, and stay in their memory', () => {
    const mangled = fc
      .tuple(records, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
      .map(([record, changes]) => {
        const bytes = encode(record);
        for (const [at, byte] of changes) {
          bytes[at % bytes.length] = byte;
        }
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 400 })), fc.constantFrom(oj, ruby), (bytes, dialect) => {
        transcode(bytes, dialect);
        transcode(bytes, dialect, { room: 300, controls: true });
      }),
      { numRuns: 3000 },
    );
  });

  test.for([
    ['0xc1', '81a161c1'],
    ['an ext type other than 0', 'd40501'],
    ['a timestamp', 'd6ff6553f100'],
    ['a str32 of 4 GiB', 'dbffffffff61'],
    ['a map32 of 4 G pairs', 'dfffffffffa161'],
    ['an array32 of 2 G items', 'dd80000000c0'],
    ['nothing', ''],
  ] as const)('%s is refused', ([, bytes]) => {
    expect(transcode(hex(bytes))).toBe(broken);
  });

  test('nested up to 512 deep is printed, deeper refused', () => {
    const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.from([0xc0])]);
    expect(transcode(nested(512))).toBe(`${'['.repeat(512)}null${']'.repeat(512)}`);
    expect(transcode(nested(513))).toBe(broken);
    const maps = (depth: number) =>
      Buffer.concat([...Array(depth).fill(Buffer.from([0x81, 0x01])), Buffer.from([0xc0])]);
    expect(transcode(maps(512))).toBe(`${'{"1":'.repeat(512)}null${'}'.repeat(512)}`);
    expect(transcode(maps(513))).toBe(broken);
  });
});

describe('numbers', () => {
  test('every 64-bit integer is exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const unsigned = Buffer.alloc(9, 0xcf);
        unsigned.writeBigUInt64BE(value, 1);
        expect(transcode(unsigned)).toBe(String(value));
        const signed = Buffer.alloc(9, 0xd3);
        signed.writeBigUInt64BE(value, 1);
        expect(transcode(signed)).toBe(String(BigInt.asIntN(64, value)));
      }),
      { numRuns: 2000 },
    );
    const edges = [
      'd38000000000000000',
      'd3ffffffffffffffff',
      'cf001fffffffffffff',
      'cf0020000000000000',
      'd37fffffffffffffff',
    ];
    expect(edges.map((edge) => transcode(hex(edge)))).toEqual([
      ...['-9223372036854775808', '-1', '9007199254740991', '9007199254740992', '9223372036854775807'],
    ]);
  });

  test.for([
    [1e15, '1000000000000000.0', '1.0e+15'],
    [-0, '0.0', '-0.0'],
    [-1e20, '-1.0e+20', '-1.0e+20'],
    [2 ** 63, '9.223372036854776e+18', '9.223372036854776e+18'],
    [-(2 ** 63), '-9223372036854775808.0', '-9.223372036854776e+18'],
    [0.0001, '0.0001', '0.0001'],
    [0.00001234, '1.234e-05', '1.234e-05'],
    [-123.456, '-123.456', '-123.456'],
    [1.7976931348623157e308, '1.7976931348623157e+308', '1.7976931348623157e+308'],
    [Number.NaN, 'NaN', 'null'],
    [Number.NEGATIVE_INFINITY, '-Infinity', 'null'],
  ] as const)('the float %d', ([value, inOj, inRuby]) => {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    expect(transcode(bytes, oj)).toBe(inOj);
    expect(transcode(bytes, ruby)).toBe(inRuby);
  });
});

describe('strings', () => {
  test('oj passes any bytes but quotes, backslashes and C0', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
        const text = transcode(encode(content), oj) as string;
        const plain = text.slice(1, -1).replace(/\\(u00..|.)/g, (escaped) => JSON.parse(`"${escaped}"`));
        expect(plain).toBe(Buffer.from(content).toString('latin1'));
      }),
      { numRuns: 1000 },
    );
  });

  test('ruby replaces broken UTF-8 as everybody does', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const bytes = fc.array(fc.constantFrom(0x61, 0x22, 0xc2, 0xe2, 0xed, 0xf0, 0xf4, 0x80, 0x90, 0xa0, 0xbf, 0xff), {
      maxLength: 24,
    });
    fc.assert(
      fc.property(bytes, (content) => {
        const text = utf8(transcode(encode(Uint8Array.from(content)), ruby));
        expect(JSON.parse(text)).toBe(decoder.decode(Uint8Array.from(content)));
      }),
      { numRuns: 2000 },
    );
  });

  test('for a terminal DEL and C1 are escaped, also as raw bytes, and nothing else is', () => {
    const content = Buffer.concat([Buffer.from('a\u007f\u0085é€😀'), Buffer.from([0x9b, 0xff, 0xc2])]);
    const text = transcode(encode(content), oj, { controls: true });
    const expected = Buffer.concat([Buffer.from('"a\\u007f\\u0085é€😀\\u009b'), Buffer.from([0xff, 0xc2, 0x22])]);
    expect(text).toBe(expected.toString('latin1'));
  });

  test('an escape at every position of a string, next to all neighbours', () => {
    for (let length = 1; length <= 13; length++) {
      for (let at = 0; at < length; at++) {
        const content = `${'x'.repeat(at)}"${'y'.repeat(length - at - 1)}`;
        expect(transcode(encode([content, content]))).toBe(JSON.stringify([content, content]));
      }
    }
  });
});

describe('keys', () => {
  test.for([
    ['a key twice: last value, first place', '83a16101a16202a16103', '{"a":3,"b":2}'],
    ['a str and a bin that are one ASCII key', '82a16101c4016102', '{"a":2}'],
    ['a str and a bin that are not ASCII are two keys', '82a2c3a901c402c3a902', '{"é":1,"é":2}'],
    ['a key twice in a nested map only', '82a16182a17801a17802a16203', '{"a":{"x":2},"b":3}'],
    ['the same key on two levels', '81a16181a16181a16101', '{"a":{"a":{"a":1}}}'],
    [
      'true, nil, float and EventTime as keys',
      '84c301c002cb3ff800000000000003d7000000000500000006ff',
      '{"true":1,"":2,"1.5":3,"5":-1}',
    ],
    ['1 and 1.0 are two keys', '820101cb3ff000000000000002', '{"1":1,"1.0":2}'],
    ['an array key twice', '829101a1619101a162', '{"[1]":"b"}'],
  ] as const)('%s', ([, bytes, text]) => {
    expect(utf8(transcode(hex(bytes)))).toBe(text);
  });

  test('maps of more keys than fit into one pass', () => {
    const large = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key ${index}`, index]));
    expect(utf8(transcode(encode(large), oj, { room: 1 << 20 }))).toBe(JSON.stringify(large));
  });
});

test('an EventTime in a record is its seconds', () => {
  expect(transcode(hex('93d7006553f10000000005c708006553f10000000005d6006553f100'))).toBe(
    '[1700000000,1700000000,1700000000]',
  );
  expect(transcode(hex('92d40001c70000'))).toBe('[null,null]');
});
