// Any byte of any file of a buffer changed, any file cut anywhere, anything put anywhere: the store opens, all that is not damaged is delivered,
// nothing else is, and the damage is named.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { idOf } from '../../src/chunks/chunk-path.ts';
import type { FileStoreSettings } from '../../src/chunks/file-store.ts';
import { blockSize, type Codec, decodeBlock, decodeHead, kinds } from '../../src/chunks/format.ts';
import { ChunkSums } from '../../src/chunks/sums.ts';
import { tagFromText } from '../../src/core/batch.ts';
import { tempFolder } from '../support/temp.ts';
import { io, module } from '../support/twins.ts';
import { batchOf, entriesOf, filesIn, noKeys, openStore } from './store.ts';

/** SEED=random searches longer. */
const numRuns = process.env['SEED'] === 'random' ? 300 : 60;

/** ms: many small files, on a machine that may be busy. */
const patience = 300_000;

const temp = tempFolder('damage');
afterAll(() => temp.remove());

let places = 0;

/** The hot loop, and the memory that it works in. */
type Hot = Partial<Pick<FileStoreSettings, 'memory' | 'wasm'>>;

interface KnownBlock {
  readonly from: number;
  readonly to: number;
  /** As they came. */
  readonly entries: Buffer;
}

interface KnownFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** Where the blocks begin. */
  readonly begin: number;
  /** Those with events. */
  readonly blocks: readonly KnownBlock[];
}

/** Files of one open and one queued chunk, each of several blocks. */
async function makeFiles(codec: Codec, hot: Hot = {}): Promise<KnownFile[]> {
  const folder = join(temp.path, `made-${codec}-${places++}`);
  const { store } = await openStore(folder, { codec, ...hot });
  for (const queued of [true, false]) {
    const variables = new Map([['key', 'value']]);
    const chunk = store.create({ ...noKeys, tag: queued ? tagFromText('a.tag') : undefined, variables });
    for (const [from, count] of [
      [0, 3],
      [3, 1],
      [4, 20],
      [24, 2],
    ] as const) {
      await chunk.append(batchOf(from, count, { size: 30 }));
    }
    if (queued) {
      await chunk.seal();
    }
  }
  await store.close();
  const files = filesIn(folder).map((name) => knownFile(name, readFileSync(join(folder, name))));
  expect(files.map(({ blocks }) => blocks.length)).toEqual([4, 4]);
  return files;
}

const ranges = [
  batchOf(0, 3, { size: 30 }),
  batchOf(3, 1, { size: 30 }),
  batchOf(4, 20, { size: 30 }),
  batchOf(24, 2, { size: 30 }),
];

function knownFile(name: string, bytes: Buffer): KnownFile {
  const found = decodeHead(bytes, bytes.length, idOf(name));
  if (typeof found !== 'object') throw new Error('no head');
  const blocks: KnownBlock[] = [];
  for (let at = found.end; at < bytes.length; ) {
    const block = decodeBlock(bytes, at, bytes.length, new ChunkSums(found.head.id, undefined));
    if (typeof block !== 'object') throw new Error('no block');
    expect(block.size).toBeGreaterThan(blockSize);
    if (block.kind === kinds.events) {
      blocks.push({ from: at, to: at + block.size, entries: Buffer.from(ranges[blocks.length]?.entries ?? []) });
    }
    at += block.size;
  }
  return { name, bytes, begin: found.end, blocks };
}

