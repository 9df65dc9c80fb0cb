// Configurations, in Fluentd's language and in YAML: read, planned and linted as `check` does. What is wrong in one is a problem with a place
// in the file, never an exception.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '../../../src/cli/load-plan.ts';
import { elementToJson } from '../../../src/config/element-json.ts';
import { Registry } from '../../../src/plugin/registry.ts';
import { tempFolder } from '../../support/temp.ts';
import { inProcess } from '../in-process.ts';
import { mutateBytes, mutateLines, mutateValues, mutateYaml } from '../mutate.ts';
import type { Random } from '../random.ts';
import { configTexts, yamlSeeds, yamlText } from '../seeds.ts';
import type { FuzzTarget } from '../target.ts';

type Mutate = (random: Random, bytes: Uint8Array, others: readonly Uint8Array[]) => Buffer;

/** How mutants are made, each as often as the others. */
const ways: Readonly<Record<'conf' | 'yaml', readonly Mutate[]>> = {
  conf: [mutateBytes, mutateLines, mutateValues, mutateValues, mutateValues],
  yaml: [mutateBytes, mutateLines, mutateValues, mutateValues, mutateYaml, mutateYaml, mutateYaml],
};

export function configTarget(patience: number): FuzzTarget {
  return textTarget('conf', patience);
}

export function yamlTarget(patience: number): FuzzTarget {
  return textTarget('yaml', patience);
}

function textTarget(form: 'conf' | 'yaml', patience: number): FuzzTarget {
  const registry = new Registry();
  const temp = tempFolder('fuzz');
  process.once('exit', () => temp.remove());
  const file = join(temp.path, `fluent.${form}`);
  const load = async (text: Uint8Array, path: string) => {
    writeFileSync(path, text);
    return await loadPlan(path, { registry, lint: true, workerId: '0' });
  };
  /** Those that are sound come oftener: more is behind the reading than in it. */
  let sound: readonly Uint8Array[] = [];
  let all: readonly Uint8Array[] = [];
  const target = inProcess(
    {
      name: form === 'conf' ? 'config' : 'config in YAML',
      past: /^(planned|refused)/,
      share: 0.5,
      mutant: (random) => random.pick(ways[form])(random, random.pick(random.once(8) ? all : sound), all),
      async run(mutant) {
        const { root, plan, problems } = await load(mutant, file);
        if (root === undefined && problems.length === 0) throw new Error('there is neither a tree nor a problem');
        return plan !== undefined ? 'planned' : root !== undefined ? 'refused' : 'no tree';
      },
    },
    patience,
  );
  return {
    ...target,
    async start() {
      const texts: Uint8Array[] = [];
      const yamls: Uint8Array[] = [...yamlSeeds];
      for (const text of configTexts()) {
        const { root } = await load(text, join(temp.path, 'seed.conf'));
        if (root !== undefined) texts.push(text);
        if (root !== undefined && root.elements.length > 0) yamls.push(yamlText(elementToJson(root, new Set())));
      }
      sound = form === 'conf' ? texts : yamls;
      all = form === 'conf' ? configTexts() : yamls;
      return await target.start();
    },
  };
}
