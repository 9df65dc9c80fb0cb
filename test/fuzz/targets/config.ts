// Configurations: read, planned and linted as `check` does. What is wrong in one is a problem with a place in the file, never an exception.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '../../../src/cli/load-plan.ts';
import { Registry } from '../../../src/plugin/registry.ts';
import { tempFolder } from '../../support/temp.ts';
import { inProcess } from '../in-process.ts';
import { mutateBytes, mutateLines } from '../mutate.ts';
import { configTexts } from '../seeds.ts';
import type { FuzzTarget } from '../target.ts';

export function configTarget(patience: number): FuzzTarget {
  const seeds = configTexts();
  const registry = new Registry();
  const temp = tempFolder('fuzz');
  process.once('exit', () => temp.remove());
  const file = join(temp.path, 'fluent.conf');
  return inProcess(
    {
      name: 'config',
      past: /^(planned|refused)/,
      share: 0.25,
      mutant: (random) => (random.once(4) ? mutateBytes : mutateLines)(random, random.pick(seeds), seeds),
      async run(mutant) {
        writeFileSync(file, mutant);
        const { root, plan, problems } = await loadPlan(file, { registry, lint: true, workerId: '0' });
        if (root === undefined && problems.length === 0) throw new Error('there is neither a tree nor a problem');
        return plan !== undefined ? 'planned' : root !== undefined ? 'refused' : 'no tree';
      },
    },
    patience,
  );
}
