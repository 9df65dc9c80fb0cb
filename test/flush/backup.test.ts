// The backup folder: what is in it, whose it is, and what becomes of chunks that cannot go there.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { decodeMulti } from '@msgpack/msgpack';
import { pino } from 'pino';
import { afterAll, expect, test, vi } from 'vitest';
import memory from '../../src/buffers/memory.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { ChunkBackup } from '../../src/flush/backup.ts';
import { tempFolder } from '../support/temp.ts';
import { batchOf, begin, running, start, testOutputs } from './harness.ts';

const temp = tempFolder('backup');
afterAll(() => temp.remove());

const batches = [batchOf('a', [[begin, { n: 1 }]]), batchOf('b', [[begin, { n: 2 }]])];
const store = memory.create(
  {
    ...{ id: 'x', log: pino({ level: 'silent' }), counters: new Counters(), clock: systemClock },
    ...{ hostname: '', workerId: 0, stdout: new StreamWriter(new PassThrough()) },
  },
  { compress: 'gzip' },
);
const chunk = store.create({ timekey: undefined, tag: undefined, variables: new Map() });
for (const batch of batches) {
  void chunk.append(batch);
}
await chunk.seal();

test('a file holds messages of the forward protocol, for nobody but its owner, in a folder with a harmless name', async () => {
  const backup = new ChunkBackup({ root: temp.path, workerId: 0, id: '../a b/c' });
  const path = await backup.write(chunk);
  expect(path).toBe(join(temp.path, 'backup', 'worker0', '.._a_b_c', `${chunk.id}.log`));
  expect([...decodeMulti(readFileSync(path))]).toEqual(
    batches.map(({ tag, entries }) => [tag.text, Buffer.from(entries)]),
  );
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(backup.folder)).toHaveLength(1);
});

test('a folder for temporary files in which somebody has laid a trap is not used', async () => {
  const folder = join(temp.path, 'tmp');
  mkdirSync(folder);
  vi.stubEnv('TMPDIR', folder);
  const own = join(folder, `forebay-${process.getuid?.() ?? 0}`);
  const backup = () => new ChunkBackup({ root: undefined, workerId: 0, id: 'x' }).write(chunk);
  symlinkSync(temp.path, own);
  await expect(backup()).rejects.toThrow('a link');
  rmSync(own);
  expect(await backup()).toContain(own);
  vi.unstubAllEnvs();
});

test('what cannot go to the backup folder is not given up', async () => {
  const root = join(temp.path, 'no-folder');
  writeFileSync(root, 'a file stands in the way');
  let down = true;
  const tests = testOutputs(() => (down ? new Error('down') : undefined));
  const config =
    '<match **>\n@type primary\n<buffer tag>\nretry_max_times 1\nretry_randomize false\n</buffer>\n</match>';
  const run = running(await start(config, tests, root));
  await run.output.emit(batchOf('a', [[begin, { n: 1 }]]));
  run.output.flush();
  await tests.clock.go(10_000);
  expect(run.logged.some(({ code }) => code === 'BUFFER_BACKUP_FAILED')).toBe(true);
  expect(run.output.state.flusher.queued).toHaveLength(1);
  down = false;
  await tests.clock.go(10_000);
  expect(tests.writes.at(-1)).toMatchObject({ fails: false, records: 1 });
  await run.output.stop(AbortSignal.abort());
});

test('with disable_chunk_backup what is given up in memory is lost, counted and said', async () => {
  const tests = testOutputs(() => new Error('down'));
  const config =
    '<match **>\n@type primary\n@id p\n<buffer tag>\nretry_max_times 1\ndisable_chunk_backup true\n</buffer>\n</match>';
  const run = running(await start(config, tests, join(temp.path, 'unused')));
  await run.output.emit(
    batchOf('a', [
      [begin, { n: 1 }],
      [begin, { n: 2 }],
    ]),
  );
  run.output.flush();
  await tests.clock.go(10_000);
  expect(run.counters.get('forebay_buffer_lost_events_total', { id: 'p' }).value).toBe(2);
  expect(run.output.state.flusher.queued).toHaveLength(0);
  expect(() => statSync(join(temp.path, 'unused'))).toThrow('ENOENT');
  await run.output.stop(AbortSignal.abort());
});
