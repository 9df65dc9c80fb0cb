// The stdout filter prints events on their way and holds the inputs while nobody reads.
import { PassThrough } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { planText, runGraph, testPlugins } from '../engine/harness.ts';
import { batchOf, entry, setZone, testContext } from '../formatters/harness.ts';

afterAll(setZone('UTC'));

const time = { sec: 1_700_000_000, nsec: 123_456_789 };
const record = Buffer.from('81a16d01', 'hex');

async function start(body: string) {
  const plugins = testPlugins();
  const config = `<source>\n@type test\n</source>\n<filter a>\n@type stdout\n${body}\n</filter>\n<match **>\n@type keep\n</match>\n`;
  const { plan, problems } = await planText(config, plugins.registry);
  if (plan === undefined) {
    throw new Error(JSON.stringify(problems));
  }
  return { ...plugins, plan };
}

test('prints what passes in Fluentd’s form, and the output gets the same batch', async () => {
  const { plan, emit, batches } = await start('');
  const running = await runGraph(plan);
  const batch = batchOf('a', entry(time, record));
  expect(emit(batch)).toBeUndefined();
  emit(batchOf('b', entry(time, record)));
  await running.stop();
  expect(await running.stdout.waitForCount(1)).toEqual(['2023-11-14 22:13:20.123456789 +0000 a: {"m":1}']);
  expect(running.stdout.raw).toHaveLength(1);
  expect(batches.map((got) => got.batch === batch)).toEqual([true, false]);
});

test('prints with a format and injected fields, which the output does not get', async () => {
  const { plan, emit, kept } = await start('<format>\n@type json\n</format>\n<inject>\ntag_key tag\n</inject>');
  const running = await runGraph(plan);
  emit(batchOf('a', entry(time, record)));
  await running.stop();
  expect(await running.stdout.waitForCount(1)).toEqual(['{"m":1,"tag":"a"}']);
  expect(kept.get('out')).toMatchObject([{ record: '81a16d01' }]);
});

test('while nobody reads what it prints the emit does not settle, and an ack does not wait otherwise', async () => {
  const { plan } = await start('pending_limit 1k');
  const rule = plan.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'filter') {
    throw new Error('no filter');
  }
  const stream = new PassThrough({ highWaterMark: 1 });
  const filter = rule.definition.create(testContext(new StreamWriter(stream)), rule.options);
  const one = batchOf('a', entry(time, record), 1, [Buffer.from('id')]);
  expect(filter.filter(one)).toBe(one);
  expect(filter.waiting).toBeUndefined();
  const many = batchOf('a', Buffer.concat(Array.from({ length: 100 }, () => entry(time, record))), 100);
  expect(filter.filter(many)).toBe(many);
  const { waiting } = filter;
  expect(waiting).toBeInstanceOf(Promise);
  stream.resume();
  await waiting;
  await filter.stop?.(AbortSignal.timeout(5_000));
});
