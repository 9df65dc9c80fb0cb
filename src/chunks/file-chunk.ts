// A chunk in a file of its own: what is written goes through its writer, what is read comes from the file and, where the disk does not take it,
// from what the writer still holds. So a chunk can be delivered, and its room given back, while the disk is full.
import fs from 'node:fs';
import { type Batch, tagFromText } from '../core/batch.ts';
import type { IoMemory } from '../core/io-memory.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { Chunk, ChunkMetadata } from '../plugin/buffer.ts';
import { BlockReader, type BlockSource, type ReaderSettings, SourceShort } from './block-reader.ts';
import { sectorSize } from './chunk-scan.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import type { ChunkHead } from './format.ts';
import type { Pace } from './pace.ts';
import { ChunkSums } from './sums.ts';

export interface FileChunkSettings {
  readonly memory: IoMemory | undefined;
  readonly wasm: Wasm | undefined;
  readonly now: () => number;
  /** Of reads. */
  readonly reads: Pace;
  /** The file's name from the seal on. */
  readonly queuedPath: string;
  readonly damaged: (path: string, from: number, to: number, reason: string) => void;
  /** The chunk and its file are gone. */
  readonly purged: () => void;
}

export interface FoundChunk {
  readonly begin: number;
  readonly modified: number;
  readonly bytes: number;
  readonly count: number;
  readonly sealed: boolean;
}

/** What was written just now is read from the system's memory: so much of it at once costs less than handing it to another thread. */
const readAtOnce = 2 * 1024 * 1024;
const noTag = tagFromText('');

export class FileChunk implements Chunk {
  readonly id: string;
  readonly metadata: ChunkMetadata;
  readonly created: number;
  modified: number;
  bytes = 0;
  count = 0;
  sealed = false;
  readonly #writer: ChunkWriter;
  readonly #settings: FileChunkSettings;
  readonly #begin: number;
  /** Whether this process has written all of it. */
  readonly #own: boolean;
  #purged = false;
  /** Where damage was found: it is told once. */
  readonly #told = new Set<number>();

  /** `begin` is where the blocks of its file begin; `found` what an earlier process left. */
  constructor(head: ChunkHead, begin: number, writer: ChunkWriter, settings: FileChunkSettings, found?: FoundChunk) {
    this.id = head.id;
    this.metadata = head.metadata;
    this.created = head.created;
    this.modified = found?.modified ?? head.created;
    this.#begin = begin;
    this.#writer = writer;
    this.#settings = settings;
    this.#own = found === undefined;
    if (found !== undefined) {
      this.bytes = found.bytes;
      this.count = found.count;
      this.sealed = found.sealed;
    }
  }

  get stored(): number {
    return this.#purged ? 0 : this.#writer.written + this.#writer.pending;
  }

  append(batch: Batch): Promise<void> | undefined {
    if (this.sealed) {
      return Promise.reject(new TypeError('A chunk that is queued takes no more events.'));
    }
    const held = this.#writer.append(batch);
    this.bytes += batch.entries.length;
    this.count += batch.count;
    this.modified = this.#settings.now();
    return held;
  }

  seal(): Promise<void> | undefined {
    if (this.sealed) {
      return undefined;
    }
    this.sealed = true;
    return this.#writer.end(this.count, this.bytes, this.#settings.queuedPath);
  }

  async *batches(): AsyncGenerator<Batch, void, void> {
    const writer = this.#writer;
    const { memory, wasm, damaged, reads } = this.#settings;
    const file = new WrittenFile(writer, this.#begin, reads);
    const settings = {
      sums: new ChunkSums(this.id, wasm),
      tag: this.metadata.tag ?? noTag,
      verify: () => !this.#own || file.unreadable,
      memory,
      damaged: (from: number, to: number, reason: string) => {
        if (!this.#told.has(from)) {
          this.#told.add(from);
          damaged(writer.path, from, to, reason);
        }
      },
    };
    const written = new BlockReader(file, this.#begin, settings);
    try {
      do {
        yield* written.batches();
      } while (written.position < file.size);
    } catch (error) {
      if (!(error instanceof SourceShort) && (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
      if (!this.#purged) {
        settings.damaged(written.position, file.size, 'somebody has removed or cut the file');
      }
    } finally {
      written.release();
      file.close();
    }
    if (writer.pending > 0) {
      yield* this.#unwritten(settings);
    }
  }

  async *#unwritten(settings: ReaderSettings): AsyncGenerator<Batch, void, void> {
    const bytes = this.#writer.unwritten();
    const source: BlockSource = {
      size: bytes.length,
      read(into, from) {
        into.set(bytes.subarray(from, from + into.length));
        return Math.min(into.length, bytes.length - from);
      },
    };
    // Where nothing is written yet, the head of the file stands in front.
    const reader = new BlockReader(source, this.#writer.written === 0 ? this.#begin : 0, settings);
    try {
      yield* reader.batches();
    } finally {
      reader.release();
    }
  }

  async purge(): Promise<void> {
    this.#purged = true;
    await this.#writer.purge();
    this.#settings.purged();
  }
}

/** The part of the file that is written. */
class WrittenFile implements BlockSource {
  /** Whether part of it could not be read. */
  unreadable = false;
  readonly #writer: ChunkWriter;
  readonly #begin: number;
  readonly #pace: Pace;
  #fd: number | undefined;

  constructor(writer: ChunkWriter, begin: number, pace: Pace) {
    this.#writer = writer;
    this.#begin = begin;
    this.#pace = pace;
  }

  get size(): number {
    return Math.max(this.#writer.written, this.#begin);
  }

  /** A sector that cannot be read is zeros, and what they are in shows by its checksum. */
  async read(into: Uint8Array, position: number): Promise<number> {
    this.#fd ??= openFile(this.#writer);
    try {
      if (into.length > readAtOnce || this.#pace.slow) {
        return await readAt(this.#fd, into, position);
      }
      const began = performance.now();
      const count = fs.readSync(this.#fd, into, 0, into.length, position);
      this.#pace.took(performance.now() - began);
      return count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EIO') {
        throw error;
      }
      this.unreadable = true;
    }
    const sector = into.subarray(0, sectorSize - (position % sectorSize));
    if (sector.length < into.length) {
      return await this.read(sector, position);
    }
    into.fill(0);
    return into.length;
  }

  close(): void {
    if (this.#fd !== undefined) {
      fs.closeSync(this.#fd);
      this.#fd = undefined;
    }
  }
}

const readAt = (fd: number, into: Uint8Array, position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });

function openFile({ path }: ChunkWriter): number {
  return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
}
