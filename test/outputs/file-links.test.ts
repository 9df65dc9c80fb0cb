// The link to the newest file: where it leads as files come and go, and what it never replaces.
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { inZone } from '../formatters/harness.ts';
import { lines, startFile, type TestFile } from './file-harness.ts';

const started: TestFile[] = [];

async function start(body: string): Promise<TestFile> {
  const file = await startFile(body);
  started.push(file);
  return file;
}

afterEach(async () => {
  for (const file of started.splice(0)) {
    await file.stop();
    file.remove();
  }
});

const day = 86_400;
const evening = 1_700_006_390; // 23:59:50 UTC
const link = (file: TestFile, name = 'current') => readlinkSync(join(file.folder, name)).replace(file.folder, 'DIR');

describe('symlink_path', () => {
  test('leads to the file of the newest time, also when late events open another', async () => {
    await inZone('UTC', async () => {
      const file = await start('path DIR/app\nsymlink_path DIR/current');
      await file.send('t', evening, 1);
      expect(link(file)).toBe('DIR/app.20231114_0.log');
      await file.send('t', evening + day, 2);
      expect(link(file)).toBe('DIR/app.20231115_0.log');
      await file.send('t', evening - day, 3);
      expect(link(file)).toBe('DIR/app.20231115_0.log');
      file.output.flush?.();
      await file.send('t', evening + day, 4);
      expect(link(file)).toBe('DIR/app.20231115_1.log');
      expect(readFileSync(join(file.folder, 'current'), 'utf8')).toBe(lines(4));
      expect(readdirSync(file.folder).filter((name) => name.includes('.new'))).toEqual([]);
    });
  });

  test('has placeholders, whose values lead nowhere else', async () => {
    const file = await start(
      `path DIR/log/$\{tag}\nsymlink_path DIR/link/$\{tag}\nsymlink_path_use_relative true\n<buffer tag>\n</buffer>`,
    );
    await file.send('a/b', 1, 1);
    await file.send('../../../x', 1, 2);
    expect(link(file, 'link/a/b')).toBe('../../log/a/b_0.log');
    expect(readFileSync(join(file.folder, 'link/a/b'), 'utf8')).toBe(lines(1));
    expect(readdirSync(join(file.folder, '..'))).toEqual(['data']);
    expect(readdirSync(join(file.folder, 'link')).sort()).toEqual(['%2E%2E', 'a']);
  });

  test('replaces a link, and leaves a file and a folder alone; events are written either way', async () => {
    const file = await start(`path DIR/$\{tag}\nsymlink_path DIR/$\{tag}.now\n<buffer tag>\n</buffer>`);
    mkdirSync(join(file.folder, 'c.now'), { recursive: true });
    symlinkSync('/nowhere', join(file.folder, 'a.now'));
    writeFileSync(join(file.folder, 'b.now'), 'mine');
    for (const tag of ['a', 'b', 'c']) {
      await file.send(tag, 1, 1);
    }
    expect(link(file, 'a.now')).toBe('DIR/a_0.log');
    expect(readFileSync(join(file.folder, 'b.now'), 'utf8')).toBe('mine');
    expect(lstatSync(join(file.folder, 'c.now')).isDirectory()).toBe(true);
    expect(file.files()).toMatchObject({ 'a_0.log': lines(1), 'b_0.log': lines(1), 'c_0.log': lines(1) });
    const said = file.context.logged.map(({ msg }) => msg);
    expect(said.filter((msg) => msg.includes('what is there is no link'))).toHaveLength(2);
  });

  test('follows a folder that events name only where it is no link', async () => {
    const file = await start(`path DIR/$\{tag}/x\nsymlink_path DIR/l/$\{tag}/now\n<buffer tag>\n</buffer>`);
    mkdirSync(join(file.folder, 'l'), { recursive: true });
    mkdirSync(join(file.folder, 'elsewhere'));
    symlinkSync('../elsewhere', join(file.folder, 'l', 'a'));
    await file.send('a', 1, 1);
    expect(readdirSync(join(file.folder, 'elsewhere'))).toEqual([]);
    expect(file.files()).toEqual({ 'a/x_0.log': lines(1) });
  });
});
