// The cases of vectors/placeholders.json: which paths and chunk keys go together, and what comes of them.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type FileCase, filesOf, runCase } from '../outputs/file-cases.ts';
import { differencesOf } from '../support/differences.ts';

const { cases } = JSON.parse(readFileSync(new URL('../vectors/placeholders.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly FileCase[];
};
const differences = differencesOf('placeholders.json');

describe('placeholders as in Fluentd', () => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const { refused, phases } = await runCase(each);
    const ours = differences.get(name)?.ours as Record<string, unknown> | undefined;
    expect(refused).toBe(each.refused !== undefined);
    for (const phase of Object.keys(each.phases ?? {}).filter((one) => one !== 'after_first_events')) {
      expect(phases[phase], phase).toEqual(ours?.[phase] ?? filesOf(each, phase));
    }
  });

  test('every difference on purpose is one of a case that was run', () => {
    expect([...differences.keys()].filter((name) => !cases.some((each) => each.name === name))).toEqual([]);
  });
});
