// The plans of all workers: each reads the configuration with its own number, so each is checked.
import type { Problem } from '../config/problem.ts';
import type { Registry } from '../plugin/registry.ts';
import { type LoadedPlan, loadPlan } from './load-plan.ts';
import type { RunRequest } from './run.ts';

/** The plan of worker 0, and the problems of all; no plan where one of them has errors. */
export async function loadWorkers(request: RunRequest, registry: Registry): Promise<LoadedPlan> {
  const { file, strict, plugins } = request;
  const load = (worker: number) => loadPlan(file, { strict, plugins, registry, workerId: String(worker), worker });
  const first = await load(0);
  const problems = new Map<string, Problem>();
  let failed = first.plan === undefined;
  const add = (loaded: LoadedPlan) => {
    failed ||= loaded.plan === undefined;
    for (const problem of loaded.problems) {
      problems.set(JSON.stringify([problem.code, problem.at]), problem);
    }
  };
  add(first);
  for (let worker = 1; worker < (first.plan?.system?.workers ?? 1); worker++) {
    add(await load(worker));
  }
  return { ...first, plan: failed ? undefined : first.plan, problems: [...problems.values()] };
}
