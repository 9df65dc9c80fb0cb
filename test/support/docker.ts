// A real Docker engine for tests, started by hand in a temporary folder, and images made without a registry.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addBridge } from './bridge.ts';
import { Lines } from './lines.ts';
import { waitUntilOpen } from './ports.ts';
import { projectEnv } from './project.ts';
import { requireProgram } from './system.ts';
import { tempFolder } from './temp.ts';

export const dockerPrograms = ['dockerd', 'docker', 'containerd', 'runc', 'busybox', 'gcc', 'tar'] as const;

export interface DockerResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface DockerEngine {
  /** The value of DOCKER_HOST. */
  readonly host: string;
  /** For programs that call the engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs the docker client and resolves when it has ended, whatever its exit code. */
  run(args: readonly string[], timeout?: number, env?: Readonly<Record<string, string>>): Promise<DockerResult>;
  /** As `run`; rejects with stderr where the exit code is not 0. */
  docker(args: readonly string[], timeout?: number): Promise<string>;
  /** Makes an image of a folder: no registry, no build. `changes` are Dockerfile instructions. */
  import(folder: string, name: string, changes?: readonly string[]): Promise<void>;
  /** Removes containers, ends the engine and all that it started, deletes its folder. May be called twice. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Containers get addresses, and `-p` works. Without it they have the loopback device only. */
  readonly network?: boolean;
}

const busyboxCommands = ['sh', 'cat', 'echo', 'head', 'nc', 'printf', 'seq', 'sleep', 'tr', 'true', 'yes'] as const;

/** A program that prints what Docker's hello-world image prints. */
const helloWorld = `#include <unistd.h>
static const char text[] =
  "\\nHello from Docker!\\nThis message shows that your installation appears to be working correctly.\\n\\n"
  "To generate this message, Docker took the following steps:\\n"
  " 1. The Docker client contacted the Docker daemon.\\n"
  " 2. The Docker daemon pulled the \\"hello-world\\" image from the Docker Hub.\\n    (amd64)\\n"
  " 3. The Docker daemon created a new container from that image which runs the\\n"
  "    executable that produces the output you are currently reading.\\n"
  " 4. The Docker daemon streamed that output to the Docker client, which sent it\\n    to your terminal.\\n\\n"
  "To try something more ambitious, you can run an Ubuntu container with:\\n $ docker run -it ubuntu bash\\n\\n"
  "Share images, automate workflows, and more with a free Docker ID:\\n https://hub.docker.com/\\n\\n"
  "For more examples and ideas, visit:\\n https://docs.docker.com/get-started/\\n\\n";
int main(void) {
  return write(1, text, sizeof text - 1) == (ssize_t)(sizeof text - 1) ? 0 : 1;
}
`;

/** The lines of the hello-world image, in order. */
export const helloWorldLines: readonly string[] = [...helloWorld.matchAll(/^ {2}"(.*)";?$/gm)]
  .map((match) => JSON.parse(`"${match[1] ?? ''}"`) as string)
  .join('')
  .split('\n')
  .slice(0, -1);

/**
 * Starts the engine with the images hello-world:latest and busybox:latest. Without `network` nothing of the host's network is changed:
 * the log driver runs in the engine, so it reaches the host's own addresses. With it there is one bridge more until stop().
 */
