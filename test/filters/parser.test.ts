// The parser filter beyond Fluentd's vectors: what stays of the original, texts in broken encoding, and events that are refused.
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { appendMapHead, appendString } from '../../src/msgpack/pack-text.ts';
import { defineParser } from '../../src/plugin/parser.ts';
import { planText, TestRegistry } from '../engine/harness.ts';
import { batchOf, entry, testContext } from '../formatters/harness.ts';
import { eventsOf } from '../forward/harness.ts';

/** Takes text that is UTF-8 as it is. */
const picky = defineParser({
  type: 'picky',
  summary: 'Takes UTF-8 only.',
  options: {},
  create: () => ({
    parse(bytes, start, end, out) {
      const text = bytes.subarray(start, end);
      if (Buffer.from(text).toString().includes('\ufffd')) {
        out.fail('PARSE_ENCODING');
        return;
      }
      const begin = out.bytes.length;
      appendMapHead(out.bytes, 1);
      appendString(out.bytes, Buffer.from('text'));
      appendString(out.bytes, text);
      out.add(begin);
    },
  }),
});

const whole = (body: string) => `<filter **>\n@type parser\n${body}\n</filter>\n<match **>\n@type null\n</match>\n`;
const json = '<parse>\n@type json\n</parse>';

async function make(body: string) {
  const { plan, problems } = await planText(whole(body), new TestRegistry(picky));
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'filter') {
    throw new Error(JSON.stringify(problems));
  }
  const context = testContext();
  const filter = rule.definition.create(context, rule.options);
  const run = (...records: readonly unknown[]) => {
    const entries = records.map((record) => entry({ kind: 'int', sec: 1 }, Buffer.from(encode(record))));
    const left = filter.filter({ ...batchOf('t', Buffer.concat(entries), entries.length), seq: 100 });
    return { left, records: left === undefined ? [] : eventsOf(left).map(({ record }) => record) };
  };
  return { run, context };
}

const hex = (value: unknown) => Buffer.from(encode(value)).toString('hex');

test('hash_value_field, inject_key_prefix and reserve_data go together', async () => {
  const { run } = await make(
    `key_name log\nreserve_data true\nremove_key_name_field true\nhash_value_field all\ninject_key_prefix p.\n${json}`,
  );
  const { records } = run({ log: '{"a":1}', all: 0, b: 2 }, { log: 'x', b: 2 }, { b: 2 });
  expect(records).toEqual([hex({ all: { 'p.a': 1 }, b: 2 }), hex({ log: 'x', b: 2, all: {} }), hex({ b: 2, all: {} })]);
});

test('records of any size are merged as a hash is', async () => {
  const { run } = await make(`key_name log\nreserve_data true\n${json}`);
  for (const count of [3, 15, 16, 17, 40]) {
    const before = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    const parsed = { k1: 'x', more: true, k2: null };
    const log = JSON.stringify(parsed);
    expect(run({ ...before, log }).records).toEqual([hex({ ...before, log, ...parsed })]);
  }
});

describe('text that is no UTF-8', () => {
  const broken = Buffer.from('816c6f67a561ffe38162', 'hex');
  const event = Buffer.concat([Buffer.from([0x81, 0xa3]), Buffer.from('log'), broken.subarray(4)]);
  const batch = batchOf('t', entry({ kind: 'int', sec: 1 }, event));

  test.for([
    { option: '', refused: ['PARSE_ENCODING'], records: [] as string[] },
    { option: 'replace_invalid_sequence true', refused: [], records: [hex({ text: 'a??b' })] },
  ])('with "$option"', async ({ option, refused, records }) => {
    const { plan } = await planText(
      whole(`key_name log\n${option}\n<parse>\n@type picky\n</parse>`),
      new TestRegistry(picky),
    );
    const rule = plan?.labels.get('@ROOT')?.[0];
    const context = testContext();
    const left = rule?.kind === 'filter' ? rule.definition.create(context, rule.options).filter(batch) : undefined;
    expect(left === undefined ? [] : eventsOf(left).map(({ record }) => record)).toEqual(records);
    expect(context.refused.map(({ code }) => code)).toEqual(refused);
  });
});

test('what cannot be parsed is refused, its neighbours pass, and the numbers stay right', async () => {
  const { run, context } = await make(`key_name log\n${json}`);
  const { left } = run({ log: 'x' }, { log: '{"a":1}' }, {}, { log: '{"time":[]}' }, { log: '{"b":1}' });
  expect(left).toMatchObject({ count: 2, seq: 101 });
  expect(context.refused.map(({ code, count }) => [code, count])).toEqual([
    ['PARSE_UNMATCHED', 1],
    ['FILTER_PARSER_KEY', 1],
    ['PARSE_TIME', 1],
  ]);
});

test('a batch of texts that hold no record is gone, without a word', async () => {
  const { run, context } = await make(`key_name log\n${json}`);
  expect(run({ log: '[]' }).left).toBeUndefined();
  expect(context.refused).toEqual([]);
});

test('one event may become many, and the batch says how many', async () => {
  const { run } = await make(`key_name log\n${json}`);
  const { left, records } = run({ log: '[{"a":1},{"a":2},{"a":3}]' });
  expect((left as Batch).count).toBe(3);
  expect(records).toEqual([hex({ a: 1 }), hex({ a: 2 }), hex({ a: 3 })]);
});

test('a time that no EventTime can hold becomes whole seconds', async () => {
  const { run } = await make(`key_name log\n${json}`);
  const { left } = run({ log: '{"time":99999999999.5}' }, { log: '{"time":-5}' }, { log: '{"time":4294967295}' });
  expect(eventsOf(left as Batch).map(({ time }) => time)).toEqual(['cf000000174876e7ff', 'fb', 'd700ffffffff00000000']);
});

describe('check', () => {
  test.for([
    { body: `key_name $.a['b']\n${json}`, found: [['CONFIG_FIELD_PATH', 3, 10]] },
    { body: 'key_name a', found: [['CONFIG_SECTION_REQUIRED', 1, 1]] },
    { body: 'key_name a\n<parse>\n</parse>', found: [['CONFIG_TYPE_MISSING', 4, 1]] },
    { body: 'key_name a\n<parse>\n@type jsn\n</parse>', found: [['CONFIG_UNKNOWN_TYPE', 5, 7]] },
    { body: 'key_name a\nformat jsn', found: [['CONFIG_UNKNOWN_TYPE', 4, 8]] },
    { body: json, found: [['CONFIG_OPTION_REQUIRED', 1, 1]] },
    { body: 'key_name a\n<parse>\n@type json\ntypes a:int\n</parse>', found: [['CONFIG_VALUE_INVALID', 6, 7]] },
    { body: 'key_name a\n<parse>\n@type json\ntime_type mixed\n</parse>', found: [['CONFIG_VALUE_INVALID', 6, 11]] },
    { body: 'key_name a\n<parse>\n@type json\ntime_type mixed\ntime_format %Y\n</parse>', found: [] },
    { body: 'key_name a\nformat json\ntime_key t', found: [] },
  ])('$body', async ({ body, found }) => {
    const { problems } = await planText(whole(body));
    expect(problems.map(({ code, at }) => [code, at.line, at.column])).toEqual(found);
  });
});
