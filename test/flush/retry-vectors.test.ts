// When the real Fluentd tried again, to which output, and when it gave up. What it gave up was lost there and is in the backup folder here: nothing
// that was acked is lost (architecture.md, 5).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulti } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { RetrySchedule } from '../../src/flush/retry-schedule.ts';
import { differencesOf } from '../support/differences.ts';
import { tempFolder } from '../support/temp.ts';
import { batchOf, begin, type Running, running, start, type TestOutputs, testOutputs } from './harness.ts';

interface Attempt {
  readonly t: number;
  readonly to: string;
  readonly chunk: readonly unknown[];
  readonly result: string;
  readonly retry_times?: number;
  readonly wait?: number;
  readonly gave_up?: true;
  readonly early?: true;
}

interface VectorCase {
  readonly name: string;
  readonly config: string;
  readonly primary: string | readonly string[];
  readonly secondary?: string | readonly string[];
  readonly chunks: number;
  readonly staged_chunks?: number;
  readonly new_chunk_after_giving_up?: true;
  readonly truncated?: true;
  readonly late?: number;
  readonly early?: unknown;
  readonly attempts: readonly Attempt[];
  readonly left: { readonly queued: readonly unknown[]; readonly staged: readonly unknown[] };
  readonly backup: Readonly<Record<string, readonly unknown[]>>;
  readonly refused?: true;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/retry.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly VectorCase[];
};
const differences = differencesOf('retry.json');

const errors: Readonly<Record<string, () => unknown>> = {
  fail: () => new Error('down'),
  ok: () => undefined,
  unrecoverable: () => Object.assign(new Error('bad chunk'), { retryable: false }),
  type_error: () => new TypeError('no conversion'),
  argument_error: () => new RangeError('bad arg'),
  no_method_error: () => new TypeError('no method'),
  encoding_error: () => new RangeError('bad encoding'),
};

/** What one output does, write by write; after the end of a list all goes well. */
class Script {
  readonly #results: string | readonly string[];
  #next = 0;

  constructor(results: string | readonly string[] = 'ok') {
    this.#results = results;
  }

  next(): string {
    return typeof this.#results === 'string' ? this.#results : (this.#results[this.#next++] ?? 'ok');
  }
}

interface Try {
  readonly at: number;
  readonly to: string;
  readonly result: string;
  /** The series of tries that it belongs to, before it. */
  readonly times: number | undefined;
  readonly next: number | undefined;
}

describe('tries again of Fluentd 1.19.3', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, vector) => {
    const ours = differences.get(name)?.ours as Partial<VectorCase> | undefined;
    await runCase({ ...vector, ...ours });
  });

  test('a try that fails before its time does not count, and puts the next one off', () => {
    const vector = cases.find(({ early }) => early !== undefined) ?? expect.fail('No such case.');
    const settings = {
      type: 'periodic',
      wait: 4,
      base: 2,
      maxInterval: undefined,
      timeout: 259_200,
      maxTimes: 3,
    } as const;
    const schedule = new RetrySchedule(
      { ...settings, forever: false, randomize: false, secondaryThreshold: undefined },
      0,
      () => 0,
    );
    vector.attempts.forEach(({ t, retry_times: times, wait, gave_up: gaveUp }, index) => {
      if (index > 0) {
        schedule.failed(t);
      }
      expect(schedule.spent).toBe(gaveUp === true);
      if (gaveUp === undefined) {
        expect({ times: schedule.times, wait: schedule.next - t }).toEqual({ times, wait });
      }
    });
  });
});

async function runCase(vector: VectorCase): Promise<void> {
  const temp = tempFolder('retry');
  try {
    const scripts = { primary: new Script(vector.primary), other: new Script(vector.secondary) };
    const tries: Try[] = [];
    let run: Running | undefined;
    const tests: TestOutputs = testOutputs((type) => {
      const result = scripts[type as 'primary'].next();
      const { retry } = run?.output.state.flusher ?? {};
      const at = (tests.clock.now() - begin * 1000) / 1000;
      const next = retry && (retry.next - begin * 1000) / 1000;
      tries.push({ at, to: type === 'primary' ? 'primary' : 'secondary', result, times: retry?.times, next });
      return errors[result]?.();
    });
    const started = await start(vector.config.replaceAll('DIR', temp.path), tests, temp.path);
    if (vector.refused === true) {
      expect('output' in started).toBe(false);
      return;
    }
    run = running(started);
    await drive(run, tests, tries, vector);
    compare(tries, tests, vector, run);
    await checkEnd(run, tests, vector, join(temp.path, 'backup'));
  } finally {
    temp.remove();
  }
}

