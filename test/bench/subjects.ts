// The programs that take the load: the collector of this tree, the floor, and any peer that a command starts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { askControl } from '../../src/engine/control-client.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import type { Tools } from './tools.ts';
import { outputOf, type Workload } from './workloads.ts';

export const targets = ['null', 'stdout', 'file'] as const;
export type Target = (typeof targets)[number];

/** One start of a subject: where it listens and where its output goes. */
export interface Place {
  readonly port: number;
  readonly target: Target;
  readonly workload: Workload;
  /** What it prints; for the target null the bench makes no use of it. */
  readonly out: string;
  readonly log: string;
}

export interface Subject {
  readonly name: string;
  /** The output is known to the byte and is there before the ack. */
  readonly exact: boolean;
  /** Where it can say itself how many events its outputs took. */
  readonly taken?: (pid: number, place: Place) => Promise<number>;
  readonly command: (place: Place) => readonly [string, readonly string[]];
}

const outputCounter = 'forebay_output_events_total';

export function forebay(tools: Tools): Subject {
  return {
    name: 'forebay',
    exact: true,
    taken: async (pid, place) => {
      const answer = await askControl(join(dirname(place.out), 'forebay', `${pid}.sock`), { op: 'health' });
      if (!answer.ok) throw new Error(`its control socket: ${answer.error}`);
      const counters = answer.body['counters'] as { readonly name: string; readonly value: number }[];
      return counters.filter((each) => each.name === outputCounter).reduce((sum, each) => sum + each.value, 0);
    },
    command: ({ port, target, out }) => {
      const config = join(tools.folder.path, `${target}-${port}.conf`);
      writeFileSync(
        config,
        `<source>\n  @type forward\n  bind 127.0.0.1\n  port ${port}\n</source>\n<match **>\n  @type ${target}\n${target === 'file' ? toFile(out) : ''}</match>\n`,
      );
      return [projectNode(), [join(projectRoot, 'bin', 'forebay.js'), 'run', '-c', config]];
    },
  };
}

/** The file's name when the load goes to files: the day of all its events. */
export const fileOfLoad = '20231114';

/** JSON lines, by day, appended to the file that is looked at. */
function toFile(out: string): string {
  return `  path ${dirname(out)}/*\n  append true\n  <format>\n    @type json\n  </format>\n`;
}

/** Reads the same bytes and writes as many, and understands nothing. */
export function floor(tools: Tools): Subject {
  return {
    name: 'floor',
    exact: false,
    command: ({ port, target, workload, out }) => {
      // Whole lines of one length, so that they can be counted: a few bytes less than the collector writes.
      const line = Math.floor(outputOf(workload, target).bytes / workload.events);
      const numbers = [port, workload.inputBytes, line * workload.events, line].map(String);
      const ack = Buffer.from(workload.ack).toString('hex');
      return [tools.sink, [...numbers, ack, ...(target === 'null' ? [] : [out])]];
    },
  };
}

/**
 * Another program, from `NAME=COMMAND` on the command line. `{port}`, `{out}` and `{target}` in the command, and PORT, OUT and TARGET in
 * its environment, say where to listen, where to write, and whether events are to be dropped (null), printed (stdout: its own stdout
 * goes to OUT) or written to the file OUT as JSON lines (file).
 */
export function peer(definition: string): Subject {
  const [, name, command] = /^([\w.-]+)=(.+)$/s.exec(definition) ?? [];
  if (name === undefined || command === undefined) throw new Error(`--peer takes NAME=COMMAND, not ${definition}`);
  return {
    name,
    exact: false,
    command: ({ port, target, out }) => {
      const values: Readonly<Record<string, string>> = { port: String(port), out, target };
      return ['sh', ['-c', command.replace(/\{(port|out|target)\}/g, (_, key: string) => values[key] ?? '')]];
    },
  };
}

export interface Running {
  readonly pid: number;
  /** How it ended, or undefined while it runs. */
  ended(): string | undefined;
  /** SIGTERM to all that it started, SIGKILL after 10 s. */
  stop(): Promise<void>;
}

/** Spawns the subject in a process group of its own. Who waits for its port, measures, and ends it is the caller. */
export function startSubject(subject: Subject, place: Place): Running {
  const [command, args] = subject.command(place);
  const out = openSync(place.target === 'stdout' ? place.out : '/dev/null', 'a');
  const log = openSync(place.log, 'w');
  const runtime = dirname(place.out); // for the control socket
  const env = projectEnv({ PORT: String(place.port), OUT: place.out, TARGET: place.target, XDG_RUNTIME_DIR: runtime });
  const child = spawn(command, args, { env, stdio: ['ignore', out, log], detached: true });
  closeSync(out);
  closeSync(log);
  return runningOf(child);
}

export function runningOf(child: ChildProcess): Running {
  let ended: string | undefined;
  const over = once(child, 'exit').then(
    ([code, signal]) => {
      ended = `ended with ${code ?? signal}`;
    },
    (error: Error) => {
      ended = error.message;
    },
  );
  const kill = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // all of the group is gone
    }
  };
  const killAtExit = () => kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    kill('SIGTERM');
    const timer = setTimeout(() => kill('SIGKILL'), 10_000);
    await over;
    clearTimeout(timer);
    kill('SIGKILL');
    process.off('exit', killAtExit);
  };
  return { pid: child.pid ?? 0, ended: () => ended, stop };
}
