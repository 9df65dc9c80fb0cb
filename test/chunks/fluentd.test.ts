// What Fluentd left in the folder of a buffer is delivered to the byte: real chunks of 1.19.3 (test/vectors/captures/fluentd-buffer.json says how
// they were made), and made ones under all the names that its buffers give.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { afterAll, describe, expect, test } from 'vitest';
import { chunkPath } from '../../src/chunks/chunk-path.ts';
import type { Chunk } from '../../src/plugin/buffer.ts';
import { capturesFolder } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { batchOf, entriesOf, filesIn, makeStore, openStore, read } from './store.ts';

const temp = tempFolder('fluentd');
afterAll(() => temp.remove());
let places = 0;

function copyOf(capture: string): string {
  const folder = join(temp.path, `place-${places++}`);
  cpSync(join(capturesFolder, capture), folder, { recursive: true });
  return folder;
}

/** A folder with one file, and its `.meta` where there is one. */
function folderWith(name: string, bytes: Uint8Array, meta?: Uint8Array): string {
  const folder = join(temp.path, `place-${places++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), bytes);
  if (meta !== undefined) {
    writeFileSync(join(folder, `${name}.meta`), meta);
  }
  return folder;
}

async function textOf(chunk: Chunk): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of chunk.text?.() ?? []) {
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

const id = '6610b1b41ba0d0f8d19acf679f39ddf2';
const meta = (more: Readonly<Record<string, unknown>> = {}) => {
  const map = encode({
    timekey: null,
    tag: 'a.tag',
    variables: null,
    seq: 0,
    id: Buffer.from(id, 'hex'),
    s: 3,
    c: 5,
    m: 6,
    ...more,
  });
  const head = Buffer.of(0xc1, 0, 0, 0, 0, 0);
  head.writeUInt32BE(map.length, 2);
  return Buffer.concat([head, map]);
};

describe('chunks of a real Fluentd', () => {
  test('of out_forward: the [time, record] pairs, then their files are gone', async () => {
    const folder = copyOf('fluentd-buffer-fwd');
    const [name = ''] = filesIn(folder);
    const bytes = readFileSync(join(folder, name));
    const { store, chunks } = await openStore(folder);
    expect(chunks).toHaveLength(1);
    const [chunk] = chunks as [Chunk];
    expect(chunk).toMatchObject({
      id,
      count: 5,
      sealed: true,
      stored: 220,
      metadata: { tag: { text: 'fwd.web' }, timekey: undefined },
    });
    expect(chunk.text).toBeUndefined();
    const batches = await read(chunk);
    expect(Buffer.concat(batches.map(({ entries }) => entries)).equals(bytes)).toBe(true);
    expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(batches.every(({ tag }) => tag.text === 'fwd.web')).toBe(true);
    expect(filesIn(folder)).toHaveLength(2);
    await chunk.purge();
    expect(filesIn(folder)).toEqual([]);
    await store.close();
  });

  test('of out_file: its lines, as text', async () => {
    const folder = copyOf('fluentd-buffer-file');
    const [name = ''] = filesIn(folder);
    const bytes = readFileSync(join(folder, name));
    const { store, chunks } = await openStore(folder);
    const [chunk] = chunks as [Chunk];
    expect(chunk).toMatchObject({ count: 5, metadata: { tag: { text: 'file.web' }, timekey: 1_699_920_000 } });
    expect((await textOf(chunk)).equals(bytes)).toBe(true);
    await expect(read(chunk)).rejects.toThrow(TypeError);
    await store.close();
  });

  test('compressed: inflated', async () => {
    const folder = copyOf('fluentd-buffer-gz');
    const [name = ''] = filesIn(folder);
    const bytes = gunzipSync(readFileSync(join(folder, name)));
    const { store, chunks } = await openStore(folder);
    const [chunk] = chunks as [Chunk];
    expect(bytes.toString().split('\n')).toHaveLength(6);
    expect((await textOf(chunk)).equals(bytes)).toBe(true);
    await store.close();
  });

  test('an output that cannot write text refuses to start, and the chunk stays', async () => {
    const folder = copyOf('fluentd-buffer-file');
    const { store } = makeStore(folder, { takesText: false });
    await expect(store.open()).rejects.toMatchObject({ code: 'BUFFER_FLUENTD_REFUSED' });
    expect(filesIn(folder)).toHaveLength(2);
    // Nothing is left locked.
    const again = await openStore(folder);
    await again.store.close();
  });
});

describe('chunks under all names', () => {
  const three = Buffer.from(batchOf(0, 3).entries);
  const half = three.length / 3;

  test.each([
    ['buffer.b%.log', undefined],
    ['buffer.q%.log', undefined],
    ['buffer.q%.buffer', '.buffer'],
    ['buffer.20150414.q%.log', undefined],
    ['buffer.b%.log.q%.chunk', undefined],
  ])('%s', async (pattern, suffix) => {
    const folder = folderWith(pattern.replaceAll('%', id), three, meta());
    const { store, chunks } = await openStore(
      folder,
      suffix === undefined ? {} : { path: chunkPath(folder, suffix, false) },
    );
    expect(chunks.map(({ count, created, modified }) => [count, created, modified])).toEqual([[3, 5000, 6000]]);
    expect((await entriesOf(chunks[0] as Chunk)).equals(three)).toBe(true);
    await store.close();
  });

  test('of a path with a star, and of one without', async () => {
    for (const path of ['mine.*.buf', 'mine.*', 'mine']) {
      const folder = folderWith(`mine.q${id}${path === 'mine.*.buf' ? '.buf' : '.log'}`, three, meta());
      if (path === 'mine') {
        writeFileSync(join(folder, 'mine'), '');
      }
      writeFileSync(join(folder, `other.q${id}.log`), three);
      const { store, chunks } = await openStore(join(folder, path), {
        path: chunkPath(join(folder, path), '.log', false),
      });
      expect(chunks).toHaveLength(1);
      await store.close();
    }
  });

  test('of a worker, and with variables', async () => {
    const folder = join(temp.path, `place-${places++}`);
    mkdirSync(join(folder, 'worker1'), { recursive: true });
    const name = join(folder, 'worker1', `buffer.q${id}.log`);
    writeFileSync(name, three);
    writeFileSync(`${name}.meta`, meta({ tag: null, variables: { key: 'value', '$.a': null, n: 5 } }));
    const { store, chunks } = await openStore(folder);
    expect(chunks[0]?.metadata.variables).toEqual(
      new Map([
        ['key', 'value'],
        ['$.a', ''],
        ['n', '5'],
      ]),
    );
    expect(chunks[0]?.metadata.tag).toBeUndefined();
    await store.close();
  });

  test.each([
    ['the tag', undefined, 'a.b%2Fc%C3%BC', { tag: { text: 'a.b/cü' } }],
    ['a field', 'key', 'val%20ue', { tag: undefined, variables: new Map([['key', 'val ue']]) }],
  ])('of file_single, with %s in them', async (_, key, text, metadata) => {
    const folder = folderWith(`fsb.${text}.b${id}.buf`, three);
    const { store, chunks } = await openStore(folder, { path: chunkPath(folder, '.log', true), single: { key } });
    expect(chunks[0]).toMatchObject({ id, count: 3, metadata });
    expect((await entriesOf(chunks[0] as Chunk)).equals(three)).toBe(true);
    await store.close();
  });

  test('compressed pairs, in members and frames', async () => {
    const parts = [three.subarray(0, half), three.subarray(half)];
    for (const pack of [gzipSync, zstdCompressSync]) {
      const folder = folderWith(`buffer.q${id}.log`, Buffer.concat(parts.map((part) => pack(part))), meta());
      const { store, chunks } = await openStore(folder);
      expect((await entriesOf(chunks[0] as Chunk)).equals(three)).toBe(true);
      await store.close();
    }
  });

  test('large ones, a piece at a time, with entries across the pieces', async () => {
    const large = batchOf(0, 3000, { size: 400 }).entries;
    const frames = Array.from({ length: 30 }, (_, i) => {
      return zstdCompressSync(large.subarray((i * large.length) / 30, ((i + 1) * large.length) / 30));
    });
    for (const bytes of [large, gzipSync(large), zstdCompressSync(large), Buffer.concat(frames)]) {
      const folder = folderWith(`buffer.q${id}.log`, bytes);
      const { store, chunks, log } = await openStore(folder);
      expect(chunks[0]).toMatchObject({ count: 3000, bytes: large.length });
      const got = await read(chunks[0] as Chunk);
      expect(Buffer.concat(got.map(({ entries }) => entries)).equals(large)).toBe(true);
      expect(log.filter(({ level }) => Number(level) > 30)).toEqual([]);
      await store.close();
    }
  });

  test('without .meta, or with a broken one, it is delivered without a tag, and an empty one is gone', async () => {
    for (const broken of [undefined, Buffer.from('rubbish'), Buffer.alloc(0), meta().subarray(0, 20)]) {
      const folder = folderWith(`buffer.q${id}.log`, three, broken);
      writeFileSync(join(folder, `buffer.b${'0'.repeat(32)}.log`), '');
      const { store, chunks } = await openStore(folder);
      expect(chunks).toHaveLength(1);
      expect(chunks[0]).toMatchObject({ id, metadata: { tag: undefined } });
      expect((await entriesOf(chunks[0] as Chunk)).equals(three)).toBe(true);
      expect(filesIn(folder).filter((name) => name.includes('.b'))).toEqual([]);
      await store.close();
    }
  });

  test('a chunk that ends within an event, or within compressed data: what is whole is delivered, the rest is named', async () => {
    const gzip = Buffer.concat([gzipSync(three), gzipSync(three)]);
    const zstd = Buffer.concat([zstdCompressSync(three), zstdCompressSync(three)]);
    for (const bytes of [Buffer.concat([three, three.subarray(0, 5)]), gzip.subarray(0, -3), zstd.subarray(0, -3)]) {
      const folder = folderWith(`buffer.q${id}.log`, bytes, meta());
      const { store, chunks, log } = await openStore(folder);
      const got = await entriesOf(chunks[0] as Chunk);
      expect(got.subarray(0, three.length).equals(three)).toBe(true);
      await entriesOf(chunks[0] as Chunk);
      expect(log.filter(({ code }) => code === 'BUFFER_CHUNK_DAMAGED')).toHaveLength(1);
      await store.close();
    }
  });

  test('a file that is no chunk is named, and stays', async () => {
    const folder = folderWith('buffer.notes.log', Buffer.from('hello'));
    writeFileSync(join(folder, 'readme'), 'hello');
    mkdirSync(join(folder, `buffer.q${id}.log`));
    const { store, chunks, log } = await openStore(folder);
    expect(chunks).toEqual([]);
    expect(log.filter(({ code }) => code === 'BUFFER_FILE_UNKNOWN')).toHaveLength(2);
    expect(filesIn(folder)).toHaveLength(3);
    await store.close();
  });
});
