// Outputs behind buffers in the running graph: what is in a <secondary>, in a <store>, in a label, and what the outputs share.
import { expect, onTestFinished, test } from 'vitest';
import { defineOutput } from '../../src/plugin/output.ts';
import { batchOf, begin } from '../flush/harness.ts';
import { HeldClock } from '../support/held-clock.ts';
import { tempFolder } from '../support/temp.ts';
import { planText, runGraph, TestRegistry, testPlugins } from './harness.ts';

/** Runs a configuration; `chunks` is an output that keeps the tags of the chunks it is given, and fails as long as `down` says so. */
async function run(config: string) {
  const clock = new HeldClock(begin * 1000);
  const plugins = testPlugins();
  const state = { down: false, commits: [] as (() => void)[], signals: [] as AbortSignal[], tags: [] as string[] };
  const chunks = defineOutput({
    type: 'chunks',
    summary: 'Keeps tags.',
    options: {},
    buffer: { when: 'always' },
    create: () => ({
      async write(chunk, signal) {
        state.signals.push(signal);
        if (state.down) {
          throw new Error('down');
        }
        for await (const { tag, count } of chunk.batches()) {
          state.tags.push(`${tag.text} ${count}`);
        }
      },
      stop: async () => undefined,
    }),
  });
  const delayed = defineOutput({
    type: 'delayed',
    summary: 'Says later that it has delivered.',
    options: {},
    buffer: { when: 'always' },
    create: () => ({
      async write(chunk) {
        state.tags.push(chunk.metadata.tag?.text ?? '');
        return { committed: new Promise<void>((resolve) => state.commits.push(resolve)) };
      },
      stop: async () => undefined,
    }),
  });
  const registry = new TestRegistry(...plugins.definitions, chunks, delayed);
  const { plan, problems } = await planText(`<source>\n@type test\n</source>\n${config}`, registry);
  const graph = await runGraph(plan ?? expect.fail(JSON.stringify(problems)), clock);
  await clock.go(0);
  return { ...graph, clock, plugins, state };
}

test('the secondary gets what the output does not take, and may be any output', async () => {
  const { clock, plugins, state, stop } = await run(`<match **>
@type chunks
<buffer tag>
flush_mode immediate
retry_wait 1
retry_timeout 10
</buffer>
<secondary>
@type keep
name second
</secondary>
</match>`);
  state.down = true;
  await plugins.emit(batchOf('a', [[begin, { n: 1 }]]));
  await clock.go(7000);
  expect(plugins.kept.get('second')).toBeUndefined();
  await clock.go(4000);
  expect(plugins.kept.get('second')).toHaveLength(1);
  await stop();
});

test('what is left at the end still reaches the secondary, which ends after it', async () => {
  const { plugins, state, graph, clock } = await run(`<match **>
@type chunks
<buffer tag>
retry_timeout 10
retry_secondary_threshold 0.1
retry_wait 1
retry_randomize false
</buffer>
<secondary>
@type copy
<store>
@type keep
name second
</store>
</secondary>
</match>`);
  state.down = true;
  await plugins.emit(batchOf('a', [[begin, { n: 1 }]]));
  let stopped = false;
  const end = graph.stop(new AbortController().signal).then(() => {
    stopped = true;
  });
  await clock.go(20_000, () => stopped);
  await end;
  expect(plugins.kept.get('second')).toHaveLength(1);
});

test('a store of copy has its buffer, and the others go on while it is down', async () => {
  const { clock, plugins, state, stop } = await run(`<match **>
@type copy
<store>
@type chunks
<buffer tag>
flush_mode immediate
retry_type periodic
</buffer>
</store>
<store>
@type keep
</store>
</match>`);
  state.down = true;
  await plugins.emit(batchOf('a', [[begin, { n: 1 }]]));
  await plugins.emit(batchOf('b', [[begin, { n: 1 }]]));
  await clock.go(500);
  expect(plugins.kept.get('out')).toHaveLength(2);
  state.down = false;
  await clock.go(5000);
  expect(state.tags).toEqual(['a 1', 'b 1']);
  await stop();
});

