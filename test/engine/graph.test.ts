// The running graph: who gets which events, when an emit settles, what becomes of refused events, and what is said about it.
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { defineFilter } from '../../src/plugin/filter.ts';
import { defineOutput } from '../../src/plugin/output.ts';
import { batchOf, entry } from '../formatters/harness.ts';
import { planText, type RunningGraph, runGraph, TestRegistry, testPlugins } from './harness.ts';

/** `{"m": n}` at second n, for each number. */
function numbers(tag: string, list: readonly number[], acks?: readonly Uint8Array[]): Batch {
  const entries = list.map((n) => entry({ kind: 'int', sec: n }, Buffer.from([0x81, 0xa1, 0x6d, n])));
  return batchOf(tag, Buffer.concat(entries), list.length, acks);
}

const source = '<source>\n@type test\n</source>\n';
const keep = (pattern: string, name: string) => `<match ${pattern}>\n@type keep\nname ${name}\n</match>\n`;
const store = (name: string, words = '') => `<store ${words}>\n@type keep\nname ${name}\n</store>\n`;

/** Refuses odd numbers, throws at 99, refuses at all times what has the tag `late` once it has returned. */
const picky = defineFilter({
  type: 'picky',
  summary: 'Refuses odd numbers.',
  options: {},
  create({ refuse }) {
    return {
      filter(batch) {
        const { entries } = batch;
        const size = entries.length / batch.count;
        const events = Array.from({ length: batch.count }, (_, i) => entries.subarray(i * size, (i + 1) * size));
        if (events.some((event) => event.at(-1) === 99)) {
          throw new Error('not this one');
        }
        const good = events.filter((event) => (event.at(-1) ?? 0) % 2 === 0);
        for (const event of events.filter((each) => !good.includes(each))) {
          const own = new Uint8Array(event);
          refuse({ ...batch, entries: own, count: 1 }, 'EVENT_UNPRINTABLE');
          own.fill(0);
        }
        return good.length === 0 ? undefined : { ...batch, entries: Buffer.concat(good), count: good.length };
      },
    };
  },
});

async function start(config: string, now: () => number = Date.now) {
  const plugins = testPlugins();
  const opened: string[] = [];
  const opens = defineOutput({
    type: 'opens',
    summary: 'Says when it is opened and closed.',
    options: {},
    create: ({ id }) => ({
      start: async () => void opened.push(`start ${id}`),
      emit: () => {
        throw new Error('emit throws');
      },
      stop: async () => void opened.push(`stop ${id}`),
    }),
  });
  const registry = new TestRegistry(...plugins.definitions, picky, opens);
  const { plan, problems } = await planText(source + config, registry);
  if (plan === undefined) {
    throw new Error(JSON.stringify(problems));
  }
  const running: RunningGraph = await runGraph(plan, { now });
  const values = (name: string) => plugins.kept.get(name)?.map(({ record }) => Number.parseInt(record.slice(-2), 16));
  return { ...plugins, ...running, values, opened };
}

