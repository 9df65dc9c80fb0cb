// record_transformer beyond Fluentd's vectors: against a model on any records, names that meet, tags of any shape, and what check says.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import type { Filter } from '../../src/plugin/filter.ts';
import { planText } from '../engine/harness.ts';
import { batchOf, entry, testContext } from '../formatters/harness.ts';
import { eventsOf } from '../forward/harness.ts';

const section = (body: string) =>
  `<filter **>\n@type record_transformer\n${body}\n</filter>\n<match **>\n@type null\n</match>\n`;

async function make(body: string) {
  const { plan, problems } = await planText(section(body));
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'filter') {
    throw new Error(JSON.stringify(problems));
  }
  const context = testContext();
  return { context, filter: rule.definition.create(context, rule.options) };
}

const batch = (records: readonly unknown[], tag = 'app.web'): Batch =>
  batchOf(tag, Buffer.concat(records.map((record) => entry({ kind: 'int', sec: 1 }, encode(record)))), records.length);

const records = (filter: Filter, records: readonly unknown[], tag?: string) => {
  const left = filter.filter(batch(records, tag));
  return left === undefined ? [] : eventsOf(left).map(({ record }) => record);
};

const hex = (value: unknown) => Buffer.from(encode(value)).toString('hex');

describe('against a model', () => {
  const names = [...'abcdefghijklmnopqrst'];
  const record = fc
    .uniqueArray(fc.constantFrom(...names), { maxLength: 20 })
    .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), fc.nat(300)))));
  const some = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 6 });

  test('what is set, kept and removed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 4 }),
        some,
        some,
        some,
        fc.boolean(),
        async (list, set, keep, remove, renew) => {
          const fields = set.map((name) => `${name} x\${record["${name}"]}`).join('\n');
          const options = [
            ...(renew ? ['renew_record true'] : []),
            ...(renew && keep.length > 0 ? [`keep_keys ${keep.join()}`] : []),
            ...(remove.length > 0 ? [`remove_keys ${remove.join()}`] : []),
          ];
          const { filter } = await make(`${options.join('\n')}\n<record>\n${fields}\n</record>`);
          const expected = list.map((pairs) => {
            const before = new Map<string, unknown>(pairs);
            const after = new Map<string, unknown>(
              renew ? keep.filter((key) => before.has(key)).map((key) => [key, before.get(key)]) : before,
            );
            for (const name of set) {
              after.set(name, `x${before.get(name) ?? ''}`);
            }
            for (const name of remove) {
              after.delete(name);
            }
            return hex(Object.fromEntries(after));
          });
          expect(
            records(
              filter,
              list.map((pairs) => Object.fromEntries(pairs)),
            ),
          ).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('nested fields are taken out of maps and arrays of any size, and their heads shrink', async () => {
    const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    const { filter } = await make('remove_keys $.h.k3,$.list[-1],$.h.nope.x,$.n.x');
    for (const count of [4, 15, 16, 17, 70_000]) {
      const list = Array.from({ length: count }, (_, i) => i);
      const { k3: _, ...rest } = wide(count);
      expect(records(filter, [{ h: wide(count), list, n: 5 }])).toEqual([
        hex({ h: rest, list: list.slice(0, -1), n: 5 }),
      ]);
    }
  });
});

describe('names that come out the same', () => {
  test('of two, the first one has the place and the last one the value', async () => {
    const { filter } = await make('<record>\n${tag} 1\nx ${record["m"]}\napp 2\n</record>');
    expect(records(filter, [{ m: 7 }], 'app')).toEqual([hex({ m: 7, app: '2', x: 7 })]);
    expect(records(filter, [{ m: 8, app: 0 }], 'app')).toEqual([hex({ m: 8, app: '2', x: 8 })]);
    expect(records(filter, [{ m: 9 }], 'web')).toEqual([hex({ m: 9, web: '1', x: 9, app: '2' })]);
  });

  test('a value of one event does not stay for the next', async () => {
    const { filter } = await make('<record>\nx 1\n${record["m"]} ${record["m"]}\n</record>');
    expect(records(filter, [{ m: 'x' }, { m: 'y' }])).toEqual([
      hex({ m: 'x', x: 'x' }),
      hex({ m: 'y', x: '1', y: 'y' }),
    ]);
  });
});

