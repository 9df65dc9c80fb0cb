// Stores of chunks in real folders, batches with numbered events, and what comes back of them.
import { existsSync, readdirSync } from 'node:fs';
import { encode } from '@msgpack/msgpack';
import { type DestinationStream, pino } from 'pino';
import { chunkPath } from '../../src/chunks/chunk-path.ts';
import { FileStore, type FileStoreSettings } from '../../src/chunks/file-store.ts';
import { type Batch, type Origin, type Tag, tagFromText } from '../../src/core/batch.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import type { Chunk, ChunkMetadata } from '../../src/plugin/buffer.ts';

export interface OpenedStore {
  readonly store: FileStore;
  readonly chunks: readonly Chunk[];
  readonly counters: Counters;
  /** What was said, one object a line. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

export const noKeys: ChunkMetadata = { timekey: undefined, tag: undefined, variables: new Map() };

/** A store that is not opened yet. */
export function makeStore(folder: string, options: Partial<FileStoreSettings> = {}) {
  const log: Readonly<Record<string, unknown>>[] = [];
  const counters = new Counters();
  const stream: DestinationStream = { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) };
  const store = new FileStore({
    id: 'out',
    path: chunkPath(folder, '.log', false),
    modes: { folder: 0o755, file: 0o644 },
    codec: 'none',
    sync: 'none',
    workers: 1,
    syncInterval: 1000,
    takesText: true,
    single: undefined,
    clock: systemClock,
    log: pino({ level: 'debug' }, stream),
    counters,
    memory: undefined,
    wasm: undefined,
    ...options,
  });
  return { store, counters, log };
}

export async function openStore(folder: string, options: Partial<FileStoreSettings> = {}): Promise<OpenedStore> {
  const made = makeStore(folder, options);
  return { ...made, chunks: await made.store.open() };
}

export const origin: Origin = { listener: 'in', address: '127.0.0.1', port: 4711, name: undefined };
export const aTag: Tag = tagFromText('a.tag');

/** Events with the numbers from `from` on, padded to about `size` bytes each. */
export function batchOf(
  from: number,
  count: number,
  options: { tag?: Tag; origin?: Origin; size?: number } = {},
): Batch {
  const text = 'x'.repeat(options.size ?? 10);
  const events = Array.from({ length: count }, (_, i) => encode([1_700_000_000 + from + i, { n: from + i, text }]));
  return {
    tag: options.tag ?? aTag,
    entries: Buffer.concat(events),
    count,
    origin: options.origin ?? origin,
    seq: 0,
    arrived: 1_700_000_000_123,
    acks: undefined,
  };
}

/** What the batches of a chunk have, as it is after the next one was asked for. */
export async function read(chunk: Chunk): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of chunk.batches()) {
    batches.push({ ...batch, entries: batch.entries.slice() });
  }
  return batches;
}

export async function entriesOf(chunk: Chunk): Promise<Buffer> {
  return Buffer.concat((await read(chunk)).map(({ entries }) => entries));
}

/** The files of a folder, sorted, but for the lock. */
export function filesIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .sort()
    : [];
}
