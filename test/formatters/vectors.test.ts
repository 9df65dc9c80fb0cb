// Every case of vectors/formatters.json: what the real Fluentd's formatters and <inject> made of an event, byte for byte.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Wasm } from '../../src/msgpack/wasm.ts';
import { differencesOf } from '../support/differences.ts';
import { twins } from '../support/twins.ts';
import { batchOf, entry, formatAll, inZone, makeFormatter, type VectorTime } from './harness.ts';

interface FormatterCase {
  readonly name: string;
  readonly config: string;
  readonly TZ?: string;
  readonly tag: string;
  readonly time: VectorTime;
  readonly record_msgpack_hex: string;
  readonly out?: string;
  readonly out_hex?: string;
  readonly raised?: object;
  readonly refused?: object;
  readonly boot_log?: readonly string[];
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/formatters.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly FormatterCase[];
};
const differences = differencesOf('formatters.json');

describe.for(twins)('vectors/formatters.json, %s', ([, wasm]) => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const outcome = await inZone(each.TZ ?? 'UTC', () => run(each, wasm ?? null));
    const difference = differences.get(name);
    if (difference !== undefined) {
      expect(outcome).toEqual(difference.ours);
      return;
    }
    if (each.refused !== undefined) {
      expect(outcome).toMatchObject({ refused: [expect.stringMatching(/^CONFIG_/)] });
      return;
    }
    const out = each.out_hex ?? Buffer.from(each.out ?? 'never').toString('hex');
    expect(outcome).toEqual({ out_hex: out, warnings: each.boot_log?.length ?? 0 });
  });

  test('the differences on purpose are cases of it', () => {
    const names = new Set(cases.map(({ name }) => name));
    expect([...differences.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});

async function run(each: FormatterCase, wasm: Wasm | null) {
  const made = await makeFormatter(each.config, undefined, wasm);
  if ('refused' in made) {
    return made;
  }
  const batch = batchOf(each.tag, entry(each.time, Buffer.from(each.record_msgpack_hex, 'hex')));
  return { out_hex: formatAll(made, batch).toString('hex'), warnings: made.context.logged.length };
}