export async function startDockerEngine({ network = false }: EngineOptions = {}): Promise<DockerEngine> {
  const temp = tempFolder('docker');
  const folder = temp.path;
  const socket = join(folder, 'docker.sock');
  const host = `unix://${socket}`;
  const args = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', host];
  args.push('--pidfile', join(folder, 'pid'), '--iptables=false', '--ip6tables=false');
  args.push(`--storage-driver=${storageDriver(folder)}`, '--config-file', join(folder, 'daemon.json'));
  const bridge = network ? addBridge() : undefined;
  args.push(...(bridge === undefined ? ['--bridge=none'] : bridge.flags));
  writeFileSync(join(folder, 'daemon.json'), '{}');
  const child = spawn(requireProgram('dockerd'), args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: projectEnv(),
  });
  const log = new Lines(child.stderr);
  let ended: string | undefined;
  const over = once(child, 'exit').then(([code, signal]) => {
    ended = `dockerd ended with ${code ?? signal}`;
  });
  const killAtExit = () => {
    child.kill('SIGTERM');
    bridge?.remove();
  };
  process.once('exit', killAtExit);
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: folder };
  const run = (commandArgs: readonly string[], timeout = 30_000, more: Readonly<Record<string, string>> = {}) =>
    runProgram('docker', commandArgs, { env: { ...env, ...more }, timeout });
  const docker = async (commandArgs: readonly string[], timeout?: number) => {
    const { stdout, stderr, code } = await run(commandArgs, timeout);
    if (code !== 0) throw new Error(`docker ${commandArgs.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= endEngine(child, over, folder, docker).then(() => {
      process.off('exit', killAtExit);
      bridge?.remove();
      temp.remove();
    });
    return stopping;
  };
  const importFolder = async (source: string, name: string, changes: readonly string[] = []) => {
    const archive = join(folder, 'import.tar');
    execFileSync(requireProgram('tar'), ['-C', source, '-cf', archive, '.']);
    await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, name], 60_000);
    rmSync(archive);
  };
  try {
    await waitUntilOpen(socket, () => ended, 30_000, 50);
    await docker(['version']);
    await importOwnImages(folder, importFolder);
  } catch (error) {
    await stop();
    throw new Error(`the engine did not start:\n${log.text.slice(-20).join('\n')}`, { cause: error });
  }
  return { host, env, run, docker, import: importFolder, stop };
}

/** vfs works everywhere and copies every layer whole; overlay2 builds an image in a tenth of the time, where it can be mounted. */
function storageDriver(folder: string): 'overlay2' | 'vfs' {
  const [lower = '', upper = '', work = '', merged = ''] = ['lower', 'upper', 'work', 'merged'].map((name) => {
    const path = join(folder, 'overlay', name);
    mkdirSync(path, { recursive: true });
    return path;
  });
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  try {
    execFileSync(requireProgram('mount'), ['-t', 'overlay', '-o', layers, 'overlay', merged], { stdio: 'ignore' });
  } catch {
    return 'vfs';
  }
  execFileSync(requireProgram('umount'), [merged]);
  return 'overlay2';
}

/** Runs a program of the system and resolves when it has ended, whatever its exit code. */
export async function runProgram(
  name: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly timeout: number; readonly cwd?: string },
): Promise<DockerResult> {
  const settings = { ...options, maxBuffer: 64 << 20, killSignal: 'SIGKILL' } as const;
  try {
    const { stdout, stderr } = await promisify(execFile)(requireProgram(name), args, settings);
    return { stdout, stderr, code: 0 };
  } catch (error) {
    const { stdout, stderr, code, message } = error as {
      stdout?: string;
      stderr?: string;
      code?: unknown;
      message: string;
    };
    return { stdout: stdout ?? '', stderr: stderr || message, code: typeof code === 'number' ? code : -1 };
  }
}

async function importOwnImages(folder: string, importFolder: DockerEngine['import']): Promise<void> {
  const hello = join(folder, 'hello-world');
  mkdirSync(hello);
  writeFileSync(join(folder, 'hello.c'), helloWorld);
  execFileSync(requireProgram('gcc'), ['-Os', '-static', '-s', '-o', join(hello, 'hello'), join(folder, 'hello.c')]);
  await importFolder(hello, 'hello-world:latest', ['CMD ["/hello"]']);
  const box = join(folder, 'busybox');
  addBusybox(box, busyboxCommands);
  await importFolder(box, 'busybox:latest', ['CMD ["sh"]']);
}

/** Debian's static busybox in `folder`/bin, with links of the commands' names. */
export function addBusybox(folder: string, commands: readonly string[]): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  cpSync(requireProgram('busybox'), join(folder, 'bin', 'busybox'), { dereference: true });
  for (const name of commands) symlinkSync('busybox', join(folder, 'bin', name));
}

async function endEngine(
  child: ChildProcess,
  over: Promise<void>,
  folder: string,
  docker: (args: readonly string[]) => Promise<string>,
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const left = await docker(['ps', '-aq']).catch(() => '');
    if (left !== '') await docker(['rm', '-f', ...left.split('\n')]).catch(() => '');
    // Its bridges would stay behind.
    await docker(['network', 'prune', '-f']).catch(() => '');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await over;
    clearTimeout(timer);
  }
  // dockerd ends its own containerd; where dockerd was killed it could not.
  try {
    process.kill(Number(readFileSync(join(folder, 'exec', 'containerd', 'containerd.pid'), 'utf8')), 'SIGTERM');
  } catch {
    // it has ended
  }
  for (const point of mountsBelow(folder)) execFileSync(requireProgram('umount'), ['--lazy', point]);
}

function mountsBelow(folder: string): string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  return points.sort().reverse();
}
