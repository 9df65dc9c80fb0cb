// Programs in process groups of their own: the ones under test and the tools of the bench.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { projectEnv } from '../support/project.ts';
import { requireProgram } from '../support/system.ts';
import type { Place, Subject } from './subjects.ts';

export interface Running {
  readonly pid: number;
  /** How it ended, or undefined while it runs. */
  ended(): string | undefined;
  /** SIGTERM to all that it started, SIGKILL after 10 s. */
  stop(): Promise<void>;
}

/**
 * Spawns the subject in a process group of its own. Its stdout is a pipe into a `cat` that writes the file `out`, when that is what is
 * measured. Who waits for its port, measures, and ends it is the caller.
 */
export function startSubject(subject: Subject, place: Place): Running {
  const [command, args] = subject.command(place);
  const pipe = place.target === 'stdout' ? pipeInto(place.out) : undefined;
  const out = pipe?.fd ?? openSync('/dev/null', 'a');
  const log = openSync(place.log, 'w');
  const runtime = dirname(place.out); // for the control socket
  const env = projectEnv({ PORT: String(place.port), OUT: place.out, TARGET: place.target, XDG_RUNTIME_DIR: runtime });
  const running = runningOf(spawn(command, args, { env, stdio: ['ignore', out, log], detached: true }));
  closeSync(out);
  closeSync(log);
  if (pipe === undefined) return running;
  const stop = async () => {
    await running.stop();
    await pipe.reader.stop();
  };
  return { ...running, stop };
}

/** A pipe (Node's own 'pipe' is a socket) that `cat` reads, into the file `out`. */
function pipeInto(out: string): { fd: number; reader: Running } {
  const path = `${out}.fifo`;
  execFileSync(requireProgram('mkfifo'), [path]);
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // so that the writing end does not wait for a reader
  const fd = openSync(path, 'w');
  const input = openSync(path, 'r');
  const output = openSync(out, 'a');
  const reader = runningOf(spawn('cat', [], { stdio: [input, output, 'inherit'], detached: true }));
  for (const each of [first, input, output]) closeSync(each);
  rmSync(path);
  return { fd, reader };
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

/** Ends the process in order when it is interrupted, so that what runs beside it is ended and what it made goes away. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
}
