// Builds the project's image in an engine of the tests, without a network: the images it begins with are made from this machine's files.
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { addBusybox, type DockerEngine, dockerPrograms } from './docker.ts';
import { projectEnv, projectNode, projectRoot } from './project.ts';
import { requireProgram } from './system.ts';
import { tempFolder } from './temp.ts';

export const imagePrograms = [...dockerPrograms, 'bash', 'docker-proxy', 'ldd'] as const;

/** What docker/Dockerfile and those who look into a container call. */
const commands = [
  'sh',
  'cat',
  'chmod',
  'chown',
  'cp',
  'echo',
  'grep',
  'id',
  'ln',
  'ls',
  'mkdir',
  'sleep',
  'true',
] as const;

/** Makes the image `forebay` of the built tree. */
export async function buildImage(engine: DockerEngine): Promise<void> {
  const temp = tempFolder('image');
  try {
    const [build, runtime] = baseNames();
    await engine.import(addBase(join(temp.path, 'runtime')), runtime);
    const withNode = addBase(join(temp.path, 'build'));
    copyInto(withNode, projectNode(), '/usr/local/bin/node');
    await engine.import(withNode, build);
    const context = join(temp.path, 'context');
    const script = join(projectRoot, 'docker', 'offline.sh');
    await promisify(execFile)(requireProgram('bash'), [script, context], { env: projectEnv() });
    const args = ['build', '--network', 'none', '-t', 'forebay', '-f', join(context, 'docker', 'Dockerfile'), context];
    // BuildKit takes a third of the time; where the client lacks it the old builder has to do, and either must work.
    const quick = await engine.run(args, 120_000, { DOCKER_BUILDKIT: '1' });
    if (quick.code !== 0) await engine.docker(args, 180_000);
  } finally {
    temp.remove();
  }
}

/** The names behind FROM: of the image that builds, and of the one that runs. */
function baseNames(): [build: string, runtime: string] {
  const text = readFileSync(join(projectRoot, 'docker', 'Dockerfile'), 'utf8');
  const names = [...text.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name ?? '');
  const [build, runtime] = names;
  if (build === undefined || runtime === undefined || names.length !== 2) {
    throw new Error(`docker/Dockerfile begins with ${names.length} images, not 2`);
  }
  return [build, runtime];
}

/** A root file system with busybox and the libraries that the project's Node is linked to. */
function addBase(folder: string): string {
  addBusybox(folder, commands);
  for (const name of ['etc', 'run', 'usr/bin', 'usr/local/bin']) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync('/bin/busybox', join(folder, 'usr/bin/env'));
  mkdirSync(join(folder, 'tmp'));
  execFileSync(requireProgram('busybox'), ['chmod', '1777', join(folder, 'tmp')]);
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\n');
  const libraries = execFileSync(requireProgram('ldd'), [projectNode()], { encoding: 'utf8' });
  for (const [path] of libraries.matchAll(/\/\S+/g)) {
    if (existsSync(path)) copyInto(folder, path, path);
  }
  return folder;
}

function copyInto(folder: string, from: string, to: string): void {
  mkdirSync(join(folder, dirname(to)), { recursive: true });
  copyFileSync(from, join(folder, to));
}
