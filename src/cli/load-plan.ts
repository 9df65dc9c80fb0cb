// A configuration file becomes a plan, with all that is wrong in it: what run, check and route begin with.
import { hostname as systemHostname } from 'node:os';
import type { Attribute, Element } from '../config/element.ts';
import { parseConfig } from '../config/parse.ts';
import { type Problem, ProblemList } from '../config/problem.ts';
import { lint } from '../engine/lint.ts';
import { type Plan, plan } from '../engine/plan.ts';
import { Registry } from '../plugin/registry.ts';

export interface LoadOptions {
  /** Unknown names and doubtful values are errors. */
  readonly strict?: boolean;
  /** For embedded expressions. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly hostname?: string;
  /** What `worker_id` means: '0' in a process that runs, empty in one that only looks, as in Fluentd. */
  readonly workerId?: string;
  readonly registry?: Registry;
  /** Folders with plug-ins of the user's. */
  readonly plugins?: readonly string[];
  /** Says also what may be, and is hardly meant. */
  readonly lint?: boolean;
}

export interface LoadedPlan {
  /** The tree, also where there are problems; undefined when the text itself could not be parsed. */
  readonly root: Element | undefined;
  /** Undefined when there are errors: then nothing may be started. */
  readonly plan: Plan | undefined;
  /** By file and line. */
  readonly problems: readonly Problem[];
  /** How many problems more there are. */
  readonly dropped: number;
  /** The texts of the files that were read, by the names that positions have. */
  readonly sources: ReadonlyMap<string, string>;
  /** Values that must not be shown. */
  readonly secrets: ReadonlySet<Attribute>;
}

/** Warnings that stay warnings under `strict`: what they name is understood and does no harm. */
const harmless: ReadonlySet<string> = new Set([
  'CONFIG_OPTION_IGNORED',
  'CONFIG_OPTION_DEPRECATED',
  // In a container there is no other way; who can reach it is then the network's business.
  'LINT_LISTENER_OPEN',
]);

/** Reads and plans `file`. Nothing that is wrong in a configuration is thrown. */
export async function loadPlan(file: string, options: LoadOptions = {}): Promise<LoadedPlan> {
  const list = new ProblemList();
  const report = (problem: Problem) =>
    list.report(
      options.strict === true && problem.severity === 'warning' && !harmless.has(problem.code)
        ? { ...problem, severity: 'error' }
        : problem,
    );
  const surroundings = {
    env: options.env ?? process.env,
    hostname: options.hostname ?? systemHostname(),
    workerId: options.workerId ?? '',
  };
  const registry = options.registry ?? new Registry();
  for (const folder of options.plugins ?? []) {
    await addPlugins(registry, folder, report);
  }
  const parse = /\.ya?ml$/i.test(file) ? (await import('../config/yaml/parse.ts')).parseYamlConfig : parseConfig;
  const parsed = parse(file, surroundings, report);
  const secrets = new Set<Attribute>();
  let planned: Plan | undefined;
  if (parsed.ok) {
    planned = await plan(parsed.root, registry, report, {
      secret: (attribute) => secrets.add(attribute),
    });
    if (options.lint === true) {
      const labels = parsed.root.elements.filter(({ name }) => name === 'label');
      lint(planned, list.errors === 0 ? labels : [], report);
    }
  }
  return {
    root: parsed.ok ? parsed.root : undefined,
    plan: list.errors === 0 ? planned : undefined,
    problems: inOrder(list.problems, [...parsed.sources.keys()]),
    dropped: list.dropped,
    sources: parsed.sources,
    secrets,
  };
}

/** Takes in the plug-ins of a folder; what is wrong with it is a problem like any in the configuration. */
async function addPlugins(registry: Registry, folder: string, report: (problem: Problem) => void): Promise<void> {
  const at = { file: folder, line: 1, column: 1 };
  try {
    const ruby = await registry.addFolder(folder);
    if (ruby.length > 0) {
      report({
        code: 'PLUGIN_RUBY',
        severity: 'warning',
        at,
        text: `Plug-ins in Ruby are not run: ${ruby.join(', ')}.`,
        hint: 'Forebay has the common ones under their own names; others are written in JavaScript.',
      });
    }
  } catch (error) {
    report({
      code: 'PLUGIN_FOLDER_BROKEN',
      severity: 'error',
      at,
      text: `The plug-ins cannot be loaded: ${(error as Error).message}`,
      hint: 'Each .js, .mjs or .ts file in the folder given with -p has a plug-in as its default export.',
    });
  }
}

function inOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  return problems.toSorted(
    ({ at: a }, { at: b }) =>
      (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}
