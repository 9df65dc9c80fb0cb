// Every case of vectors/config_check.json: a configuration is accepted or refused as Fluentd does, but where Fluentd says nothing of a mistake.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { differencesOf } from '../support/differences.ts';
import { tempFolder } from '../support/temp.ts';

interface CheckCase {
  readonly name: string;
  readonly text: string;
  readonly accepted: boolean;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/config_check.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly CheckCase[];
};
const differences = differencesOf('config_check.json');
const met = new Set<string>();
const temp = tempFolder('config-check');

/** Cases of plug-ins of later issues; they run by themselves when those are there. */
const hasForward = new Registry().known('output').includes('forward');
const running = cases.filter(({ name }) => hasForward || !name.startsWith('out_forward '));

async function run({ text }: CheckCase): Promise<unknown> {
  const file = join(temp.path, 'c.conf');
  writeFileSync(file, text.replaceAll('DIR', temp.path));
  const { plan, problems } = await loadPlan(file);
  // What is refused is refused for a reason that is said.
  expect(plan === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
  return plan !== undefined;
}

test.for(running.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
  const difference = differences.get(each.name);
  met.add(each.name);
  expect(await run(each)).toBe(difference === undefined ? each.accepted : difference.ours);
});

test('the cases that wait are those of the forward output', () => {
  expect(running.length).toBeGreaterThanOrEqual(cases.length - 2);
});

afterAll(() => {
  temp.remove();
  expect([...differences.keys()].filter((name) => !met.has(name))).toEqual([]);
});
