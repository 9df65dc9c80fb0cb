// Only one has the chunks of a folder: in one process, of two, and after one that was killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type FolderLock, lockFolder } from '../../src/chunks/folder-lock.ts';
import { Lines } from '../support/lines.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { makeStore, openStore } from './store.ts';

const temp = tempFolder('lock');
afterAll(() => temp.remove());

test('a store whose folder another one has does not open, and says who has it', async () => {
  const folder = join(temp.path, 'two');
  const first = await openStore(folder);
  const second = makeStore(folder);
  await expect(second.store.open()).rejects.toMatchObject({
    code: 'BUFFER_IN_USE',
    fields: { path: folder, holder: 'another output of this configuration' },
  });
  await first.store.close();
  const third = await openStore(folder);
  await third.store.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a process that was killed holds nothing, one that lives does', async () => {
  const folder = join(temp.path, 'killed');
  const args = [join(projectRoot, 'test', 'chunks', 'feeder.ts'), folder, 'none', 'none', '0', '1000000'];
  const child = spawn(projectNode(), args, { stdio: ['ignore', 'pipe', 'inherit'], env: projectEnv() });
  try {
    await new Lines(child.stdout).waitForCount(1);
    await expect(makeStore(folder).store.open()).rejects.toMatchObject({
      code: 'BUFFER_IN_USE',
      fields: { holder: `process ${child.pid}` },
    });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  const { store } = await openStore(folder);
  await store.close();
});

test('of many that want it at once one gets it, whatever lies there, in a folder with a long name', async () => {
  for (const before of ['nothing', 'rubbish']) {
    const folder = join(temp.path, before.padEnd(120, 'x'));
    mkdirSync(folder);
    if (before === 'rubbish') {
      writeFileSync(join(folder, '.lock'), 'rubbish');
    }
    const got = await Promise.all(Array.from({ length: 10 }, () => lockFolder(folder, '.lock')));
    const locks = got.filter((lock): lock is FolderLock => typeof lock !== 'string');
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
    await locks[0]?.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});
