// Starts the real program as a child process on free ports, and ends it again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Lines } from './lines.ts';
import { freePort, type Place, waitUntilOpen } from './ports.ts';
import { projectEnv, projectNode, projectRoot } from './project.ts';
import { tempFolder } from './temp.ts';

export interface StartOptions {
  /** The configuration's text. The words PORT, PORT1, PORT2 … become free ports, DIR the run's temporary folder. */
  readonly config: string;
  /** More arguments behind `-c FILE`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Started through `npm start --silent -- -c FILE` instead of bin/forebay.js. */
  readonly npm?: boolean;
  /** Ports and socket paths to wait for beside the PORTs of the text. Socket paths may begin with DIR. */
  readonly open?: readonly Place[];
  /** Ports for PORT, PORT1 … instead of free ones: to start again where a process was before. */
  readonly ports?: readonly number[];
  /** The file that stdout goes to; without it `stdout` collects the lines. */
  readonly stdoutFile?: string;
}

export interface Forebay {
  /** Of the started process: npm's where it was started through npm. */
  readonly pid: number;
  /** The first of `ports`, or 0. */
  readonly port: number;
  readonly ports: readonly number[];
  /** The run's temporary folder, DIR in the configuration. Gone after stop(). */
  readonly folder: string;
  readonly stdout: Lines;
  readonly stderr: Lines;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `patience` ms; resolves with the exit code when all its output has been read. May be called twice. */
  stop(patience?: number): Promise<number | string>;
}

/** Resolves when every port and socket of the configuration can be connected to; rejects with stderr where it does not get there. */
export async function startForebay(options: StartOptions): Promise<Forebay> {
  const temp = tempFolder('run');
  const { text, ports } = await fill(options.config, temp.path, options.ports ?? []);
  const file = join(temp.path, 'test.conf');
  writeFileSync(file, text);
  const args = ['-c', file, ...(options.args ?? [])];
  const [command, commandArgs] = options.npm
    ? ['npm', ['start', '--silent', '--', ...args]]
    : [projectNode(), [join(projectRoot, 'bin', 'forebay.js'), 'run', ...args]];
  const out = options.stdoutFile === undefined ? 'pipe' : openSync(options.stdoutFile, 'w');
  // A process group of its own, so that what npm starts can be ended with it.
  const child = spawn(command, commandArgs, {
    cwd: projectRoot,
    env: projectEnv({ XDG_RUNTIME_DIR: temp.path, ...options.env }),
    stdio: ['ignore', out, 'pipe'],
    detached: true,
  });
  if (typeof out === 'number') closeSync(out);
  const stdout = new Lines(child.stdout ?? new PassThrough().end().resume());
  const stderr = new Lines(child.stderr ?? new PassThrough().end().resume());
  const exited = exitOf(child);
  let ended: number | string | undefined;
  void exited.then((how) => {
    ended = how;
  });
  const signal = (name: NodeJS.Signals) => signalGroup(child, name);
  const killAtExit = () => {
    signal('SIGKILL');
    temp.remove();
  };
  process.once('exit', killAtExit);
  const stop = async (patience = 40_000) => {
    if (ended === undefined) signal('SIGTERM');
    const timer = setTimeout(() => signal('SIGKILL'), patience);
    const how = await exited;
    clearTimeout(timer);
    signal('SIGKILL');
    process.off('exit', killAtExit);
    temp.remove();
    return how;
  };
  const places = [...ports, ...(options.open ?? [])].map((place) =>
    typeof place === 'string' ? place.replace(/^DIR\b/, temp.path) : place,
  );
  try {
    const gone = () => (ended === undefined ? undefined : `the program ended with ${ended}`);
    for (const place of places) await waitUntilOpen(place, gone);
  } catch (error) {
    await stop(2_000);
    throw new Error(`the program did not start:\n${stderr.text.join('\n')}\n${text}`, { cause: error });
  }
  const port = ports[0] ?? 0;
  return { pid: child.pid ?? 0, port, ports, folder: temp.path, stdout, stderr, exited, signal, stop };
}

async function fill(
  config: string,
  folder: string,
  given: readonly number[],
): Promise<{ text: string; ports: number[] }> {
  const names = [...new Set(config.match(/\bPORT\d*\b/g) ?? [])].sort();
  const ports = new Map<string, number>();
  for (const [index, name] of names.entries()) ports.set(name, given[index] ?? (await freePort()));
  const text = config.replace(/\bPORT\d*\b/g, (name) => String(ports.get(name))).replace(/\bDIR\b/g, folder);
  return { text, ports: [...ports.values()] };
}

/** The exit code or signal, once the output streams are closed too. */
async function exitOf(child: ChildProcess): Promise<number | string> {
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    return error.message;
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs the program to its end, as for `check` or a broken configuration. */
export async function runForebay(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string; readonly timeout?: number } = {},
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const child = spawn(projectNode(), [join(projectRoot, 'bin', 'forebay.js'), ...args], {
    cwd: projectRoot,
    env: projectEnv(options.env ?? {}),
    stdio: 'pipe',
    timeout: options.timeout ?? 15_000,
    killSignal: 'SIGKILL',
  });
  const stdout = new Lines(child.stdout);
  const stderr = new Lines(child.stderr);
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await exitOf(child);
  return { code, stdout: stdout.text.join('\n'), stderr: stderr.text.join('\n') };
}