test('a chunk whose delivery nobody confirms comes again after delayed_commit_timeout', async () => {
  const { clock, plugins, state, stop, counted } = await run(`<match **>
@type delayed
@id d
<buffer tag>
flush_mode immediate
delayed_commit_timeout 10
retry_wait 1
retry_randomize false
</buffer>
</match>`);
  await plugins.emit(batchOf('a', [[begin, { n: 1 }]]));
  await plugins.emit(batchOf('b', [[begin, { n: 1 }]]));
  await clock.go(0);
  // The one place to write in is free while words are waited for.
  expect(state.tags).toEqual(['a', 'b']);
  state.commits[1]?.();
  await clock.go(12_000);
  expect(state.tags).toEqual(['a', 'b', 'a']);
  state.commits[2]?.();
  await clock.go(0);
  expect(counted('forebay_buffer_stored_bytes', { id: 'd' })).toBe(0);
  await stop();
});

test.each(['memory', 'disk'])(
  'buffers of one process share what %s they may take: one that waits for age is delivered when another one needs room',
  async (kind) => {
    const temp = tempFolder('shared');
    onTestFinished(() => temp.remove());
    const place = (name: string) =>
      kind === 'disk' ? `@type file\npath ${temp.path}/${name}\nflush_at_shutdown true` : '';
    const { clock, plugins, state, stop } = await run(`<system>
buffer_${kind}_limit 1k
</system>
<match lazy>
@type chunks
<buffer tag>
flush_mode lazy
${place('lazy')}
</buffer>
</match>
<match **>
@type chunks
<buffer tag>
flush_mode lazy
${place('other')}
</buffer>
</match>`);
    const fill = 'x'.repeat(1100);
    await plugins.emit(batchOf('lazy', [[begin, { fill }]]));
    expect(state.tags).toEqual([]);
    let taken = false;
    void Promise.resolve(plugins.emit(batchOf('other', [[begin, { n: 1 }]]))).then(() => {
      taken = true;
    });
    await clock.go(0);
    await expect.poll(() => taken, { timeout: 40_000 }).toBe(true);
    expect(state.tags).toEqual(['lazy 1']);
    await stop();
    expect(state.tags).toEqual(['lazy 1', 'other 1']);
  },
);

test('what a buffer does is counted', async () => {
  const { clock, plugins, state, stop, counted } = await run(`<match **>
@type chunks
@id out
<buffer tag>
flush_interval 5
retry_type periodic
</buffer>
</match>`);
  const batch = batchOf('a', [[begin, { n: 1 }]]);
  await plugins.emit(batch);
  expect(counted('forebay_buffer_staged_bytes', { id: 'out' })).toBe(batch.entries.length);
  state.down = true;
  await clock.go(5500);
  expect(counted('forebay_buffer_queued_chunks', { id: 'out' })).toBe(1);
  expect(counted('forebay_buffer_staged_bytes', { id: 'out' })).toBe(0);
  expect(counted('forebay_buffer_failed_deliveries_total', { id: 'out' })).toBeGreaterThan(0);
  state.down = false;
  await clock.go(5000);
  expect(counted('forebay_buffer_queued_chunks', { id: 'out' })).toBe(0);
  expect(counted('forebay_buffer_stored_bytes', { id: 'out' })).toBe(0);
  await stop();
});

test('an output that says it wants chunks and has no buffer option is told what its definition lacks', async () => {
  const odd = defineOutput({
    type: 'odd',
    summary: 'Forgets to say that it wants chunks.',
    options: {},
    create: () => ({ write: async () => undefined, stop: async () => undefined }),
  });
  const { plan } = await planText('<match **>\n@type odd\n</match>', new TestRegistry(odd));
  await expect(runGraph(plan ?? expect.fail('No plan.'))).rejects.toThrow("buffer: { when: 'always' }");
});
