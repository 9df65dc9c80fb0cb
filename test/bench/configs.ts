// The configurations that the collector runs with: where events go, and what else is done with them.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';

export const targets = ['null', 'stdout', 'file'] as const;
export type Target = (typeof targets)[number];

/** The file's name when the load goes to files: the day of all its events. */
export const fileOfLoad = '20231114';

/** What is in the configuration beside source and output; `{folder}` in it is a folder for this run. */
const variants = {
  plain: { filter: '', buffer: '', says: '' },
  grep: {
    // Looked for in the whole text of each event, and found in none: nothing is dropped, so the output can be counted.
    filter:
      '<filter **>\n  @type grep\n  <exclude>\n    key log\n    pattern /connection refused/\n  </exclude>\n</filter>\n',
    buffer: '',
    says: 'with a grep filter for a literal in `log`',
  },
  'file-buffer': {
    filter: '',
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
  const { filter, buffer } = variants[variant];
  // JSON lines, by day, appended to the file that is looked at.
  const file = `  path ${folder}/*\n  append true\n  <format>\n    @type json\n  </format>\n`;
  const source = `<source>\n  @type forward\n  bind 127.0.0.1\n  port ${port}\n</source>\n`;
  const probes = '<match probe.**>\n  @type null\n</match>\n';
  const match = `<match **>\n  @type ${target}\n${target === 'file' ? file : ''}${buffer}</match>\n`;
  const path = join(folder, `${target}-${port}.conf`);
  writeFileSync(path, (source + filter + probes + match).replaceAll('{folder}', folder));
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
