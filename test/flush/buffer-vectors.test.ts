// What the real Fluentd made of the same events: which chunks they went to, which were queued and written, in which order. Times are compared
// loosely: Fluentd's threads look for chunks once a second, here they go when they may.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../support/differences.ts';
import { tempFolder } from '../support/temp.ts';
import { batchOf, begin, emit, Float, type Running, running, start, type TestOutputs, testOutputs } from './harness.ts';

type Metadata = {
  readonly timekey?: number;
  readonly tag?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
};
/** What belongs together, events, bytes. */
type State = readonly [Metadata, number, number?];

interface After {
  readonly at: number;
  readonly stage?: readonly State[];
  readonly queue?: readonly State[];
  readonly writing?: readonly State[];
  readonly raised?: { readonly class: string };
}

interface Step {
  readonly emit?: { readonly tag: string; readonly events: readonly (readonly [number, unknown])[] };
  readonly wait?: number;
  readonly shutdown?: true;
  readonly restart?: true;
}

interface ExpectedWrite {
  readonly at: number;
  readonly chunk: Metadata;
  readonly records: number;
  readonly bytes?: number;
  readonly events?: readonly unknown[];
  readonly text?: string;
  readonly fails?: true;
  readonly done?: number;
}

interface VectorCase {
  readonly name: string;
  readonly config: string;
  readonly steps: readonly Step[];
  readonly after: readonly After[];
  readonly writes: readonly ExpectedWrite[];
  readonly refused?: unknown;
}

/** Whole numbers with a point stay what they are. */
function revive(this: unknown, _: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && /^-?\d+\.0$/.test(context?.source ?? '') ? new Float(value) : value;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../vectors/buffer.json', import.meta.url), 'utf8'),
  revive as (key: string, value: unknown) => unknown,
) as { readonly cases: readonly VectorCase[] };
const differences = differencesOf('buffer.json');

const raisedBy: Readonly<Record<string, string>> = {
  'Fluent::Plugin::Buffer::BufferOverflowError': 'BUFFER_OVERFLOW',
  'Fluent::Plugin::Buffer::BufferChunkOverflowError': 'BUFFER_EVENT_TOO_LARGE',
};

describe('buffers of Fluentd 1.19.3', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, vector) => {
    const ours = differences.get(name)?.ours as Partial<VectorCase> | undefined;
    await runCase(comparable({ ...vector, ...ours }));
  });

  // With `block` as the default these wait for room where Fluentd throws, as differences.json says. Written down, its default is the same.
  const thrown = cases.filter(
    ({ config, after }) =>
      !config.includes('overflow_action') &&
      after?.some(({ raised }) => raised?.class.endsWith('::BufferOverflowError')),
  );
  test.each(thrown.map((one) => [one.name, one] as const))('%s, overflow_action throw_exception', async (_, vector) => {
    await runCase({
      ...vector,
      config: vector.config.replace('<buffer>', '<buffer>\noverflow_action throw_exception'),
    });
  });
});

/** Chunks hold events as they came (architecture.md, 2): the sizes of what an output would write of them are not theirs. */
function comparable(vector: VectorCase): VectorCase {
  if (!vector.config.includes('@type lines')) {
    return vector;
  }
  const states = (list: readonly State[] = []) => list.map(([metadata, records]): State => [metadata, records]);
  const after = vector.after.map((one) => ({
    ...one,
    stage: states(one.stage),
    queue: states(one.queue),
    writing: states(one.writing),
  }));
  return { ...vector, after, writes: vector.writes.map(({ bytes: _, ...write }) => write) };
}

async function runCase(vector: VectorCase): Promise<void> {
  const temp = tempFolder('buffer');
  try {
    const tests = testOutputs();
    const config = vector.config.replaceAll('DIR', temp.path);
    const backup = join(temp.path, 'backup');
    const started = await start(config, tests, backup);
    if (vector.refused !== undefined) {
      expect('output' in started).toBe(false);
      return;
    }
    let run = running(started);
    for (const [index, step] of vector.steps.entries()) {
      const after = vector.after[index] ?? expect.fail('A step without a state.');
      if (step.restart === true) {
        run = running(await start(config, tests, backup));
        expect(withoutBytes(staged(run), after.stage ?? [])).toEqual(expectedStates(after.stage ?? []));
      } else if (step.shutdown === true) {
        await stop(run, tests, after.at);
      } else {
        expect(await doStep(run, tests, step)).toEqual(
          after.raised && (raisedBy[after.raised.class] ?? after.raised.class),
        );
        check(run, tests, after, vector);
      }
    }
    checkWrites(tests, vector);
  } finally {
    temp.remove();
  }
}

/** Returns the code of what was refused, if anything was. */
async function doStep(run: Running, tests: TestOutputs, step: Step): Promise<string | undefined> {
  const { clock } = tests;
  if (step.emit === undefined) {
    await clock.go((step.wait ?? 0) * 1000);
    return undefined;
  }
  const before = run.refused.length;
  let done = false;
  const settled = emit(run, tests, batchOf(step.emit.tag, step.emit.events)).finally(() => {
    done = true;
  });
  await clock.settled();
  if (!done) {
    await clock.go(1_000_000, () => done);
  }
  return (await settled) ?? run.refused[before]?.code;
}

