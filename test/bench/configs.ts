// The configurations that the collector runs with: where events go, and what else is done with them.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';

export const targets = ['null', 'stdout', 'file'] as const;
export type Target = (typeof targets)[number];

/** The file's name when the load goes to files: the day of all its events. */
export const fileOfLoad = '20231114';

/** What senders prove in the variant `auth`, and where they do. */
export const login = { sharedKey: 'the key of the bench', username: 'bench', password: 'the password of the bench' };
export const provenHost = '127.0.0.2';

/** What stands in the source, between source and output, and in the output; `{folder}` in it is a folder for this run. */
const variants = {
  plain: { source: '', more: '', buffer: '', says: '' },
  grep: {
    source: '',
    // Looked for in the whole text of each event, and found in none: nothing is dropped, so the output can be counted.
    more: '<filter **>\n  @type grep\n  <exclude>\n    key log\n    pattern /connection refused/\n  </exclude>\n</filter>\n',
    buffer: '',
    says: 'with a grep filter for a literal in `log`',
  },
  tls: {
    source: '  <transport tls>\n    insecure true\n  </transport>\n',
    more: '',
    buffer: '',
    says: 'over TLS, encrypted by a process between; `floor` is then a plain server in Node that reads the bytes and counts them',
  },
  auth: {
    source: '',
    more: `<source>
  @type forward
  bind ${provenHost}
  port {port}
  <security>
    self_hostname collector
    shared_key ${login.sharedKey}
    user_auth true
    <user>
      username ${login.username}
      password ${login.password}
    </user>
  </security>
</source>
`,
    buffer: '',
    says: 'with a second listener that asks for a key and a user',
  },
  'file-buffer': {
    source: '',
    more: '',
    buffer:
      '  <buffer time>\n    @type file\n    path {folder}/buffer\n    timekey 1d\n    flush_mode interval\n    flush_interval 1s\n  </buffer>\n',
    says: 'with `<buffer> @type file`, flushed each second',
  },
} as const;

export type Variant = keyof typeof variants;

export function sayOfVariant(variant: Variant): string {
  return variants[variant].says;
}

/** Writes the configuration into `folder`, where the output file goes too; returns its path. */
export function writeConfig(folder: string, port: number, target: Target, variant: Variant): string {
  const { source: inSource, more, buffer } = variants[variant];
  // JSON lines, by day, appended to the file that is looked at.
  const file = `  path ${folder}/*\n  append true\n  <format>\n    @type json\n  </format>\n`;
  const source = `<source>\n  @type forward\n  bind 127.0.0.1\n  port ${port}\n${inSource}</source>\n`;
  const probes = '<match probe.**>\n  @type null\n</match>\n';
  const match = `<match **>\n  @type ${target}\n${target === 'file' ? file : ''}${buffer}</match>\n`;
  const path = join(folder, `${target}-${port}.conf`);
  writeFileSync(
    path,
    (source + more + probes + match).replaceAll('{folder}', folder).replaceAll('{port}', String(port)),
  );
  return path;
}

/** Why the program of the tree `root` does not take the variant's configuration, or undefined where it does. */
export function refusal(folder: string, target: Target, variant: Variant, root = projectRoot): string | undefined {
  const path = writeConfig(folder, 24_224, target, variant);
  const args = [join(root, 'bin', 'forebay.js'), 'check', '-c', path];
  const { status, stdout, stderr } = spawnSync(projectNode(), args, { env: projectEnv(), encoding: 'utf8' });
  if (status === 0) return undefined;
  const [line = ''] = `${stdout}${stderr}`.trim().split('\n');
  return line.replace(/^\S+ error: /, '');
}