/** What a store makes of a folder with these bytes. */
async function deliver(name: string, bytes: Uint8Array, hot: Hot = {}) {
  const folder = join(temp.path, `place-${places++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), bytes);
  const { store, chunks, log, counters } = await openStore(folder, hot);
  const parts: Uint8Array[] = [];
  for (const chunk of chunks) {
    const entries = await entriesOf(chunk);
    expect((await entriesOf(chunk)).equals(entries)).toBe(true);
    parts.push(entries);
  }
  const named = log.filter(({ code }) => code === 'BUFFER_CHUNK_DAMAGED');
  const [count] = counters.list().filter((counter) => counter.name === 'forebay_buffer_damaged_total');
  expect(count?.value).toBe(named.length);
  for (const { path, offset, bytes: size, reason } of named) {
    expect(basename(String(path))).toBe(name);
    expect(Number(offset) + Number(size)).toBeLessThanOrEqual(bytes.length);
    expect(String(reason)).not.toBe('');
  }
  const quarantine = join(folder, 'quarantine');
  const kept = named.length > 0 ? readdirSync(quarantine).map((file) => readFileSync(join(quarantine, file))) : [];
  for (const chunk of chunks) {
    await chunk.purge();
  }
  await store.close();
  expect(filesIn(folder).filter((file) => file !== 'quarantine')).toEqual([]);
  rmSync(folder, { recursive: true });
  return { entries: Buffer.concat(parts), named, kept };
}

const wholeOf = (blocks: readonly KnownBlock[]) => Buffer.concat(blocks.map(({ entries }) => entries));

test('a queued chunk is cut behind its head: that nothing of it is left is named', async () => {
  const [queued] = await makeFiles('none');
  const { entries, named } = await deliver(
    String(queued?.name),
    Buffer.from(queued?.bytes.subarray(0, queued.begin) ?? []),
  );
  expect(entries).toHaveLength(0);
  expect(named.map(({ reason }) => reason)).toEqual(['its end is missing']);
});

test('the beginning of a block whose events are missing swallows none of the blocks behind it', async () => {
  const [file] = await makeFiles('none');
  const [first, , third] = file?.blocks ?? [];
  const bytes = file?.bytes ?? Buffer.alloc(0);
  // The head of the third block, which is a long one, stands before the first.
  const head = bytes.subarray(third?.from, (third?.from ?? 0) + blockSize + 27);
  const put = Buffer.concat([bytes.subarray(0, first?.from), head, bytes.subarray(first?.from)]);
  const { entries, named } = await deliver(String(file?.name), put);
  expect(entries.equals(wholeOf(file?.blocks ?? []))).toBe(true);
  expect(named.length).toBeGreaterThan(0);
});

const variants = [
  ['none', {}],
  ['zstd', {}],
  ['none', { memory: io, wasm: module }],
] as const;
for (const [codec, hot] of variants) {
  describe(`of a chunk (${codec}${'wasm' in hot ? ', WebAssembly' : ''})`, async () => {
    const files = await makeFiles(codec, hot);
    const anyFile = fc.nat(files.length - 1);
    const fileOf = (index: number) => files[index] as KnownFile;
    const anyPlace = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

    test(
      'any byte is changed: all other blocks are delivered, and the damage is named and kept',
      async () => {
        await fc.assert(
          fc.asyncProperty(anyFile, anyPlace, fc.integer({ min: 1, max: 255 }), async (index, place, change) => {
            const file = fileOf(index);
            const at = Math.floor(place * file.bytes.length);
            const bytes = Buffer.from(file.bytes);
            bytes[at] = (bytes[at] as number) ^ change;
            const { entries, named, kept } = await deliver(file.name, bytes, hot);
            expect(entries.equals(wholeOf(file.blocks.filter(({ from, to }) => at < from || at >= to)))).toBe(true);
            expect(named.length).toBeGreaterThan(0);
            expect(
              named.some(({ offset, bytes: size }) => Number(offset) <= at && at <= Number(offset) + Number(size)),
            ).toBe(true);
            expect(kept.length).toBe(named.length);
          }),
          { numRuns },
        );
      },
      patience,
    );

    test(
      'it is cut anywhere: what is before the cut is delivered, and the cut is named where it shows',
      async () => {
        await fc.assert(
          fc.asyncProperty(anyFile, anyPlace, async (index, place) => {
            const file = fileOf(index);
            const length = Math.floor(place * file.bytes.length);
            const { entries, named } = await deliver(file.name, file.bytes.subarray(0, length), hot);
            expect(entries.equals(wholeOf(file.blocks.filter(({ to }) => to <= length)))).toBe(true);
            // An open chunk that ends behind a block looks as it did when that one was the last.
            const shows =
              file.name.endsWith('.queued') || ![file.begin, ...file.blocks.map(({ to }) => to)].includes(length);
            expect(named.length > 0).toBe(shows);
          }),
          { numRuns },
        );
      },
      patience,
    );

    test(
      'anything is put in the place of anything: what is whole is delivered, and nothing else',
      async () => {
        const junk = fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(300).map((length) => new Uint8Array(length)),
          fc.tuple(anyFile, anyPlace, anyPlace).map(([index, from, to]) => {
            const { bytes } = fileOf(index);
            return bytes.subarray(from * bytes.length, to * bytes.length);
          }),
        );
        await fc.assert(
          fc.asyncProperty(anyFile, anyPlace, anyPlace, junk, async (index, place, length, put) => {
            const file = fileOf(index);
            const from = Math.floor(place * file.bytes.length);
            const to = Math.min(file.bytes.length, from + Math.floor(length * 300));
            const bytes = Buffer.concat([file.bytes.subarray(0, from), put, file.bytes.subarray(to)]);
            const { entries } = await deliver(file.name, bytes, hot);
            // Without a head nobody knows what the rest is: it is kept. One head is enough.
            const headless = decodeHead(bytes, bytes.length, idOf(file.name)) === undefined;
            const left = file.blocks.filter((block) => block.to <= from || block.from >= to);
            const wanted = headless ? [] : left;
            let at = 0;
            for (const block of wanted) {
              const found = entries.indexOf(block.entries, at);
              expect(found).toBeGreaterThanOrEqual(0);
              at = found + block.entries.length;
            }
            // All of it is made of blocks that were written, in whole.
            let rest = entries.toString('latin1');
            for (const block of file.blocks) {
              rest = rest.replaceAll(block.entries.toString('latin1'), '');
            }
            expect(rest).toBe('');
          }),
          { numRuns },
        );
      },
      patience,
    );
  });
}

test('an event that looks like a block is none, even where the one that holds it is damaged', async () => {
  const folder = join(temp.path, 'forged');
  const first = await openStore(folder);
  const chunk = first.store.create(noKeys);
  await chunk.append(batchOf(0, 1));
  const [name = ''] = filesIn(folder);
  const whole = readFileSync(join(folder, name));
  const found = decodeHead(whole, whole.length, idOf(name));
  const block = typeof found === 'object' ? whole.subarray(found.end) : whole;
  await first.store.close();
  // The same bytes, in an event of another chunk.
  const second = await openStore(join(temp.path, 'forged-2'));
  const target = second.store.create(noKeys);
  const forged = Buffer.concat([
    Buffer.of(0x92, 0x01, 0x81, 0xa1, 0x61, 0xc5, block.length >> 8, block.length & 255),
    block,
  ]);
  await target.append({ ...batchOf(0, 1), entries: forged });
  await second.store.close();
  const [other = ''] = filesIn(join(temp.path, 'forged-2'));
  const bytes = readFileSync(join(temp.path, 'forged-2', other));
  const at = bytes.indexOf(forged);
  bytes[at - 20] = (bytes[at - 20] as number) ^ 1;
  const { entries, named } = await deliver(other, bytes);
  expect(entries).toHaveLength(0);
  expect(named).toHaveLength(1);
});
