// The own log as events: who gets them, who never does, and that no event of the log makes another one.
import { decode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { namesOwnLog } from '../../src/engine/own-log.ts';
import { defineFilter } from '../../src/plugin/filter.ts';
import { defineOutput } from '../../src/plugin/output.ts';
import { batchOf, entry } from '../formatters/harness.ts';
import { planText, runGraph, TestRegistry, testPlugins } from './harness.ts';

/** Logs a line for each batch, at the level that its option says. */
const talks = defineFilter({
  type: 'talks',
  summary: 'Logs.',
  options: {},
  create: ({ log }) => ({
    filter(batch) {
      log.debug({ tag: batch.tag.text }, 'A batch.');
      log.warn({ tag: batch.tag.text, nested: { a: [1, 'é'] } }, 'A batch, again.');
      return batch;
    },
  }),
});

/** Says that it failed, at once and later, and fails. */
const fails = defineOutput({
  type: 'fails',
  summary: 'Fails.',
  options: {},
  create: ({ log }) => ({
    async emit() {
      log.error('It fails.');
      await Promise.resolve();
      log.error('It failed.');
      throw new Error('no');
    },
    stop: async () => undefined,
  }),
});

const source = '<source>\n@type test\n</source>\n';
const keep = (pattern: string, name: string) => `<match ${pattern}>\n@type keep\nname ${name}\n</match>\n`;
const talking = '<filter app>\n@type talks\n</filter>\n';

async function start(config: string) {
  const plugins = testPlugins();
  const { plan, problems } = await planText(source + config, new TestRegistry(...plugins.definitions, talks, fails));
  if (plan === undefined) {
    throw new Error(JSON.stringify(problems));
  }
  const running = await runGraph(plan, { now: () => 5_500 });
  const emit = (tag = 'app') => plugins.emit(batchOf(tag, entry({ kind: 'int', sec: 1 }, Buffer.from([0x80]))));
  const tags = (name: string) =>
    (plugins.kept.get(name) ?? []).map(({ tag }) => Buffer.from(tag, 'hex').toString()).filter((tag) => tag !== 'app');
  return { ...plugins, ...running, emitOne: emit, tags };
}

/** Lets what waits for the end of this turn happen. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('who gets them', () => {
  test.for([
    { config: `${talking}${keep('**', 'all')}<label @FLUENT_LOG>\n${keep('**', 'log')}</label>\n`, log: true },
    { config: `${talking}${keep('fluent.**', 'log')}${keep('**', 'all')}`, log: true },
    { config: `${talking}${keep('**', 'all')}${keep('fluent.**', 'log')}`, log: true },
    { config: `${talking}${keep('{x,fluent}.{warn,error}', 'log')}${keep('**', 'all')}`, log: true },
    { config: `${talking}${keep('**', 'all')}`, log: false },
    { config: `${talking}${keep('app fluentd.** *.warn', 'all')}`, log: false },
    {
      config: `${talking}${keep('**', 'all')}<label @FLUENT_LOG>\n${keep('fluent.error', 'log')}</label>\n`,
      log: false,
    },
  ])('$config', async ({ config, log }) => {
    const { emitOne, tags, stop, logged } = await start(config);
    await emitOne();
    await turn();
    await stop();
    expect(tags('log').filter((tag) => tag === 'fluent.warn')).toEqual(log ? ['fluent.warn'] : []);
    expect(tags('all')).toEqual([]);
    // Nobody is told that an event of the log found no match.
    expect(logged.some(({ code }) => code === 'EVENTS_UNMATCHED')).toBe(false);
  });

  test('the fields of the line are those of the event, and its sentence is the message', async () => {
    const { emitOne, kept, stop } = await start(`${talking}${keep('fluent.warn', 'log')}${keep('**', 'all')}`);
    await emitOne();
    await turn();
    await stop();
    const [event] = kept.get('log') ?? [];
    expect(event?.time).toBe('d700000000051dcd6500');
    expect(decode(Buffer.from(event?.record ?? '', 'hex'))).toEqual({
      plugin: 'talks@fluent.conf:4',
      tag: 'app',
      nested: { a: [1, 'é'] },
      message: 'A batch, again.',
    });
  });

  test('filters at the top level touch them only where they name fluent', async () => {
    const set = (pattern: string, name: string) =>
      `<filter ${pattern}>\n@type record_transformer\n<record>\n${name} 1\n</record>\n</filter>\n`;
    const { emitOne, kept, stop } = await start(
      `${talking}${set('**', 'all')}${set('fluent.*', 'own')}${keep('fluent.warn', 'log')}${keep('**', 'all')}`,
    );
    await emitOne();
    await turn();
    await stop();
    const record = decode(Buffer.from(kept.get('log')?.[0]?.record ?? '', 'hex'));
    expect(record).toHaveProperty('own');
    expect(record).not.toHaveProperty('all');
  });
});

describe('no event of the log makes another', () => {
  test.for([
    `<label @FLUENT_LOG>\n<match **>\n@type fails\n</match>\n</label>\n`,
    `<label @FLUENT_LOG>\n<match **>\n@type copy\n<store ignore_error>\n@type fails\n</store>\n</match>\n</label>\n`,
    '<match fluent.**>\n@type fails\n</match>\n',
  ])('%s', async (own) => {
    const { emitOne, logged, counted, stop } = await start(`${talking}${own}${keep('**', 'all')}`);
    await emitOne();
    for (let i = 0; i < 10; i++) {
      await turn();
    }
    const lines = logged.filter(({ msg }) => msg.startsWith('It fail')).length;
    for (let i = 0; i < 10; i++) {
      await turn();
    }
    await stop();
    expect(lines).toBeGreaterThan(0);
    expect(logged.filter(({ msg }) => msg.startsWith('It fail'))).toHaveLength(lines);
    expect(own.includes('ignore_error') || counted('forebay_own_log_lost_lines_total') > 0).toBe(true);
  });
});

test('more lines at once than are kept are counted, and the rest is sent', async () => {
  const { emitOne, tags, counted, stop } = await start(`${talking}${keep('fluent.warn', 'log')}${keep('**', 'all')}`);
  await Promise.all(Array.from({ length: 1_200 }, () => emitOne()));
  await turn();
  await stop();
  const sent = tags('log').length;
  expect(sent).toBeGreaterThanOrEqual(500);
  expect(counted('forebay_own_log_lost_lines_total')).toBeGreaterThanOrEqual(1_200 - sent - 1);
});

describe('@log_level', () => {
  test.for([
    { level: '', messages: ['A batch.', 'A batch, again.'] },
    { level: '@log_level warn', messages: ['A batch, again.'] },
    { level: 'log_level warn', messages: ['A batch, again.'] },
    { level: '@log_level error', messages: [] },
  ])('"$level" of a plug-in', async ({ level, messages }) => {
    const { emitOne, logged, stop } = await start(
      `<filter **>\n@type talks\n${level}\n</filter>\n${keep('**', 'all')}`,
    );
    await emitOne();
    await stop();
    expect(logged.map(({ msg }) => msg).filter((msg) => msg.startsWith('A batch'))).toEqual(messages);
  });

  test.for([
    ['<match **>\n@type keep\n@log_level loud\n</match>\n', 6, 12],
    ['<match **>\n@type copy\n<store>\n@type keep\n@log_level wran\n</store>\n</match>\n', 8, 12],
  ] as const)('one that is none is refused: %j', async ([config, line, column]) => {
    const { plan, problems } = await planText(source + config, testPlugins().registry);
    expect(plan).toBeUndefined();
    expect(problems.map(({ code, at }) => [code, at.line, at.column])).toEqual([
      ['CONFIG_VALUE_INVALID', line, column],
    ]);
  });
});

test.for([
  ['fluent.**', true],
  ['fluent', true],
  ['a fluent.warn', true],
  ['{fluent,x}.**', true],
  ['**', false],
  ['fluentd.**', false],
  ['my.fluent', false],
  ['*.warn', false],
] as const)('%s names the own log: %s', ([pattern, names]) => {
  expect(namesOwnLog(pattern)).toBe(names);
});
