// Where figures come from: machine, Node, commit, command.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { projectNode, projectRoot } from '../support/project.ts';

export interface Provenance {
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
  readonly command: string;
  readonly date: string;
  /** Processes that wanted a core in the last minute: what else ran on the machine when the run began. */
  readonly load: number;
}

export function provenance(script: string, args: readonly string[]): Provenance {
  const cores = cpus();
  return {
    machine: `${cores[0]?.model.trim() ?? 'unknown processor'}, ${cores.length} cores, ${process.platform} ${process.arch}`,
    node: execFileSync(projectNode(), ['--version'], { encoding: 'utf8' }).trim(),
    commit: commit(),
    command: [`npm run ${script}`, ...(args.length > 0 ? ['--', ...args.map(quote)] : [])].join(' '),
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0] ?? 0,
  };
}

export function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** Whether the program differs from its last commit. */
export function isChanged(): boolean {
  return (
    git('status', '--porcelain', '--', 'src', 'bin', 'package.json', 'build-wasm.ts', 'vite.program.config.ts') !== ''
  );
}

function commit(): string {
  try {
    return git('rev-parse', '--short', 'HEAD') + (isChanged() ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

function quote(arg: string): string {
  return /^[\w./:=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

/** Above it other programs were at work beside the bench. */
const busy = 1.5;

export function head(from: Provenance): string {
  return [
    `Machine: ${from.machine}  `,
    `Load when the run began: ${from.load.toFixed(1)}${from.load > busy ? ': other programs took their share, and figures are higher for it' : ''}  `,
    `Node: ${from.node}  `,
    `Commit: ${from.commit}, ${from.date}  `,
    `Command: \`${from.command}\``,
  ].join('\n');
}