/** Whether a promise has settled by now, without waiting for time to pass. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = promise === undefined;
  promise?.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('copy', () => {
  test('every store gets the same batch, with its acks, and the emit settles when each has taken it', async () => {
    const graph = await start(`<match **>\n@type copy\n${store('a')}${store('b')}${store('c')}</match>\n`);
    const a = Promise.withResolvers<void>();
    const b = Promise.withResolvers<void>();
    graph.answers.set('a', () => a.promise);
    graph.answers.set('b', () => b.promise);
    const batch = numbers('t', [1, 2], [Buffer.from('id')]);
    const settled = graph.emit(batch);
    expect(graph.batches.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(graph.batches.every((got) => got.batch === batch)).toBe(true);
    b.resolve();
    expect(await isSettled(settled)).toBe(false);
    a.resolve();
    await settled;
    expect(settled).toBeInstanceOf(Promise);
    await graph.stop();
  });

  test('where no store waits, nothing waits', async () => {
    const graph = await start(`<match **>\n@type copy\n${store('a')}${store('b')}</match>\n`);
    expect(graph.emit(numbers('t', [1]))).toBeUndefined();
    await graph.stop();
  });

  test('a store that fails fails the emit, and the others have the events', async () => {
    const graph = await start(`<match **>\n@type copy\n${store('a')}${store('b')}</match>\n`);
    graph.answers.set('a', () => Promise.reject(new Error('down')));
    await expect(graph.emit(numbers('t', [1]))).rejects.toThrow('down');
    expect(graph.values('b')).toEqual([1]);
    await graph.stop();
  });

  test('with ignore_error a store that fails is counted and said once', async () => {
    const graph = await start(
      `<match **>\n@type copy\n@id c\n${store('a', 'ignore_error')}<store ignore_error>\n@type opens\n</store>\n${store('b')}</match>\n`,
    );
    graph.answers.set('a', () => Promise.reject(new Error('down')));
    await graph.emit(numbers('t', [1]));
    await graph.emit(numbers('t', [2]));
    expect(graph.values('b')).toEqual([1, 2]);
    expect(graph.counted('forebay_ignored_errors_total', { id: 'c' })).toBe(4);
    expect(graph.logged.filter(({ level }) => level >= 50)).toHaveLength(1);
    await graph.stop();
  });

  test('ignore_if_prev_success stands in for a store that failed, also when the bytes of the batch are gone', async () => {
    const graph = await start(
      `<match **>\n@type copy\n${store('a', 'ignore_error')}${store('b', 'ignore_if_prev_success ignore_error')}${store('c', 'ignore_if_prev_success')}</match>\n`,
    );
    expect(graph.emit(numbers('t', [1]))).toBeUndefined();
    const a = Promise.withResolvers<void>();
    graph.answers.set('a', () => a.promise);
    const batch = numbers('t', [2]);
    const settled = graph.emit(batch);
    batch.entries.fill(0);
    expect(graph.values('b')).toBeUndefined();
    a.reject(new Error('down'));
    await settled;
    expect(graph.values('b')).toEqual([2]);
    graph.answers.set('a', () => Promise.resolve());
    await graph.emit(numbers('t', [3]));
    graph.answers.set('a', () => Promise.reject(new Error('down')));
    graph.answers.set('b', () => Promise.reject(new Error('down too')));
    await graph.emit(numbers('t', [4]));
    expect([graph.values('a'), graph.values('b'), graph.values('c')]).toEqual([[1, 2, 3, 4], [2, 4], [4]]);
    await graph.stop();
  });

  test('without ignore_error on the store before, nobody stands in: the sender sends again', async () => {
    const graph = await start(`<match **>\n@type copy\n${store('a')}${store('b', 'ignore_if_prev_success')}</match>\n`);
    graph.answers.set('a', () => Promise.reject(new Error('down')));
    await expect(graph.emit(numbers('t', [1]))).rejects.toThrow('down');
    expect(graph.values('b')).toBeUndefined();
    await graph.stop();
  });

  test('stores are started, counted and stopped under their own ids', async () => {
    const graph = await start(
      '<match **>\n@type copy\n<store ignore_error>\n@type opens\n@id one\n</store>\n<store ignore_error>\n@type opens\n@id two\n</store>\n</match>\n',
    );
    expect(graph.opened).toEqual(['start one', 'start two']);
    await graph.emit(numbers('t', [1, 2]));
    expect(graph.counted('forebay_output_events_total', { id: 'two' })).toBe(2);
    await graph.stop();
    expect(graph.opened.slice(2)).toEqual(['stop one', 'stop two']);
  });

  test('of the store that takes nothing it is said that it holds the inputs, not of the copy around it', async () => {
    let now = 0;
    const graph = await start(
      `<match **>\n@type relabel\n@label @A\n</match>\n<label @A>\n<match **>\n@type copy\n@id c\n<store>\n@type keep\n@id slow\nname a\n</store>\n${store('b')}</match>\n</label>\n`,
      () => now,
    );
    const slow = Promise.withResolvers<void>();
    graph.answers.set('a', () => slow.promise);
    const settled = graph.emit(numbers('t', [1]));
    expect(graph.graph.holding).toEqual([]);
    now = 4_000;
    expect(graph.graph.holding).toEqual(['The output slow takes nothing.']);
    slow.resolve();
    await settled;
    expect(graph.graph.holding).toEqual([]);
    await graph.stop();
  });
});

describe('what copy says of its configuration', () => {
  test.each([
    ['a first store that stands in', store('a', 'ignore_if_prev_success'), ['error CONFIG_STORE_FIRST 6:1']],
    ['a word that means nothing', store('a', 'ignore_errors'), ['warning CONFIG_STORE_WORD 6:1']],
    ['copy modes', `copy_mode deep\n${store('a')}`, ['warning CONFIG_OPTION_IGNORED 6:1']],
    [
      'a copy mode that is none',
      `copy_mode deepest\n${store('a')}`,
      ['error CONFIG_VALUE_INVALID 6:11', 'warning CONFIG_OPTION_IGNORED 6:1'],
    ],
    ['deep_copy', `deep_copy true\n${store('a')}`, ['warning CONFIG_OPTION_DEPRECATED 6:1']],
    [
      'a copy in a copy',
      `<store>\n@type copy\n${store('a', 'ignore_if_prev_success')}</store>\n`,
      ['error CONFIG_STORE_FIRST 8:1'],
    ],
  ])('%s', async (_, body, expected) => {
    const { registry } = testPlugins();
    const { problems } = await planText(`${source}<match **>\n@type copy\n${body}</match>\n`, registry);
    const said = problems.map(({ severity, code, at }) => `${severity} ${code} ${at.line}:${at.column}`);
    expect(said.sort()).toEqual([...expected].sort());
  });
});

describe('relabel', () => {
  test('labels that lead to each other for some tags only do not hold the program up', async () => {
    const graph = await start(`<match **>
@type relabel
@label @A
</match>
<label @A>
<match a.**>
@type copy
<store>
@type relabel
@label @B
</store>
<store>
@type relabel
@label @B
</store>
</match>
${keep('b', 'b')}</label>
<label @B>
<match a.x>
@type relabel
@label @A
</match>
${keep('a.y', 'y')}</label>
`);
    expect(graph.emit(numbers('a.x', [1, 2]))).toBeUndefined();
    graph.emit(numbers('a.x', [3]));
    graph.emit(numbers('a.y', [4]));
    graph.emit(numbers('b', [5]));
    expect(graph.counted('forebay_route_loop_events_total')).toBe(6);
    expect(graph.logged.filter(({ code }) => code === 'ROUTE_LOOP')).toMatchObject([{ label: '@A', tag: 'a.x' }]);
    expect([graph.values('y'), graph.values('b')]).toEqual([[4, 4], [5]]);
    await graph.stop();
  });

  test('what no match of a label takes is counted and said with the label', async () => {
    const graph = await start(
      `<match **>\n@type relabel\n@label @A\n</match>\n<label @A>\n${keep('a', 'a')}</label>\n`,
    );
    graph.emit(numbers('b', [1, 2]));
    graph.emit(numbers('b', [1, 2]));
    expect(graph.counted('forebay_unmatched_events_total')).toBe(4);
    expect(graph.graph.unmatched).toEqual([{ tag: 'b', label: '@A', events: 4 }]);
    expect(graph.logged.filter(({ code }) => code === 'EVENTS_UNMATCHED')).toMatchObject([{ tag: 'b', label: '@A' }]);
    await graph.stop();
  });
});

describe('filters', () => {
  const drop = (value: string) =>
    `<filter **>\n@type grep\n@id g\n<exclude>\nkey m\npattern ${value}\n</exclude>\n</filter>\n`;

  test('a filter takes only what comes past the matches above it', async () => {
    const graph = await start(`${keep('a', 'a')}${drop('1')}${keep('**', 'b')}`);
    graph.emit(numbers('a', [1, 2]));
    graph.emit(numbers('b', [1, 2]));
    expect([graph.values('a'), graph.values('b')]).toEqual([[1, 2], [2]]);
    expect(graph.counted('forebay_filter_events_total', { id: 'g' })).toBe(2);
    expect(graph.counted('forebay_filter_dropped_events_total', { id: 'g' })).toBe(1);
    await graph.stop();
  });

  test('a batch of which nothing is left has arrived', async () => {
    const graph = await start(`${drop('1')}${keep('**', 'a')}`);
    graph.answers.set('a', () => Promise.reject(new Error('never asked')));
    expect(graph.emit(numbers('a', [1], [Buffer.from('id')]))).toBeUndefined();
    await graph.stop();
  });

  test('an output that throws is an emit that rejects', async () => {
    const graph = await start('<match **>\n@type opens\n</match>\n');
    await expect(graph.emit(numbers('a', [1]))).rejects.toThrow('emit throws');
    await graph.stop();
  });
});

describe('refused events', () => {
  const filter = '<filter **>\n@type picky\n@id p\n</filter>\n';
  const errors = `<label @ERROR>\n${keep('**', 'error')}</label>\n`;

  test('go to @ERROR with their tag, bytes and acks, and the emit waits for them; the others go on', async () => {
    const graph = await start(`${filter}${keep('**', 'a')}${errors}`);
    const taken = Promise.withResolvers<void>();
    graph.answers.set('error', () => taken.promise);
    const acks = [Buffer.from('id')];
    const settled = graph.emit(numbers('t', [1, 2, 3, 4], acks));
    expect([graph.values('a'), graph.values('error')]).toEqual([
      [2, 4],
      [1, 3],
    ]);
    expect(graph.batches.map(({ name, batch }) => [name, batch.tag.text, batch.count, batch.acks])).toEqual([
      ['a', 't', 2, acks],
      ['error', 't', 2, acks],
    ]);
    expect(await isSettled(settled)).toBe(false);
    taken.resolve();
    await settled;
    expect(graph.counted('forebay_refused_events_total', { id: 'p', code: 'EVENT_UNPRINTABLE' })).toBe(2);
    await graph.stop();
  });

  test('that @ERROR cannot take fail the emit', async () => {
    const graph = await start(`${filter}${keep('**', 'a')}${errors}`);
    graph.answers.set('error', () => Promise.reject(new Error('full')));
    await expect(graph.emit(numbers('t', [1]))).rejects.toThrow('full');
    await graph.stop();
  });

  test('without @ERROR are counted, and said once per code and tag', async () => {
    const graph = await start(`${filter}${keep('**', 'a')}`);
    graph.emit(numbers('t', [1, 3]));
    graph.emit(numbers('t', [5]));
    graph.emit(numbers('u', [7]));
    expect(graph.counted('forebay_refused_events_total', { id: 'p', code: 'EVENT_UNPRINTABLE' })).toBe(4);
    expect(graph.logged.map(({ code, tag }) => `${code} ${tag}`)).toEqual([
      'EVENT_UNPRINTABLE t',
      'EVENT_UNPRINTABLE u',
    ]);
    await graph.stop();
  });

  test('are not refused to @ERROR again, inside it or where it leads', async () => {
    const graph = await start(`<filter **>
@type picky
</filter>
${keep('**', 'a')}<label @ERROR>
<filter inside>
@type picky
</filter>
<match **>
@type relabel
@label @ROOT
</match>
</label>
`);
    graph.emit(numbers('inside', [1]));
    graph.emit(numbers('behind', [3, 4]));
    expect(graph.values('a')).toEqual([4]);
    expect(graph.logged.map(({ code, tag }) => `${code} ${tag}`)).toEqual([
      'EVENT_UNPRINTABLE inside',
      'EVENT_UNPRINTABLE behind',
    ]);
    graph.emit(numbers('behind', [5]));
    expect(graph.counted('forebay_output_events_total', { id: 'keep@fluent.conf:7' })).toBe(1);
    await graph.stop();
  });

  test('a filter that throws refuses its batch', async () => {
    const graph = await start(`${filter}${keep('**', 'a')}${errors}`);
    graph.emit(numbers('t', [98, 99]));
    graph.emit(numbers('t', [100]));
    expect([graph.values('a'), graph.values('error')]).toEqual([[100], [98, 99]]);
    expect(graph.counted('forebay_refused_events_total', { id: 'p', code: 'FILTER_FAILED' })).toBe(2);
    await graph.stop();
  });
});

test('the tap sees events once per match that takes them, behind the filters, in every label, and those that nobody takes', async () => {
  const graph = await start(`<filter **>
@type picky
</filter>
<match copied>
@type copy
${store('a')}<store>
@type relabel
@label @A
</store>
</match>
<match moved>
@type relabel
@label @A
</match>
<label @A>
<filter **>
@type grep
<exclude>
key m
pattern ^2$
</exclude>
</filter>
${keep('copied', 'b')}</label>
<label @ERROR>
${keep('**', 'error')}</label>
`);
  graph.emit(numbers('copied', [2, 4, 6]));
  graph.emit(numbers('moved', [2, 3, 8]));
  graph.emit(numbers('other', [10]));
  expect(graph.tapped).toEqual([
    { tag: 'copied', count: 3, seq: 0, label: '@ROOT', matched: true },
    { tag: 'copied', count: 2, seq: 1, label: '@A', matched: true },
    { tag: 'moved', count: 1, seq: 4, label: '@A', matched: false },
    { tag: 'moved', count: 1, seq: 3, label: '@ERROR', matched: true },
    { tag: 'other', count: 1, seq: 6, label: '@ROOT', matched: false },
  ]);
  await graph.stop();
});