async function stop({ output }: Running, { clock }: TestOutputs, at: number): Promise<void> {
  const abort = new AbortController();
  clock.after(begin * 1000 + at * 1000 + 500 - clock.now(), () => abort.abort());
  let done = false;
  const stopped = output.stop(abort.signal).then(() => {
    done = true;
  });
  await clock.go(1_000_000_000, () => done);
  await stopped;
}

function staged({ output }: Running): unknown[] {
  return output.state.staged.map(({ chunk }) => [plain(chunk.metadata), chunk.count, chunk.bytes]);
}

/** All chunks that have left the stage so far, in order: what was written already counts too. */
function queuedSoFar({ output }: Running, { writes }: TestOutputs): unknown[] {
  const all = new Map<string, unknown>();
  for (const { id, chunk, records, bytes } of writes) {
    all.set(id, [plain(chunk), records, bytes]);
  }
  for (const { chunk } of output.state.flusher.queued) {
    all.set(chunk.id, [plain(chunk.metadata), chunk.count, chunk.bytes]);
  }
  return [...all.values()];
}

function check(run: Running, tests: TestOutputs, after: After, vector: VectorCase): void {
  expect(withoutBytes(staged(run), after.stage ?? [])).toEqual(expectedStates(after.stage ?? []));
  const last = [...(after.writing ?? []), ...(after.queue ?? [])];
  const all = queuedSoFar(run, tests);
  const before = all.length - last.length;
  expect(before).toBeGreaterThanOrEqual(0);
  expect(withoutBytes(all.slice(before), last)).toEqual(expectedStates(last));
  const done = firstTries(vector.writes).slice(0, before);
  expect(withoutBytes(all.slice(0, before), done)).toEqual(expectedStates(done));
}

/** Of a chunk that is tried again only the first try. */
function firstTries(writes: readonly ExpectedWrite[]): State[] {
  const again = new Set<ExpectedWrite>(writes.filter(({ fails, done }) => fails === true && done === undefined));
  const tries: State[] = [];
  let failed: ExpectedWrite | undefined;
  for (const write of writes) {
    const same = failed !== undefined && JSON.stringify(failed.events) === JSON.stringify(write.events);
    if (!same || JSON.stringify(failed?.chunk) !== JSON.stringify(write.chunk)) {
      tries.push(write.bytes === undefined ? [write.chunk, write.records] : [write.chunk, write.records, write.bytes]);
    }
    failed = again.has(write) ? write : failed;
  }
  return tries;
}

function checkWrites({ writes }: TestOutputs, vector: VectorCase): void {
  const ours = writes.map(({ chunk, records, events, fails }) => ({
    chunk: plain(chunk),
    records,
    events: events.map(eventOf),
    fails,
  }));
  const theirs = vector.writes.map(({ chunk, records, events, text, fails, done }) => ({
    chunk: expectedMetadata(chunk),
    records,
    events: events === undefined ? linesOf(text ?? '') : events.map(eventOf),
    fails: fails === true && done === undefined,
  }));
  const lines = vector.config.includes('@type lines');
  expect(lines ? ours.map((one) => ({ ...one, events: one.events.flatMap(lineOf) })) : ours).toEqual(theirs);
  const minutes = /timekey (60|1h|1d)/.test(vector.config);
  vector.writes.forEach(({ at }, index) => {
    // Fluentd looks once a second for chunks of age, once a minute where the time key is long, and rests for a second between two.
    expect(Math.abs((writes[index]?.at ?? Number.NaN) - at)).toBeLessThan((minutes ? 61 : 3) + index);
  });
}

function eventOf(event: unknown): unknown {
  const [time, record] = event as [unknown, unknown];
  return [
    Array.isArray(time) ? time[0] : time,
    JSON.parse(JSON.stringify(record, (_, one) => (one instanceof Float ? one.value : one))),
  ];
}

function lineOf(event: unknown): string[] {
  const { m } = (event as [unknown, { readonly m?: string }])[1];
  return m === undefined ? [] : [m];
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/** Where Fluentd's sizes are not told, ours do not count. */
function withoutBytes(states: readonly unknown[], like: readonly State[]): unknown[] {
  return states.map((state, index) => (like[index]?.[2] === undefined ? (state as unknown[]).slice(0, 2) : state));
}

/** An empty chunk of Fluentd's is none here. */
function expectedStates(states: readonly State[]): unknown[] {
  return states
    .filter(([, records]) => records > 0)
    .map(([metadata, records, bytes]) => [
      expectedMetadata(metadata),
      records,
      ...(bytes === undefined ? [] : [bytes]),
    ]);
}

function plain({
  timekey,
  tag,
  variables,
}: Running['output']['state']['staged'][number]['chunk']['metadata']): unknown {
  return { timekey, tag: tag?.text, variables: Object.fromEntries(variables) };
}

/** Values as texts; a field that is not there is nothing. */
function expectedMetadata({ timekey, tag, variables }: Metadata): unknown {
  const texts = Object.entries(variables ?? {})
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [
      key,
      value instanceof Float
        ? value.value.toFixed(1)
        : typeof value === 'string'
          ? value
          : JSON.stringify(value).replace('":', '"=>'),
    ]);
  return { timekey, tag, variables: Object.fromEntries(texts) };
}
