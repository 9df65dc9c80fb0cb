// The table of a run, for the terminal and for RESULTS.md, and where the figures come from.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { projectNode, projectRoot } from '../support/project.ts';
import type { IdleResult } from './idle.ts';
import type { Result } from './measure.ts';

export interface Provenance {
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
  readonly command: string;
  readonly date: string;
}

export function provenance(args: readonly string[]): Provenance {
  const cores = cpus();
  return {
    machine: `${cores[0]?.model.trim() ?? 'unknown processor'}, ${cores.length} cores, ${process.platform} ${process.arch}`,
    node: execFileSync(projectNode(), ['--version'], { encoding: 'utf8' }).trim(),
    commit: commit(),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args.map(quote)] : [])].join(' '),
    date: new Date().toISOString().slice(0, 10),
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8', stdio: 'pipe' }).trim();
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--', 'src', 'bin') === '' ? '' : ' with changes')
    );
  } catch {
    return 'unknown';
  }
}

function quote(arg: string): string {
  return /^[\w./:=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

export function head(from: Provenance): string {
  return [
    `Machine: ${from.machine}  `,
    `Node: ${from.node}  `,
    `Commit: ${from.commit}, ${from.date}  `,
    `Command: \`${from.command}\``,
  ].join('\n');
}

export function loadTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.workload,
    result.target,
    result.subject,
    result.cpu.toFixed(3),
    Math.round(result.rate).toLocaleString('en-US'),
    result.peakMegabytes.toFixed(0),
    result.startCpu.toFixed(2),
    result.counted === undefined ? `${result.events} sent, acked` : `${result.counted} of ${result.events}`,
  ]);
  return table(
    ['workload', 'to', 'program', 'CPU s per 1 M events', 'events/s', 'peak MB', 'CPU s to start', 'counted'],
    rows,
  );
}

export function idleTable(idle: IdleResult): string {
  return table(
    ['idle, with the test.conf of the first run', 'figure'],
    [
      ['start to port open, median of 10', `${idle.openMilliseconds.toFixed(0)} ms (${idle.openSpread})`],
      ['memory 2 s after the start', `${idle.idleMegabytes.toFixed(1)} MB`],
      ...idle.rounds.map((round, index) => [
        `after ${round.connections.toLocaleString('en-US')} connections${index === 0 ? '' : ' more'}`,
        `${round.descriptors} open descriptors (before: ${idle.descriptors}), ${round.megabytes.toFixed(1)} MB, ${round.counted} of ${round.sent} events`,
      ]),
    ],
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
