// Chunks in files, on real folders: what is put in comes out, by the same process and by the next one, in order, once; and what a crash leaves
// behind harms nothing else.
import { mkdirSync, readdirSync, readlinkSync, renameSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tagFromText } from '../../src/core/batch.ts';
import { IoMemory } from '../../src/core/io-memory.ts';
import { loadWasm } from '../../src/msgpack/wasm.ts';
import type { Chunk } from '../../src/plugin/buffer.ts';
import { tempFolder } from '../support/temp.ts';
import { aTag, batchOf, entriesOf, filesIn, noKeys, type OpenedStore, openStore, origin, read } from './store.ts';

const temp = tempFolder('chunks');
afterAll(() => temp.remove());
let folders = 0;
const folder = () => join(temp.path, `store-${folders++}`);

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one of this look
    }
  });
}

/** The one chunk that an opened store has found. */
function theChunk({ chunks }: OpenedStore): Chunk {
  expect(chunks).toHaveLength(1);
  return chunks[0] as Chunk;
}

describe('what is put in comes out', () => {
  for (const codec of ['none', 'gzip', 'zstd'] as const) {
    for (const sync of ['none', 'interval', 'always'] as const) {
      test(`byte for byte, in this process and in the next (${codec}, sync ${sync})`, async () => {
        const path = folder();
        const first = await openStore(path, { codec, sync });
        const metadata = {
          timekey: 1_700_000_000,
          tag: undefined,
          variables: new Map([
            ['$.a.b', 'ü'],
            ['', ''],
          ]),
        };
        const chunk = first.store.create(metadata);
        const peer = { ...origin, listener: 'other', name: 'näme' };
        const other = tagFromText('b.tag');
        const batches = [
          batchOf(0, 3),
          batchOf(3, 1),
          batchOf(4, 2, { tag: other }),
          batchOf(6, 5000, { origin: peer, size: 300 }),
        ];
        const held = batches.map((batch) => chunk.append(batch));
        await Promise.all(held);
        await chunk.append(batchOf(5006, 1, { origin: peer }));
        expect(chunk).toMatchObject({ count: 5007, sealed: false });
        const whole = Buffer.concat([...batches, batchOf(5006, 1)].map(({ entries }) => entries));
        const check = async (one: Chunk) => {
          const got = await read(one);
          expect(Buffer.concat(got.map(({ entries }) => entries)).equals(whole)).toBe(true);
          expect(got.reduce((sum, { count }) => sum + count, 0)).toBe(5007);
          expect(got[0]).toMatchObject({ tag: aTag, origin, count: 4, arrived: 1_700_000_000_123, acks: undefined });
          expect(got[1]).toMatchObject({ tag: other, origin, count: 2 });
          expect(got.slice(2).every((batch) => batch.origin.name === 'näme' && batch.tag.text === 'a.tag')).toBe(true);
          expect(one).toMatchObject({ bytes: whole.length, count: 5007 });
        };
        await check(chunk);
        await chunk.seal();
        await check(chunk);
        expect(chunk.stored).toBe(statSync(join(path, filesIn(path)[0] as string)).size);
        await first.store.close();
        const second = await openStore(path, { codec, sync });
        const again = theChunk(second);
        expect(again).toMatchObject({ id: chunk.id, created: chunk.created, stored: chunk.stored, sealed: true });
        expect(again.metadata).toEqual(metadata);
        await check(again);
        await check(again);
        await again.purge();
        expect(filesIn(path)).toEqual([]);
        await second.store.close();
        expect(second.log.filter(({ level }) => Number(level) > 30)).toEqual([]);
      });
    }
  }

  test('a chunk that was not sealed takes more events after a restart', async () => {
    const path = folder();
    const first = await openStore(path);
    const before = first.store.create({ ...noKeys, tag: aTag });
    await before.append(batchOf(0, 10));
    await first.store.close();
    const second = await openStore(path);
    const after = theChunk(second);
    expect(after).toMatchObject({ sealed: false, count: 10, metadata: { tag: { text: 'a.tag' } } });
    await after.append(batchOf(10, 10));
    await after.seal();
    expect(await entriesOf(after)).toEqual(batchOf(0, 20).entries);
    expect((await read(after)).map(({ tag }) => tag.text)).toEqual(['a.tag']);
    await second.store.close();
    expect(filesIn(path)).toEqual([`buffer.${before.id}.queued`]);
  });

  test('chunks are found oldest first, and a folder may hold several buffers', async () => {
    const path = folder();
    let now = 1_700_000_000_000;
    const clock = { now: () => now };
    const first = await openStore(path, { clock });
    const ids: string[] = [];
    for (const at of [3, 1, 2]) {
      now = 1_700_000_000_000 + at;
      const chunk = first.store.create(noKeys);
      await chunk.append(batchOf(at, 1));
      ids[at] = chunk.id;
    }
    const other = await openStore(join(path, 'mine.*.log'));
    await other.store.create(noKeys).append(batchOf(0, 1));
    await Promise.all([first.store.close(), other.store.close()]);
    const second = await openStore(path);
    expect(second.chunks.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[3]]);
    await second.store.close();
    const third = await openStore(join(path, 'mine.*.log'));
    expect(third.chunks).toHaveLength(1);
    await third.store.close();
  });

  test('a batch that is larger than a block is cut between events, and one event may be larger', async () => {
    const memory = new IoMemory();
    for (const wasm of [undefined, loadWasm(memory)]) {
      const path = folder();
      const { store } = await openStore(path, { memory, wasm });
      const chunk = store.create(noKeys);
      const large = batchOf(0, 12_000, { size: 250 });
      const giant = batchOf(12_000, 1, { size: 5_000_000 });
      const small = batchOf(12_001, 1);
      await Promise.all([large, giant, small].map((batch) => chunk.append(batch)));
      await chunk.seal();
      await store.close();
      const second = await openStore(path, { memory, wasm });
      const got = await read(theChunk(second));
      const whole = Buffer.concat([large, giant, small].map(({ entries }) => entries));
      expect(Buffer.concat(got.map(({ entries }) => entries)).equals(whole)).toBe(true);
      expect(got.reduce((sum, { count }) => sum + count, 0)).toBe(12_002);
      expect(got.filter(({ entries }) => entries.length > 1_200_000)).toHaveLength(1);
      await second.store.close();
    }
  });

  test('the memory of a batch may be used again as soon as append returns', async () => {
    const { store } = await openStore(folder());
    const chunk = store.create(noKeys);
    const { entries, ...batch } = batchOf(0, 4000, { size: 200 });
    const window = Buffer.from(entries);
    const held = chunk.append({ ...batch, entries: window });
    window.fill(0);
    await held;
    expect((await entriesOf(chunk)).equals(entries)).toBe(true);
    await store.close();
  });

  test('files and folders have the modes that are asked for, whatever the umask is', async () => {
    const path = join(temp.path, 'modes');
    const { store } = await openStore(path, { modes: { folder: 0o777, file: 0o666 } });
    await store.create(noKeys).append(batchOf(0, 1));
    const [name = ''] = filesIn(path);
    expect([statSync(path), statSync(join(path, name))].map(({ mode }) => (mode & 0o777).toString(8))).toEqual([
      '777',
      '666',
    ]);
    await store.close();
  });

  test('many small appends of one turn share one write and one block', async () => {
    const path = folder();
    const { store } = await openStore(path);
    const chunk = store.create(noKeys);
    const held = Array.from({ length: 100 }, (_, i) => chunk.append(batchOf(i, 1)));
    expect(new Set(held).size).toBe(1);
    await held[0];
    expect(chunk.stored - chunk.bytes).toBeLessThan(400);
    expect(await read(chunk)).toHaveLength(1);
    await store.close();
  });

  test('a chunk that cannot be read is named and stays, others are delivered', async () => {
    const path = folder();
    const first = await openStore(path);
    for (let n = 0; n < 2; n++) {
      await first.store.create(noKeys).append(batchOf(n, 1));
    }
    await first.store.close();
    const [name = ''] = filesIn(path);
    renameSync(join(path, name), join(path, 'away'));
    mkdirSync(join(path, name));
    const second = await openStore(path);
    expect(second.chunks).toHaveLength(1);
    expect(second.log.map(({ code }) => code)).toEqual(['BUFFER_FILE_UNKNOWN']);
    await second.store.close();
  });

  test('a chunk whose file somebody removes or cuts is delivered as far as it goes, and named', async () => {
    for (const harm of [unlinkSync, (file: string) => truncateSync(file, 1000)]) {
      const path = folder();
      const { store, log } = await openStore(path);
      const chunk = store.create(noKeys);
      for (let n = 0; n < 10; n++) {
        await chunk.append(batchOf(n, 1, { size: 200 }));
      }
      harm(join(path, filesIn(path)[0] as string));
      const whole = batchOf(0, 10, { size: 200 }).entries;
      const got = await entriesOf(chunk);
      expect(got.equals(whole.subarray(0, got.length))).toBe(true);
      expect(got.length).toBeLessThan(whole.length);
      expect(log.map(({ code }) => code)).toEqual(['BUFFER_CHUNK_DAMAGED']);
      await chunk.purge();
      await store.close();
    }
  });

  test('a chunk that is purged while it is being written leaves no file', async () => {
    const path = folder();
    const { store } = await openStore(path);
    for (const size of [10, 400]) {
      const chunk = store.create(noKeys);
      const held = chunk.append(batchOf(0, 3000, { size }));
      await chunk.purge();
      await held;
    }
    expect(filesIn(path)).toEqual([]);
    await store.close();
  });

  test('hundreds of chunks keep no more than a few files open', async () => {
    const path = folder();
    const first = await openStore(path);
    const chunks = Array.from({ length: 400 }, () => first.store.create(noKeys));
    for (let round = 0; round < 2; round++) {
      await Promise.all(chunks.map((chunk, i) => chunk.append(batchOf(i * 2 + round, 1))));
    }
    expect(openFiles().filter((name) => name.startsWith(path)).length).toBeLessThan(300);
    await first.store.close();
    expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
    const second = await openStore(path);
    expect(second.chunks).toHaveLength(400);
    const got = await Promise.all(second.chunks.map((chunk) => entriesOf(chunk)));
    expect(new Set(got.map((bytes) => bytes.toString('hex'))).size).toBe(400);
    await second.store.close();
  });
});
