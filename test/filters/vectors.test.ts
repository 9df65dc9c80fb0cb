// Every case of vectors/filters.json whose plug-ins are there: the events go through the real filters of a real graph, and what comes out and
// what goes to @ERROR is compared with Fluentd's, byte for byte.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { tagFromText } from '../../src/core/batch.ts';
import { planText, runGraph, testPlugins } from '../engine/harness.ts';
import { batchOf, entry, setZone, type VectorTime } from '../formatters/harness.ts';
import type { KeptEvent } from '../forward/harness.ts';
import { differencesOf } from '../support/differences.ts';

interface VectorEvent {
  readonly tag: string;
  readonly time: VectorTime | number;
  readonly record_msgpack_hex: string;
}

interface FilterCase {
  readonly name: string;
  readonly config: string;
  readonly events?: readonly VectorEvent[];
  readonly out?: readonly VectorEvent[];
  readonly error?: readonly VectorEvent[];
  readonly log?: readonly string[];
  readonly boot_log?: readonly string[];
  readonly refused?: unknown;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/filters.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly FilterCase[];
};
const differences = differencesOf('filters.json');
const met = new Set<string>();

function bytesOf({ time, record_msgpack_hex }: VectorEvent): Buffer {
  const at = typeof time === 'number' ? { kind: 'int', sec: time } : time;
  return entry(at, Buffer.from(record_msgpack_hex, 'hex'));
}

function keptOf(event: VectorEvent): KeptEvent {
  const bytes = bytesOf(event);
  const record = bytes.length - event.record_msgpack_hex.length / 2;
  return {
    tag: Buffer.from(event.tag).toString('hex'),
    time: bytes.subarray(1, record).toString('hex'),
    record: event.record_msgpack_hex,
  };
}

const whole = (config: string) => `<source>
@type test
</source>
${config}
<match **>
@type keep
</match>
<label @ERROR>
<match **>
@type keep
name error
</match>
</label>
`;

async function run(each: FilterCase, together: boolean): Promise<Record<string, unknown>> {
  const plugins = testPlugins();
  const { plan, problems } = await planText(whole(each.config), plugins.registry);
  if (plan === undefined) {
    return { refused: true };
  }
  const running = await runGraph(plan, { now: () => 1_700_000_000_000 });
  try {
    for (const group of together ? byTag(each.events ?? []) : (each.events ?? []).map((event) => [event])) {
      const tag = tagFromText(group[0]?.tag ?? '');
      await plugins.emit(batchOf(tag, Buffer.concat(group.map(bytesOf)), group.length));
    }
  } finally {
    await running.stop();
  }
  return {
    out: plugins.kept.get('out') ?? [],
    error: plugins.kept.get('error') ?? [],
    warned: running.logged.some(({ level }) => level >= 40),
    // Fluentd says it when the first event comes.
    warnedAtStart: problems.some(({ code }) => code !== 'CONFIG_PLACEHOLDER_UNKNOWN'),
  };
}

/** Events of one tag in a row as one batch. */
function byTag(events: readonly VectorEvent[]): VectorEvent[][] {
  const groups: VectorEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last?.[0]?.tag === event.tag) {
      last.push(event);
    } else {
      groups.push([event]);
    }
  }
  return groups;
}

function expected(each: FilterCase): unknown {
  const difference = differences.get(each.name);
  if (difference !== undefined) {
    met.add(each.name);
    return difference.ours;
  }
  return each.refused === undefined
    ? {
        out: each.out?.map(keptOf),
        error: each.error?.map(keptOf),
        // Fluentd logs each event that it sends to @ERROR; Forebay counts them.
        warned: each.log?.some((line) => !line.includes('send an error event to @ERROR')) ?? false,
        warnedAtStart: each.boot_log !== undefined,
      }
    : { refused: true };
}

afterAll(setZone('UTC'));

describe(`${cases.length} cases`, () => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
    expect(await run(each, false)).toEqual(expected(each));
  });

  test.for(cases.map((each) => [each.name, each] as const))('%s, in batches', async ([, each]) => {
    expect(await run(each, true)).toEqual(expected(each));
  });
});

afterAll(() => {
  expect([...differences.keys()].filter((name) => !met.has(name))).toEqual([]);
});
