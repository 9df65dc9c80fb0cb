import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonToMsgpack } from '../../src/msgpack/from-json.ts';

function convert(text: string, strings: 'str' | 'bin' = 'str'): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(text);
  return jsonToMsgpack(bytes, 0, bytes.length, strings);
}

test('any JSON becomes what it means', () => {
  const json = fc.json({ maxDepth: 5 }).filter((text) => !text.includes('__proto__'));
  fc.assert(
    fc.property(json, fc.constantFrom('', '  ', '\n\t'), (text, space) => {
      const packed = convert(space + text + space);
      const value = JSON.parse(text) as unknown;
      expect(packed).toBeDefined();
      expect(JSON.stringify(decode(packed ?? new Uint8Array()))).toBe(JSON.stringify(value));
    }),
    { numRuns: 1000 },
  );
});

test('what is no JSON is none, and nothing is read beyond its end', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
  );
  fc.assert(
    fc.property(texts, (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      const behind = new TextEncoder().encode(`${text}]}"5true`);
      const length = new TextEncoder().encode(text).length;
      expect(jsonToMsgpack(behind, 0, length, 'str') !== undefined).toBe(valid);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['18446744073709551615', 'cfffffffffffffffff'],
  ['-9223372036854775808', 'd38000000000000000'],
  ['18446744073709551616', 'cb43f0000000000000'],
  ['1.0', 'cb3ff0000000000000'],
  ['-0', '00'],
  ['-33', 'd0df'],
  ['-129', 'd1ff7f'],
  ['255', 'ccff'],
  ['65536', 'ce00010000'],
  ['"\\ud83d\\ude00"', 'a4f09f9880'],
  ['"\\ud83d"', 'a3efbfbd'],
  ['{"2":1,"1":2}', '82a13201a13102'],
  ['{"a":1,"a":2}', '82a16101a16102'],
])('%s is %s', (text, wanted) => {
  expect(Buffer.from(convert(text) ?? []).toString('hex')).toBe(wanted);
});

test('strings may be bin, as Fluentd has them from a JSON stream', () => {
  expect(Buffer.from(convert('{"a":"é"}', 'bin') ?? []).toString('hex')).toBe('81c40161c402c3a9');
});

test('a container of sixteen or more elements gets the longer head', () => {
  const list = Array.from({ length: 70_000 }, (_, i) => i);
  expect(Buffer.from(convert(JSON.stringify(list)) ?? [])).toEqual(Buffer.from(encode(list)));
  const record = Object.fromEntries(list.slice(0, 20).map((i) => [`k${i}`, i]));
  expect(Buffer.from(convert(JSON.stringify(record)) ?? [])).toEqual(Buffer.from(encode(record)));
});

test('nesting without end is refused, without a stack overflow', () => {
  expect(convert('['.repeat(100_000))).toBeUndefined();
});
