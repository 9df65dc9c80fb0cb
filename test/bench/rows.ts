// What is run: the rows of the goals' table, those that only a full look has, and how often and in which order each is run.
import { rows as goals } from './bars.ts';
import { refusal, type Target, targets, type Variant } from './configs.ts';
import { measure, type Result } from './measure.ts';
import type { Subject } from './subjects.ts';
import type { Tools } from './tools.ts';
import { buildWorkload, workloadNames } from './workloads.ts';

export interface Row {
  readonly workload: string;
  readonly target: Target;
  /** Configurations that are run in turn with the plain one, so that what they cost more can be told. */
  readonly variants: readonly Variant[];
}

/** A program with a configuration. */
export interface Entrant {
  readonly subject: Subject;
  readonly variant: Variant;
}

const variantsOf: Readonly<Record<string, readonly Variant[]>> = {
  'message to null': ['tls'],
  'message to file': ['grep', 'file-buffer'],
  'packed to null': ['grep', 'tls'],
  'packed to file': ['file-buffer'],
};

/** All rows, or those that have a bar. */
export function rowsOf(all: boolean): Row[] {
  const every = workloadNames.flatMap((workload) => targets.map((target) => ({ workload, target })));
  return (all ? every : goals).map(({ workload, target }) => {
    const variants = variantsOf[`${workload} to ${target}`] ?? [];
    return { workload, target, variants };
  });
}

export function nameOf({
  workload,
  target,
  variant = 'plain',
}: Pick<Row, 'workload' | 'target'> & { variant?: Variant }): string {
  return `${workload} to ${target}${variant === 'plain' ? '' : `, ${variant}`}`;
}

/** The configurations of a row that the program takes; `say` is told of the others. */
export function entrantsOf(row: Row, subject: Subject, tools: Tools, say: (text: string) => void): Entrant[] {
  const taken = row.variants.filter((variant) => {
    const reason = refusal(tools.folder.path, row.target, variant, subject.root);
    if (reason !== undefined) say(`${nameOf({ ...row, variant })}: the program says: ${reason}`);
    return reason === undefined;
  });
  return [{ subject, variant: 'plain' }, ...taken.map((variant) => ({ subject, variant }))];
}

/** The floor of the row; TLS has one of its own. */
export function floorsOf(row: Row, subject: Subject): Entrant[] {
  const own = row.variants.filter((variant) => variant === 'tls');
  return ['plain' as const, ...own].map((variant) => ({ subject, variant }));
}

export interface RunOptions {
  readonly count: number;
  readonly runs: number;
  readonly tools: Tools;
  readonly failed: (text: string) => void;
}

/**
 * Runs a row with all entrants in turn, A B B A A B, so that what slows the machine for a while slows them all. One that fails is left out.
 * Returns each entrant's runs.
 */
export async function runRow(row: Row, entrants: readonly Entrant[], options: RunOptions): Promise<Result[][]> {
  const { workload: name, target } = row;
  const workload = buildWorkload(name, options.count);
  const runs: Result[][] = entrants.map(() => []);
  const out = new Set<Entrant>();
  for (let run = 0; run < options.runs; run++) {
    // Every other time the other way round: neither is always the one that comes second.
    const turn = [...entrants.entries()];
    for (const [index, entrant] of run % 2 === 0 ? turn : turn.reverse()) {
      if (out.has(entrant)) continue;
      try {
        runs[index]?.push(await measure({ ...entrant, workload, target }, options.tools));
      } catch (error) {
        out.add(entrant);
        runs[index] = [];
        options.failed((error as Error).message);
      }
    }
  }
  return runs;
}

/** The run with the median CPU time, the least and the most of it, and the highest peak of memory. */
export interface Summary extends Result {
  readonly least: number;
  readonly most: number;
}

export function summarize(runs: readonly Result[]): Summary | undefined {
  const sorted = [...runs].sort((a, b) => a.cpu - b.cpu);
  const [middle, first, last] = [sorted[Math.floor(runs.length / 2)], sorted[0], sorted.at(-1)];
  if (middle === undefined || first === undefined || last === undefined) return undefined;
  const peakMegabytes = Math.max(...runs.map((each) => each.peakMegabytes));
  return { ...middle, least: first.cpu, most: last.cpu, peakMegabytes };
}
