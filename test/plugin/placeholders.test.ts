// The cases of vectors/placeholders.json: which paths and chunk keys go together, and what comes of them.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type FileCase, filesOf, runCase, waitsFor } from '../outputs/file-cases.ts';
import { differencesOf } from '../support/differences.ts';

const { cases } = JSON.parse(readFileSync(new URL('../vectors/placeholders.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly FileCase[];
};
const differences = differencesOf('placeholders.json');
const run = cases.filter((each) => waitsFor(each) === undefined);

describe('placeholders as in Fluentd', () => {
  test.for(run.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const { refused, phases } = await runCase(each);
    const ours = differences.get(name)?.ours as Record<string, unknown> | undefined;
    expect(refused).toBe(each.refused !== undefined);
    if (!refused) {
      expect(phases['after_flush']).toEqual(ours?.['after_flush'] ?? filesOf(each, 'after_flush'));
    }
  });

  test('every difference on purpose is one of a case that was run', () => {
    expect([...differences.keys()].filter((name) => !run.some((each) => each.name === name))).toEqual([]);
  });

  const waiting = cases.filter((each) => waitsFor(each) !== undefined);
  test(`${waiting.length} of ${cases.length} cases wait for features to come`, () => {
    for (const each of waiting) {
      console.info(`waits for ${waitsFor(each)}: ${each.name}`);
    }
    expect(waiting.length).toBeLessThan(5);
  });
});