async function drive(
  { output }: Running,
  tests: TestOutputs,
  tries: readonly Try[],
  vector: VectorCase,
): Promise<void> {
  const { clock } = tests;
  const wanted = tryCount(vector);
  for (let index = 0; index < vector.chunks; index++) {
    await output.emit(batchOf(`t.${index}`, [[begin, { m: index }]]));
  }
  output.flush();
  for (let index = 0; index < (vector.staged_chunks ?? 0); index++) {
    await output.emit(batchOf(`s.${index}`, [[begin, { m: `s${index}` }]]));
  }
  for (let count = 0; tries.length < wanted; count = tries.length) {
    if (vector.late !== undefined && tries.length > 0) {
      clock.skip(Math.max(0, (output.state.flusher.retry?.next ?? 0) - clock.now()) + vector.late * 1000);
    }
    // Staged chunks are not to come of age.
    await clock.go(
      vector.staged_chunks === undefined ? 1_000_000_000 : 50_000,
      () => tries.length > count || tries.length >= wanted,
    );
    if (tries.length > count) {
      continue;
    }
    if (vector.new_chunk_after_giving_up === undefined) {
      return;
    }
    await output.emit(batchOf('t.new', [[begin, { m: 'new' }]]));
    output.flush();
  }
}

/** Tries of the unrecoverable that the secondary got at once are told as one. */
function tryCount({ attempts }: VectorCase): number {
  return attempts.reduce((sum, { to, early }) => sum + (early === true ? 0 : to.split(', then ').length), 0);
}

function compare(tries: readonly Try[], { writes }: TestOutputs, vector: VectorCase, run: Running): void {
  const expected = vector.attempts
    .filter(({ early }) => early !== true)
    .flatMap((attempt) => {
      const results = attempt.result.split(', then ');
      return attempt.to.split(', then ').map((to, index) => ({ ...attempt, to, result: results[index] ?? '' }));
    });
  const ours = tries.map(({ to, result }, index) => ({
    to,
    result,
    chunk: writes[index]?.events.map(([, record]) => (record as { readonly m: unknown }).m),
  }));
  expect(ours).toEqual(expected.map(({ to, result, chunk }) => ({ to, result, chunk })));
  // The clock of the vectors is put on by a second for each chunk that follows one that went well.
  let behind = 0;
  expected.forEach(({ t, retry_times: times, wait, result }, index) => {
    const at = tries[index]?.at ?? Number.NaN;
    if (vector.early === undefined) {
      expect(Math.abs(at - t)).toBeLessThanOrEqual(behind + 0.001);
    }
    behind += result === 'fail' ? 0 : 1;
    behind += vector.new_chunk_after_giving_up === true ? 1_000_000_000 : 0;
    const after = index + 1 < tries.length ? tries[index + 1] : stateNow(run);
    const series = times === undefined || vector.early !== undefined ? undefined : { times, wait };
    if (vector.early === undefined && !expected[index]?.to.includes('then')) {
      const waited = after?.next === undefined ? undefined : Number((after.next - at).toFixed(6));
      const unfinished = result === 'unrecoverable' && expected[index + 1]?.to === 'secondary';
      expect(unfinished || after?.times === undefined ? undefined : { times: after.times, wait: waited }).toEqual(
        unfinished ? undefined : series,
      );
    }
  });
}

function stateNow({ output }: Running): Pick<Try, 'times' | 'next'> {
  const { retry } = output.state.flusher;
  return { times: retry?.times, next: retry && (retry.next - begin * 1000) / 1000 };
}

async function checkEnd({ output }: Running, tests: TestOutputs, vector: VectorCase, folder: string): Promise<void> {
  const { staged, flusher } = output.state;
  await tests.clock.settled(); // what is given up is still on its way to the backup folder
  const held = (
    chunks: Iterable<{
      readonly chunk: { readonly metadata: { readonly tag: { readonly text: string } | undefined } };
    }>,
  ) => [...chunks].map(({ chunk }) => chunk.metadata.tag?.text.replace(/^t\./, '').replace(/^s\./, 's'));
  const waiting = held([...flusher.queued, ...flusher.writing]);
  const names = (list: readonly unknown[]) => list.map((chunk) => String((chunk as unknown[])[0]));
  expect(waiting).toEqual(names(vector.left.queued));
  expect(held(staged)).toEqual(names(vector.left.staged));
  const all = [...Array(vector.chunks).keys()].map(String).concat(vector.new_chunk_after_giving_up ? ['new'] : []);
  const delivered = tests.writes.filter(({ fails }) => !fails).map(({ chunk }) => chunk.tag?.text.replace(/^t\./, ''));
  const lost = all.filter((name) => !delivered.includes(name) && !waiting.includes(name));
  expect(backedUp(folder).sort()).toEqual(lost.sort());
  for (const chunk of Object.values(vector.backup).flat()) {
    if (chunk !== 'meta') {
      expect(lost).toContain(String((chunk as unknown[])[0]));
    }
  }
}

/** The events in the files of the backup folder, messages of the forward protocol. */
function backedUp(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.log'));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    expect(file).toMatch(/^worker0\/[-\w.]+\/[0-9a-f]{32}\.log$/);
    const messages = [...decodeMulti(readFileSync(join(folder, file)))] as [string, Uint8Array][];
    return messages.map(([tag]) => tag.replace(/^t\./, ''));
  });
}
