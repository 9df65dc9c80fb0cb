// The real program at the path of a buffer that Fluentd left: what was in it comes out to the byte, and its files go only then.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { runForebay, startForebay } from '../support/forebay.ts';
import { capturesFolder } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { filesIn } from './store.ts';

const temp = tempFolder('left');
afterAll(() => temp.remove());

const source = '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n';

test.each(['file', 'gz'])('text that was formatted already becomes the file (fluentd-buffer-%s)', async (name) => {
  const folder = join(temp.path, name);
  cpSync(join(capturesFolder, `fluentd-buffer-${name}`), join(folder, 'buffer'), { recursive: true });
  const [chunk = ''] = filesIn(join(folder, 'buffer'));
  const stored = readFileSync(join(folder, 'buffer', chunk));
  const keys = name === 'file' ? 'time,tag' : '[]';
  const path = name === 'file' ? `${folder}/out/\${tag}.%Y%m%d` : `${folder}/out/gz`;
  const buffer = `<buffer ${keys}>\n@type file\npath ${folder}/buffer\n${name === 'file' ? 'timekey 1d\n' : ''}</buffer>`;
  const forebay = await startForebay({
    config: `${source}<match **>\n@type file\npath ${path}\n${buffer}\n</match>\n`,
  });
  while (filesIn(join(folder, 'buffer')).length > 0) {
    await delay(50);
  }
  expect(await forebay.stop()).toBe(0);
  const files = readdirSync(join(folder, 'out'));
  expect(files).toHaveLength(1);
  expect(files[0]).toMatch(name === 'file' ? /^file\.web\.20231114_0\.log$/ : /^gz/);
  const written = readFileSync(join(folder, 'out', files[0] ?? ''));
  expect(written.equals(name === 'gz' ? gunzipSync(stored) : stored)).toBe(true);
});

test('an output that cannot write it says which chunk, and the program does not start', async () => {
  const folder = join(temp.path, 'refused');
  mkdirSync(folder);
  cpSync(join(capturesFolder, 'fluentd-buffer-gz'), join(folder, 'buffer'), { recursive: true });
  const config = join(folder, 'a.conf');
  writeFileSync(
    config,
    `<match **>\n@type torture\nport 1\n<buffer tag>\n@type file\npath ${folder}/buffer\n</buffer>\n</match>\n`,
  );
  const plugins = join(import.meta.dirname, '..', 'plugins');
  const { code, stderr } = await runForebay(['run', '-c', config, '-p', plugins]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('BUFFER_FLUENTD_REFUSED');
  expect(existsSync(join(folder, 'buffer'))).toBe(true);
  expect(filesIn(join(folder, 'buffer'))).toHaveLength(2);
});