test.for([
  { tag: 'a.b.c', parts: ['a', 'c', 'a.b', 'b.c', 'a.b.c'] },
  { tag: 'a.b...', parts: ['a', 'b', 'a.b', 'b', 'a.b'] },
  { tag: '.b.c', parts: ['', 'c', '.b', 'b.c', '.b.c'] },
])('the parts of $tag', async ({ tag, parts }) => {
  const { filter } = await make(
    'renew_record true\n<record>\nv ["${tag_parts[0]}","${tag_parts[-1]}","${tag_prefix[1]}","${tag_suffix[1]}","${tag_prefix[-1]}"]\n</record>',
  );
  expect(records(filter, [{}], tag)).toEqual([hex({ v: parts })]);
});

test('a tag with very many parts costs as much as its length', async () => {
  const { filter } = await make('renew_record true\n<record>\nv ${tag_prefix[1]}\n</record>');
  expect(records(filter, [{}], 'a.'.repeat(500_000))).toEqual([hex({ v: 'a.a' })]);
});

test('an event with a fault is refused, its neighbours pass, and the numbers stay right', async () => {
  const { filter, context } = await make('renew_time_key t');
  const left = filter.filter({ ...batch([{ t: true }, { t: 5 }, { t: [] }, { t: 6 }]), seq: 10 });
  expect(left).toMatchObject({ count: 2, seq: 11 });
  expect(eventsOf(left as Batch).map(({ time }) => time)).toEqual(['d7000000000500000000', 'd7000000000600000000']);
  expect(context.refused).toEqual([
    { code: 'FILTER_RECORD_TIME', tag: 'app.web', count: 1 },
    { code: 'FILTER_RECORD_TIME', tag: 'app.web', count: 1 },
  ]);
});

test('a batch from which nothing is left is gone', async () => {
  const { filter } = await make('renew_time_key t');
  expect(filter.filter(batch([{ t: true }]))).toBeUndefined();
});

test('without anything to do the batch itself passes', async () => {
  const { filter } = await make('');
  const given = batch([{ a: 1 }]);
  expect(filter.filter(given)).toBe(given);
});

test('a placeholder that is worth nothing is warned of once', async () => {
  const { filter, context } = await make('<record>\nx ${record["no"]}\n</record>');
  filter.filter(batch([{ a: 1 }, { a: 2 }]));
  filter.filter(batch([{ a: 3 }]));
  expect(context.logged.map(({ code }) => code)).toEqual(['FILTER_RECORD_PLACEHOLDER']);
});

describe('check', () => {
  test.for([
    { body: 'enable_ruby true', found: [['CONFIG_RUBY', 3, 13]] },
    { body: 'enable_ruby true\n<record>\nx ${1+1}\n</record>', found: [['CONFIG_RUBY', 3, 13]] },
    { body: 'keep_keys a', found: [['CONFIG_KEEP_KEYS', 3, 1]] },
    { body: "remove_keys a,$.b['c']", found: [['CONFIG_FIELD_PATH', 3, 13]] },
    { body: '<record>\nx ${record.log}\n</record>', found: [['CONFIG_PLACEHOLDER_UNKNOWN', 4, 3]] },
    { body: '<record>\n${x} y\n</record>', found: [['CONFIG_PLACEHOLDER_UNKNOWN', 4, 1]] },
    { body: '<record>\nx {"a":["__TAG__"]}\n</record>', found: [['CONFIG_PLACEHOLDER_UNKNOWN', 4, 3]] },
    { body: '<record>\nx ${record["a"]["b"]}\n</record>', found: [['CONFIG_PLACEHOLDER_UNKNOWN', 4, 3]] },
    { body: '<record>\nx "{no json"\n</record>', found: [['CONFIG_RECORD_JSON', 4, 3]] },
    { body: '<record>\n<x>\n</x>\n</record>', found: [['CONFIG_UNKNOWN_SECTION', 4, 1]] },
    { body: '<record>\nx ${record["a"]} ${hostname} ${tag_parts[-1]} ${time}\n</record>', found: [] },
  ])('$body', async ({ body, found }) => {
    const { problems } = await planText(section(body));
    expect(problems.map(({ code, at }) => [code, at.line, at.column])).toEqual(found);
  });

  test('the sentence about Ruby names what is understood', async () => {
    const { problems } = await planText(section('enable_ruby true'));
    expect(problems[0]?.hint).toContain('${tag}, ${tag_parts[N]}');
    expect(problems[0]?.hint).toContain('${record["NAME"]}');
  });
});
