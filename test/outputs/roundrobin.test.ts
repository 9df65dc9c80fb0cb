// roundrobin: whose turn it is by weight, what becomes of a batch that a store cannot take, and which weights are refused.
import { describe, expect, test } from 'vitest';
import { planText, runGraph, testPlugins } from '../engine/harness.ts';
import { batchOf, entry } from '../formatters/harness.ts';

const store = (name: string, weight = '') => `<store>\n@type keep\nname ${name}\n${weight}\n</store>\n`;
const configured = (...stores: readonly string[]) =>
  `<source>\n@type test\n</source>\n<match **>\n@type roundrobin\n${stores.join('')}</match>\n`;

async function start(...stores: readonly string[]) {
  const plugins = testPlugins();
  const { plan, problems } = await planText(configured(...stores), plugins.registry);
  if (plan === undefined) {
    throw new Error(JSON.stringify(problems));
  }
  const running = await runGraph(plan);
  const emit = () => plugins.emit(batchOf('a', entry({ kind: 'int', sec: 1 }, Buffer.from([0x81, 0xa1, 0x6d, 1]))));
  return { ...plugins, ...running, emitOne: emit, order: () => plugins.batches.map(({ name }) => name).join('') };
}

describe('turns', () => {
  test.for([
    { stores: [store('a'), store('b'), store('c')], order: 'abcabcabc' },
    { stores: [store('a', 'weight 2'), store('b')], order: 'aabaabaab' },
    { stores: [store('a', 'weight 6'), store('b', 'weight 3')], order: 'aabaabaab' },
    { stores: [store('a', 'weight 0'), store('b', 'weight 5')], order: 'bbbbbbbbb' },
    { stores: [store('a'), store('b', 'weight 0'), store('c', 'weight 2')], order: 'accaccacc' },
  ])('of $order', async ({ stores, order }) => {
    const { emitOne, order: got, stop } = await start(...stores);
    for (let i = 0; i < 9; i++) {
      await emitOne();
    }
    await stop();
    expect(got()).toBe(order);
  });

  test('weights of any size cost nothing', async () => {
    const { emitOne, order, stop } = await start(store('a', 'weight 9007199254740991'), store('b'));
    await emitOne();
    await emitOne();
    await stop();
    expect(order()).toBe('aa');
  });
});

test('a store that fails makes the sender send again, and then it is the turn of the next', async () => {
  const { emitOne, answers, order, stop } = await start(store('a'), store('b'));
  answers.set('a', () => Promise.reject(new Error('down')));
  await expect(emitOne()).rejects.toThrow('down');
  await emitOne();
  await stop();
  expect(order()).toBe('ab');
});

describe('what is refused', () => {
  test.for([
    { stores: [] as string[], code: 'CONFIG_SECTION_REQUIRED', line: 4 },
    { stores: [store('a', 'weight -1')], code: 'CONFIG_VALUE_INVALID', line: 9 },
    { stores: [store('a', 'weight 0'), store('b', 'weight 0')], code: 'CONFIG_STORE_WEIGHTS', line: 4 },
  ])('$code', async ({ stores, code, line }) => {
    const { plan, problems } = await planText(configured(...stores), testPlugins().registry);
    expect(plan).toBeUndefined();
    expect(problems.map((problem) => [problem.code, problem.at.line])).toEqual([[code, line]]);
  });

  test('a weight is no option of the output in the store, nor of a store of copy', async () => {
    const { problems } = await planText(
      configured(store('a', 'weight 1')).replace('roundrobin', 'copy'),
      testPlugins().registry,
    );
    expect(problems.map(({ code }) => code)).toEqual(['CONFIG_UNKNOWN_OPTION']);
  });
});
