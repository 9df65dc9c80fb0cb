// A real Docker engine for tests, started by hand in a temporary folder, and images made without a registry.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
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
  /** Runs the docker client and resolves when it has ended, whatever its exit code. */
  run(args: readonly string[], timeout?: number): Promise<DockerResult>;
  /** As `run`; rejects with stderr where the exit code is not 0. */
  docker(args: readonly string[], timeout?: number): Promise<string>;
  /** Removes containers, ends the engine and all that it started, deletes its folder. May be called twice. */
  stop(): Promise<void>;
}

const busyboxCommands = ['sh', 'cat', 'echo', 'head', 'printf', 'seq', 'sleep', 'tr', 'true', 'yes'] as const;

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
 * Starts the engine with the images hello-world:latest and busybox:latest. No network is set up (containers have the loopback device
 * only): the log driver runs in the engine, so it reaches the host's own addresses, and nothing of the host's network is changed.
 */
export async function startDockerEngine(): Promise<DockerEngine> {
  const temp = tempFolder('docker');
  const folder = temp.path;
  const socket = join(folder, 'docker.sock');
  const host = `unix://${socket}`;
  const args = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', host];
  args.push('--pidfile', join(folder, 'pid'), '--iptables=false', '--ip6tables=false', '--bridge=none');
  args.push('--storage-driver=vfs', '--config-file', join(folder, 'daemon.json'));
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
  const killAtExit = () => child.kill('SIGTERM');
  process.once('exit', killAtExit);
  const run = (commandArgs: readonly string[], timeout = 30_000) => runClient(host, folder, commandArgs, timeout);
  const docker = async (commandArgs: readonly string[], timeout?: number) => {
    const { stdout, stderr, code } = await run(commandArgs, timeout);
    if (code !== 0) throw new Error(`docker ${commandArgs.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= endEngine(child, over, folder, docker).then(() => {
      process.off('exit', killAtExit);
      temp.remove();
    });
    return stopping;
  };
  try {
    await waitUntilOpen(socket, () => ended, 30_000, 50);
    await docker(['version']);
    importImages(host, folder);
  } catch (error) {
    await stop();
    throw new Error(`the engine did not start:\n${log.text.slice(-20).join('\n')}`, { cause: error });
  }
  return { host, run, docker, stop };
}

async function runClient(
  host: string,
  folder: string,
  args: readonly string[],
  timeout: number,
): Promise<DockerResult> {
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: folder };
  const options = { env, timeout, maxBuffer: 64 << 20, killSignal: 'SIGKILL' } as const;
  try {
    const { stdout, stderr } = await promisify(execFile)(requireProgram('docker'), args, options);
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

/** `docker import` of a folder each: no registry, no build. */
function importImages(host: string, folder: string): void {
  const hello = join(folder, 'hello-world');
  mkdirSync(hello);
  writeFileSync(join(folder, 'hello.c'), helloWorld);
  execFileSync(requireProgram('gcc'), ['-Os', '-static', '-s', '-o', join(hello, 'hello'), join(folder, 'hello.c')]);
  const box = join(folder, 'busybox');
  mkdirSync(join(box, 'bin'), { recursive: true });
  cpSync(requireProgram('busybox'), join(box, 'bin', 'busybox'), { dereference: true });
  for (const name of busyboxCommands) symlinkSync('busybox', join(box, 'bin', name));
  for (const [source, change] of [
    [hello, 'CMD ["/hello"]'],
    [box, 'CMD ["sh"]'],
  ] as const) {
    const archive = execFileSync(requireProgram('tar'), ['-C', source, '-c', '.'], { maxBuffer: 64 << 20 });
    const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: folder };
    const args = ['import', '--change', change, '-', `${basename(source)}:latest`];
    execFileSync(requireProgram('docker'), args, {
      input: archive,
      env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
  }
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
