// Runs the containers of a Kubernetes pod with an engine, as its manifest says. Of the manifest it knows what examples/sidecar uses, and
// throws where a container asks for more.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DockerEngine } from './docker.ts';
import { requireProgram } from './system.ts';

interface ConfigMap {
  readonly kind: 'ConfigMap';
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

interface Pod {
  readonly kind: 'Pod';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
  };
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly emptyDir?: object;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly restartPolicy?: string;
  readonly startupProbe?: { readonly exec: { readonly command: readonly string[] }; readonly failureThreshold: number };
  readonly securityContext: {
    readonly runAsUser: number;
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

const known = ['name', 'image', 'imagePullPolicy', 'command', 'restartPolicy', 'startupProbe', 'securityContext'];
known.push('resources', 'volumeMounts');

/** Starts what `file` says, each container under its own name. `folder` takes the files of its ConfigMaps. Resolves with the names. */
export async function startPod(engine: DockerEngine, file: string, folder: string): Promise<readonly string[]> {
  const documents = readYaml(file);
  const pod = documents.find((each): each is Pod => each.kind === 'Pod');
  if (pod === undefined) throw new Error(`${file} has no pod`);
  const maps = documents.filter((each): each is ConfigMap => each.kind === 'ConfigMap');
  // What Kubernetes calls the pause container: it has the network that the others share.
  const sandbox = `pod-${pod.metadata.name}`;
  await engine.docker(['run', '-d', '--name', sandbox, 'busybox', 'sleep', '600']);
  const { initContainers, containers, volumes } = pod.spec;
  for (const container of [...initContainers, ...containers]) {
    const unknown = Object.keys(container).filter((key) => !known.includes(key));
    if (unknown.length > 0) throw new Error(`${container.name}: nothing is known of ${unknown.join(', ')}`);
    const mounts = (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly = false }) => {
      const volume = volumes.find((each) => each.name === name);
      return mountFlags(volume, mountPath, readOnly, maps, folder);
    });
    const flags = [
      '--name',
      container.name,
      '--network',
      `container:${sandbox}`,
      ...securityFlags(container),
      ...mounts,
    ];
    const [entrypoint = '', ...args] = container.command ?? [];
    if (entrypoint !== '') flags.push('--entrypoint', entrypoint);
    await engine.docker(['run', '-d', ...flags, container.image, ...args]);
    await untilStarted(engine, container);
  }
  return [...initContainers, ...containers].map(({ name }) => name);
}

function securityFlags({ securityContext: context }: Container): string[] {
  const flags = ['--user', String(context.runAsUser)];
  if (context.readOnlyRootFilesystem) flags.push('--read-only');
  if (!context.allowPrivilegeEscalation) flags.push('--security-opt', 'no-new-privileges');
  return [...flags, ...context.capabilities.drop.flatMap((name) => ['--cap-drop', name])];
}

function mountFlags(
  volume: Volume | undefined,
  path: string,
  readOnly: boolean,
  maps: readonly ConfigMap[],
  folder: string,
): string[] {
  if (volume?.emptyDir !== undefined) return ['--mount', `type=tmpfs,destination=${path},tmpfs-mode=0777`];
  const map = maps.find(({ metadata }) => metadata.name === volume?.configMap?.name);
  if (map === undefined || volume === undefined) throw new Error(`nothing is known of the volume at ${path}`);
  const source = join(folder, volume.name);
  mkdirSync(source);
  for (const [name, text] of Object.entries(map.data)) writeFileSync(join(source, name), text);
  return ['--volume', `${source}:${path}${readOnly ? ':ro' : ''}`];
}

/** A sidecar is there when its probe says so; only then the next container may start. */
async function untilStarted(engine: DockerEngine, { name, startupProbe }: Container): Promise<void> {
  for (let failures = 0; startupProbe !== undefined; failures++) {
    const { code, stderr, stdout } = await engine.run(['exec', name, ...startupProbe.exec.command]);
    if (code === 0) return;
    if (failures >= startupProbe.failureThreshold) throw new Error(`${name} did not start: ${stdout}${stderr}`);
    await delay(200);
  }
}

/** Python's YAML comes with Debian's docker-compose. */
function readYaml(file: string): readonly (Pod | ConfigMap)[] {
  const script = 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))';
  const json = execFileSync(requireProgram('python3'), ['-c', script], { input: readFileSync(file), encoding: 'utf8' });
  return JSON.parse(json) as readonly (Pod | ConfigMap)[];
}
