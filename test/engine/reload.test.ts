// A running graph is given another plan: what stays, what waits, what ends, and what is as before where that cannot be.
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { defineFilter } from '../../src/plugin/filter.ts';
import { defineInput } from '../../src/plugin/input.ts';
import { defineOutput } from '../../src/plugin/output.ts';
import { batchOf, entry } from '../formatters/harness.ts';
import { planText, runGraph, TestRegistry, testPlugins } from './harness.ts';

/** One event `{"m": n}`. */
function event(tag: string, n: number): Batch {
  return batchOf(tag, entry({ kind: 'int', sec: n }, Buffer.from([0x81, 0xa1, 0x6d, n])), 1);
}

const source = '<source>\n@type test\n</source>\n';
const keep = (name: string, more = '') => `@type keep\nname ${name}\n${more}`;
const slow = (name: string, more = '') => `@type slow\nname ${name}\n${more}`;
const match = (body: string, pattern = '**') => `<match ${pattern}>\n${body}</match>\n`;
const label = (name: string, body: string) => `<label ${name}>\n${body}</label>\n`;

async function start(config: string) {
  const plugins = testPlugins();
  const said: string[] = [];
  const stops = new Map<string, PromiseWithResolvers<void>>();
  /** Says what is done with it; its stop waits for the test where the test has said so. */
  const slowOutput = defineOutput({
    type: 'slow',
    summary: 'Says what is done with it.',
    options: {
      name: { type: 'string', desc: 'A name.', required: true },
      claim: { type: 'string', desc: 'What it claims.' },
      fails: { type: 'string', desc: 'Where it fails.', default: '' },
    },
    claims: ({ claim }) => (claim === undefined ? [] : [String(claim)]),
    create({ id }, { name, fails }) {
      const say = (what: string) => said.push(`${what} ${name}`);
      if (fails === 'create') {
        throw new Error(`${id} cannot be made`);
      }
      return {
        async start() {
          say('start');
          if (fails === 'start') {
            throw new Error(`${name} cannot be opened`);
          }
        },
        emit(batch) {
          say(`emit ${batch.entries.at(-1)} to`);
          return undefined;
        },
        async stop(signal) {
          const wait = stops.get(String(name))?.promise;
          say('stop');
          if (wait !== undefined) {
            await Promise.race([
              wait,
              new Promise<void>((resolve) => {
                signal.addEventListener('abort', () => resolve());
              }),
            ]);
          }
          say('stopped');
        },
      };
    },
  });
  const refusing = defineFilter({
    type: 'refusing',
    summary: 'Refuses all.',
    options: {},
    create: ({ refuse }) => ({
      filter(batch) {
        refuse(batch, 'EVENT_UNPRINTABLE');
        return undefined;
      },
    }),
  });
  const inputs: string[] = [];
  const port = defineInput({
    type: 'port',
    summary: 'An input that may fail.',
    options: { fails: { type: 'bool', desc: 'Whether it cannot be opened.', default: 'false' } },
    create: ({ emit }, { fails }) => ({
      async start() {
        inputs.push('start');
        emit(event('early', 9))?.catch(() => undefined);
        if (fails === true) {
          throw new Error('no port');
        }
      },
      stop: async () => void inputs.push('stop'),
    }),
  });
  const registry = new TestRegistry(...plugins.definitions, slowOutput, refusing, port);
  const planOf = async (text: string) => {
    const { plan, problems } = await planText(text.startsWith('<source>') ? text : source + text, registry);
    if (plan === undefined) {
      throw new Error(JSON.stringify(problems));
    }
    return plan;
  };
  const running = await runGraph(await planOf(config));
  onTestFinished(() => running.stop());
  const values = (name: string) => plugins.kept.get(name)?.map(({ record }) => Number.parseInt(record.slice(-2), 16));
  const holdStop = (name: string) => {
    const stop = Promise.withResolvers<void>();
    stops.set(name, stop);
    return stop.resolve;
  };
  const reload = async (text: string) => await running.graph.reload(await planOf(text));
  return { ...plugins, ...running, values, said, holdStop, reload, inputs };
}

