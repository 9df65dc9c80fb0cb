// Where `workers` was lowered, the first process delivers what the others left.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { batchOf, entriesOf, filesIn, noKeys, type OpenedStore, openStore } from './store.ts';

const temp = tempFolder('take-over');
afterAll(() => temp.remove());

/** A store with one chunk of one event. */
async function filled(folder: string, n: number): Promise<OpenedStore> {
  const opened = await openStore(folder, { workers: undefined });
  await opened.store.create(noKeys).append(batchOf(n, 1));
  return opened;
}

async function closed(folder: string, n: number): Promise<void> {
  await (await filled(folder, n)).store.close();
}

const eventsIn = async ({ chunks }: OpenedStore) =>
  (await Promise.all(chunks.map(entriesOf))).map((entries) => entries.toString('hex'));
const eventOf = (n: number) => batchOf(n, 1).entries as Buffer;

test('chunks of processes that are no more are taken over, those of others are not', async () => {
  const folder = join(temp.path, 'lowered');
  await closed(folder, 0);
  for (const n of [1, 2, 3]) await closed(join(folder, `process${n}`), n);
  const two = await openStore(folder, { workers: 2 });
  expect(await eventsIn(two)).toEqual([0, 2, 3].map((n) => eventOf(n).toString('hex')));
  expect(existsSync(join(folder, 'process2'))).toBe(false);
  expect(filesIn(join(folder, 'process1'))).toHaveLength(1);
  await two.store.close();
  const one = await openStore(folder, { workers: 1 });
  expect((await eventsIn(one)).sort()).toEqual([0, 1, 2, 3].map((n) => eventOf(n).toString('hex')).sort());
  await one.store.close();
});

test('a process that is not the first takes nothing over', async () => {
  const folder = join(temp.path, 'second');
  await closed(join(folder, 'process5'), 5);
  const opened = await openStore(folder, { workers: undefined });
  expect(opened.chunks).toEqual([]);
  expect(filesIn(join(folder, 'process5'))).toHaveLength(1);
  await opened.store.close();
});

test('chunks that somebody has open stay, and that is said; the next start takes them', async () => {
  const folder = join(temp.path, 'locked');
  const running = await filled(join(folder, 'process1'), 1);
  const early = await openStore(folder, { workers: 1 });
  expect(early.chunks).toEqual([]);
  expect(early.log.map(({ code }) => code)).toContain('BUFFER_IN_USE');
  await early.store.close();
  await running.store.close();
  const late = await openStore(folder, { workers: 1 });
  expect(await eventsIn(late)).toEqual([eventOf(1).toString('hex')]);
  await late.store.close();
});
