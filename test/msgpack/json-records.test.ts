// Records out of JSON text: JavaScript's own reader is the oracle, on good text and on mangled one; and what the dialects take beside.
import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GrowingBytes } from '../../src/msgpack/growing-bytes.ts';
import { JsonRecords, type RecordSpan } from '../../src/msgpack/json-records.ts';

function read(text: string | Buffer, lenient = false): readonly (Uint8Array | 'no record')[] | undefined {
  const bytes = Buffer.concat([Buffer.from('"'), Buffer.from(text), Buffer.from('"}]')]);
  const out = new GrowingBytes(4);
  out.append(Buffer.from('before'));
  const spans: RecordSpan[] = [];
  const whole = new JsonRecords(lenient).read(bytes, 1, bytes.length - 3, out, spans);
  expect(Buffer.from(out.bytes.subarray(0, 6)).toString()).toBe('before');
  expect(whole || (spans.length === 0 && out.length === 6)).toBe(true);
  return whole
    ? spans.map(({ start, end }) => (start < 0 ? 'no record' : Uint8Array.from(out.bytes.subarray(start, end))))
    : undefined;
}

const hex = (text: string, lenient = false) =>
  read(text, lenient)?.map((record) => (record === 'no record' ? record : Buffer.from(record).toString('hex')));

/** Text that JSON.parse takes and Ruby's readers do not, or read as another number. */
const isOdd = (text: string) => /\\u[dD][89a-fA-F]/.test(text) || /\d{16}/.test(text) || text.includes('__proto__');

describe('against JSON.parse', () => {
  const text = fc.json({ maxDepth: 4 }).map((json) => json);

  test('the same objects come out', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
        fc.constantFrom(undefined, 1),
        (value, indent) => {
          const json = JSON.stringify(value, undefined, indent);
          fc.pre(!isOdd(json));
          const [record] = read(json) ?? [];
          expect(record === undefined || record === 'no record' ? record : decode(record)).toEqual(JSON.parse(json));
        },
      ),
    );
  });

  test('what it refuses is refused, and nothing else', () => {
    const mangled = fc
      .tuple(text, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[],:"\\0-+.eEtn \n\t\u0001x')), { maxLength: 3 }))
      .map(([json, changes]) => {
        let out = json;
        for (const [at, char] of changes) {
          const place = at % (out.length + 1);
          out = out.slice(0, place) + char + out.slice(place + (at % 2));
        }
        return out;
      });
    fc.assert(
      fc.property(mangled, (json) => {
        fc.pre(!isOdd(json));
        let valid = true;
        try {
          JSON.parse(json);
        } catch {
          valid = false;
        }
        expect(read(json) !== undefined).toBe(valid);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('maps and arrays of any size have the heads that they need', () => {
  for (const count of [0, 15, 16, 17, 65_535, 65_536]) {
    const value = { list: Array.from({ length: count }, (_, i) => i % 3), [`k${count}`]: 1 };
    const wide = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    expect(decode((read(JSON.stringify(value)) as Uint8Array[])[0] as Uint8Array)).toEqual(value);
    expect(decode((read(JSON.stringify(wide)) as Uint8Array[])[0] as Uint8Array)).toEqual(wide);
  }
});

describe('a key that stands twice keeps its first place and its last value', () => {
  test.for([
    ['{"a":1,"b":2,"a":3}', '82a16103a16202'],
    ['{"a":1,"a":2,"a":{"a":1,"a":9}}', '81a16181a16109'],
    ['{"x":[{"b":1,"b":2}],"x":0}', '81a17800'],
  ] as const)('%s', ([json, expected]) => {
    expect(hex(json)).toEqual([expected]);
  });

  test('among many keys too', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `k${i % 20}`);
    const json = `{${keys.map((key, i) => `"${key}":${i}`).join()}}`;
    const expected = Object.fromEntries(keys.map((key, i) => [key, i]));
    expect(decode((read(json) as Uint8Array[])[0] as Uint8Array)).toEqual(expected);
  });

  test('and 100,000 keys take no square of the time', () => {
    const json = `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":0`).join()}}`;
    const begin = performance.now();
    expect(read(json)).toHaveLength(1);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

describe('numbers', () => {
  test.for([
    ['{"a":18446744073709551615}', '81a161cfffffffffffffffff'],
    ['{"a":-9223372036854775808}', '81a161d38000000000000000'],
    ['{"a":9007199254740993}', '81a161cf0020000000000001'],
    ['{"a":18446744073709551616}', '81a161cb43f0000000000000'],
    ['{"a":1.0}', '81a161cb3ff0000000000000'],
    ['{"a":1e2}', '81a161cb4059000000000000'],
    ['{"a":-0}', '81a16100'],
    ['{"a":-128}', '81a161d080'],
  ] as const)('%s', ([json, expected]) => {
    expect(hex(json)).toEqual([expected]);
  });

  test('with endless digits are refused, and cost no square of them', () => {
    const begin = performance.now();
    expect(read(`{"a":${'9'.repeat(1_000_000)}}`)).toBeUndefined();
    expect(read(`{"a":0.${'9'.repeat(1_000_000)}}`)).toBeUndefined();
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

test("Oj's dialect takes NaN, infinities and control characters, but no NUL", () => {
  expect(hex('{"a":NaN,"b":Infinity,"c":-Infinity}', true)).toEqual([
    '83a161cbfff8000000000000a162cb7ff0000000000000a163cbfff0000000000000',
  ]);
  expect(hex('{"a":"x\ty\u0001"}', true)).toEqual(['81a161a478097901']);
  expect(hex('{"a":"x\u0000"}', true)).toBeUndefined();
  expect(hex('{"a":-NaN}', true)).toBeUndefined();
  for (const text of ['{"a":NaN}', '{"a":Infinity}', '{"a":"x\ty"}']) {
    expect(read(text)).toBeUndefined();
  }
});

test('elements of an array that are no objects have their place', () => {
  expect(hex('[{"a":1},[{"b":2}],3,{}]')).toEqual(['81a16101', 'no record', 'no record', '80']);
  expect(read('[]')).toEqual([]);
  expect(read('"x"')).toEqual(['no record']);
});

test('what is nested too deep is refused', () => {
  expect(read(`{"a":${'['.repeat(511)}${']'.repeat(511)}}`)).toHaveLength(1);
  expect(read(`{"a":${'['.repeat(512)}${']'.repeat(512)}}`)).toBeUndefined();
});

test('pairs of surrogates are one character, and single ones are refused', () => {
  expect(hex('{"a":"\\ud83d\\ude00\\u00e9\\u20ac"}')).toEqual(['81a161a9f09f9880c3a9e282ac']);
  for (const text of ['\\ud83d', '\\ude00', '\\ud83dx', '\\ud83d\\u0041', '\\ude00\\ud83d', '\\u12', '\\x']) {
    expect(read(`{"a":"${text}"}`)).toBeUndefined();
  }
});