/** Lets what is ready go on. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('outputs', () => {
  test('one whose declaration stays is not touched, wherever it stands and whatever comes to it', async () => {
    const { said, reload, emit } = await start(match(slow('a')));
    void emit(event('x', 1));
    await reload(`# a line more\n${match(keep('b'), 'x')}${match(slow('a'), 'y')}`);
    void emit(event('x', 2));
    void emit(event('y', 3));
    await turn();
    expect(said).toEqual(['start a', 'emit 1 to a', 'emit 3 to a']);
  });

  test('a new one is open before the old one is stopped, and gets what comes from then on', async () => {
    const { said, reload, emit } = await start(match(slow('a')));
    await reload(match(slow('b')));
    void emit(event('x', 1));
    await turn();
    expect(said).toEqual(['start a', 'start b', 'stop a', 'stopped a', 'emit 1 to b']);
  });

  test('one that claims what an old one has is opened when that is stopped; what comes until then waits, in its order', async () => {
    const { said, reload, emit, holdStop } = await start(match(slow('a', 'claim file\n')));
    const stopped = holdStop('a');
    await reload(match(slow('b', 'claim file\n')));
    const first = emit(event('x', 1));
    const second = emit(event('x', 2));
    await turn();
    expect(said).toEqual(['start a', 'stop a']);
    stopped();
    await Promise.all([first, second]);
    void emit(event('x', 3));
    expect(said).toEqual([
      ...['start a', 'stop a', 'stopped a', 'start b'],
      ...['emit 1 to b', 'emit 2 to b', 'emit 3 to b'],
    ]);
  });

  test('one that still waits when it is replaced is opened, gets what waited for it, and is stopped before the next is opened', async () => {
    const { said, reload, emit, holdStop } = await start(match(slow('a', 'claim file\n')));
    const stopped = holdStop('a');
    await reload(match(slow('b', 'claim file\n')));
    const first = emit(event('x', 1));
    await reload(match(slow('c', 'claim file\n')));
    const second = emit(event('x', 2));
    stopped();
    await Promise.all([first, second]);
    expect(said.slice(2)).toEqual([
      ...['stopped a', 'start b', 'emit 1 to b', 'stop b', 'stopped b'],
      ...['start c', 'emit 2 to c'],
    ]);
  });

  test('one that cannot be opened after its wait refuses what comes, and health says so, until the next reload', async () => {
    const { graph, reload, emit } = await start(match(slow('a', 'claim file\n')));
    await reload(match(slow('b', 'claim file\nfails start\n')));
    await expect(emit(event('x', 1))).rejects.toThrow('b cannot be opened');
    await expect(emit(event('x', 2))).rejects.toThrow('b cannot be opened');
    expect(graph.holding).toEqual([expect.stringContaining('b cannot be opened')]);
    await reload(match(slow('c')));
    expect(emit(event('x', 3))).toBeUndefined();
    await turn();
    expect(graph.holding).toEqual([]);
  });

  test('a store stays when the copy around it changes, and goes with a copy that stays', async () => {
    const store = (body: string) => `<store>\n${body}</store>\n`;
    const copy = (...bodies: readonly string[]) => match(`@type copy\n${bodies.map(store).join('')}`);
    const { said, reload } = await start(copy(slow('a')));
    await reload(copy(slow('a'), slow('b')));
    await reload(match(slow('b')));
    await reload(`${copy(slow('b'))}${match(slow('b'))}`);
    expect(said).toEqual(['start a', 'start b', 'stop a', 'stopped a', 'start b']);
  });

  test('a stop that comes while old ones are under way waits for them, and no longer than it may', async () => {
    const { said, graph, reload, holdStop } = await start(match(slow('a')));
    holdStop('a');
    await reload(match(slow('b')));
    const abort = new AbortController();
    const stopped = graph.stop(abort.signal);
    await turn();
    expect(said).toEqual(['start a', 'start b', 'stop a']);
    abort.abort();
    await stopped;
    expect(said.slice(3).sort()).toEqual(['stop b', 'stopped a', 'stopped b']);
  });

  test('counters of what is gone go too, those of what stays do not', async () => {
    const { counters, reload, emit } = await start(match(keep('a', '@id one\n'), 'x') + match(keep('b', '@id two\n')));
    void emit(event('x', 1));
    void emit(event('y', 1));
    await reload(match(keep('a', '@id one\n')));
    await turn();
    const ids = counters.list().filter(({ name, value }) => name === 'forebay_output_events_total' && value > 0);
    expect(ids.map(({ labels }) => labels['id'])).toEqual(['one']);
  });
});

describe('labels', () => {
  test('they come, change and go', async () => {
    const { values, reload, emit } = await start(match(keep('root')));
    await reload(match('@type relabel\n@label @A\n') + label('@A', match(keep('a'))));
    void emit(event('x', 1));
    await reload(match('@type relabel\n@label @A\n') + label('@A', match(keep('b'))));
    void emit(event('x', 2));
    await reload(match(keep('root')));
    void emit(event('x', 3));
    expect([values('a'), values('b'), values('root')]).toEqual([[1], [2], [3]]);
  });

  test('an input that is given another label stays', async () => {
    const { values, reload, emit } = await start(match(keep('root')));
    const text = match(keep('root')) + label('@A', match(keep('a')));
    await reload(`<source>\n@type test\n@label @A\n</source>\n${text}`);
    void emit(event('x', 1));
    expect([values('a'), values('root')]).toEqual([[1], undefined]);
  });

  test('@ERROR is there from the reload on that brings it, and not before', async () => {
    const refuses = '<filter bad>\n@type refusing\n</filter>\n';
    const { values, counted, reload, emit } = await start(refuses + match(keep('root')));
    void emit(event('bad', 1));
    await reload(refuses + match(keep('root')) + label('@ERROR', match(keep('errors'))));
    void emit(event('bad', 2));
    await reload(refuses + match(keep('root')));
    void emit(event('bad', 3));
    expect(values('errors')).toEqual([2]);
    expect(counted('forebay_unmatched_events_total')).toBe(0);
  });

  test('the own log goes where the new plan says', async () => {
    const { values, kept, reload, emit } = await start(match(keep('root'), 'x'));
    await reload(match(keep('root'), 'x') + label('@FLUENT_LOG', match(keep('log'))));
    void emit(event('nobody', 1));
    await turn();
    expect(values('log')?.length).toBe(1);
    await reload(match(keep('root'), 'x'));
    void emit(event('nobody too', 1));
    await turn();
    expect(kept.get('log')?.length).toBe(1);
  });
});

describe('what cannot be', () => {
  test.each([
    ['an output that cannot be made', match(slow('b')) + match(slow('c', 'fails create\n'), 'c')],
    ['an output that cannot be opened', match(slow('b')) + match(slow('c', 'fails start\n'), 'c')],
    ['an input that cannot be opened', `<source>\n@type port\nfails true\n</source>\n${match(slow('b'))}`],
  ])('%s: all goes on as before, and what was opened is closed', async (_, text) => {
    const { said, reload, emit, inputs } = await start(match(slow('a')));
    await expect(reload(text)).rejects.toThrow();
    void emit(event('x', 1));
    expect(said.filter((line) => line.endsWith(' a'))).toEqual(['start a', 'emit 1 to a']);
    const opened = (what: string) => said.filter((line) => line === `${what} b`).length;
    expect(opened('stopped')).toBeGreaterThanOrEqual(opened('start'));
    expect(inputs).toEqual(inputs.length === 0 ? [] : ['start', 'stop']);
    await reload(match(slow('d')));
    void emit(event('x', 2));
    expect(said.at(-1)).toBe('emit 2 to d');
  });

  test('what a new input takes in before the plan runs waits for its rules', async () => {
    const { values, reload } = await start(match(keep('root')));
    await reload(`<source>\n@type port\n@label @A\n</source>\n${match(keep('root'))}${label('@A', match(keep('a')))}`);
    expect([values('a'), values('root')]).toEqual([[9], undefined]);
  });
});
