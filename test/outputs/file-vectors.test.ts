// The cases of vectors/out_file.json: the names and contents of the files that the real Fluentd wrote.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../support/differences.ts';
import { type FileCase, filesOf, runCase } from './file-cases.ts';

const { cases } = JSON.parse(readFileSync(new URL('../vectors/out_file.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly FileCase[];
};
const differences = differencesOf('out_file.json');

describe('files as Fluentd names and fills them', () => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const { refused, phases } = await runCase(each);
    const difference = differences.get(name)?.ours as Record<string, unknown> | undefined;
    const last = Object.keys(each.phases ?? {}).at(-1) ?? '';
    expect(refused).toBe(false);
    for (const phase of Object.keys(each.phases ?? {}).filter((one) => one !== 'after_first_events')) {
      expect(phases[phase], phase).toEqual(difference?.[phase] ?? filesOf(each, phase));
    }
    expect(phases[last]).toBeDefined();
    // Nothing is held back: what a flush shows is there before it.
    expect(phases['after_first_events']).toEqual(phases['after_flush']);
  });

  test('every difference on purpose is one of a case that was run', () => {
    expect([...differences.keys()].filter((name) => !cases.some((each) => each.name === name))).toEqual([]);
  });
});
