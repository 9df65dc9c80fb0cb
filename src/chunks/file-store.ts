// Keeps chunks as files in a folder: finds what an earlier process, or Fluentd, left there, makes new ones, and sees to it that what waits is
// written at the end of each turn, tried again while the disk takes nothing, and synced as it was asked for. What is in a chunk, and when it is
// full or due, is decided elsewhere.
import fs from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { errorText, ForebayError } from '../core/errors.ts';
import type { IoMemory } from '../core/io-memory.ts';
import type { Logger } from '../core/log.ts';
import { AreaPool } from '../files/area-queue.ts';
import { checkWritable } from '../files/writable-folder.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { Chunk, ChunkMetadata, ChunkStore } from '../plugin/buffer.ts';
import { largestBlock } from './block-filler.ts';
import { newChunkId } from './chunk-id.ts';
import { type ChunkPath, idOf, ownerOf, ownName } from './chunk-path.ts';
import { scanChunk } from './chunk-scan.ts';
import { ChunkWriter, type Sync, type WriterSettings } from './chunk-writer.ts';
import { FileChunk, type FileChunkSettings } from './file-chunk.ts';
import { type FluentdChunk, type FluentdSettings, openFluentdChunk } from './fluentd-chunk.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { type ChunkHead, type Codec, encodeHead } from './format.ts';
import { Pace } from './pace.ts';
import { Quarantine } from './quarantine.ts';
import { takeOver } from './take-over.ts';

export interface FileStoreSettings {
  /** The id of the buffer's owner. */
  readonly id: string;
  readonly path: ChunkPath;
  readonly modes: { readonly folder: number; readonly file: number };
  readonly codec: Codec;
  readonly sync: Sync;
  /** Of the first process: how many there are now. Chunks of others are taken over. Undefined of another process. */
  readonly workers: number | undefined;
  /** ms. */
  readonly syncInterval: number;
  /** Whether the output can write text that Fluentd formatted already. */
  readonly takesText: boolean;
  /** As of FluentdSettings. */
  readonly single: FluentdSettings['single'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Counters;
  readonly memory: IoMemory | undefined;
  readonly wasm: Wasm | undefined;
  readonly random?: ((size: number) => Uint8Array) | undefined;
}

/** Files that are open for writing at a time. */
const openLimit = 256;
/** Chunks that are filled in one turn before what is in them is written. */
const filledAtOnce = 64;
const quarantineLimit = 1024 * 1024 * 1024;
/** A write or read that takes longer had to wait for the disk, ms. */
const writeHeld = 15;
const readHeld = 8;
const retryFirst = 100;
const retryLast = 5000;
/** While nothing can be written, that is said so often, ms. */
const sayEvery = 60_000;
const smallArea = 64 * 1024;
/** A block of the largest kind, with what stands before it. */
const largeArea = largestBlock + 64 * 1024;

export class FileStore implements ChunkStore {
  readonly persistent = true;
  readonly #settings: FileStoreSettings;
  readonly #writerSettings: WriterSettings;
  readonly #quarantine: Quarantine;
  readonly #writers = new Set<ChunkWriter>();
  readonly #filled = new Set<ChunkWriter>();
  readonly #failing = new Set<ChunkWriter>();
  /** The least used first. */
  readonly #open = new Set<ChunkWriter>();
  readonly #failures;
  readonly #reads = new Pace(readHeld);
  #scheduled = false;
  /** The time in the last id, µs. */
  #newest = 0;
  #lock: FolderLock | undefined;
  #folder: number | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryWait = retryFirst;
  #syncTimer: NodeJS.Timeout | undefined;
  #said = Number.NEGATIVE_INFINITY;

  constructor(settings: FileStoreSettings) {
    const { id, log, counters, memory, modes, path } = settings;
    this.#settings = settings;
    this.#failures = counters.get('forebay_buffer_write_failures_total', { id });
    this.#quarantine = new Quarantine({
      folder: join(path.folder, 'quarantine'),
      folderMode: modes.folder,
      limit: quarantineLimit,
      log,
      damaged: counters.get('forebay_buffer_damaged_total', { id }),
      damagedBytes: counters.get('forebay_buffer_damaged_bytes_total', { id }),
    });
    this.#writerSettings = {
      small: new AreaPool(smallArea, filledAtOnce, memory),
      large: new AreaPool(largeArea, 2, memory),
      codec: settings.codec,
      sync: settings.sync,
      fileMode: modes.file,
      wasm: settings.wasm,
      pace: new Pace(writeHeld),
      folder: () => this.#folder ?? -1,
      filled: (writer) => this.#fill(writer),
      opened: (writer, open) => this.#opened(writer, open),
      failed: (writer, error) => this.#failed(writer, error),
      progressed: (writer) => this.#progressed(writer),
    };
  }

  async open(): Promise<readonly Chunk[]> {
    const { folder, prefix } = this.#settings.path;
    checkWritable(folder);
    const { folder: mode } = this.#settings.modes;
    if (fs.mkdirSync(folder, { recursive: true, mode }) !== undefined) {
      fs.chmodSync(folder, mode); // the process's umask would take permissions away
    }
    const lock = `.${prefix}.lock`;
    await this.#takeLock(folder, lock);
    this.#folder = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      const { path, workers, log } = this.#settings;
      if (workers !== undefined) {
        await takeOver(path, workers, lock, log);
      }
      const chunks = await this.#findChunks();
      if (this.#settings.sync === 'interval') {
        this.#syncTimer = setInterval(() => this.#syncAll(), this.#settings.syncInterval);
        this.#syncTimer.unref();
      }
      return chunks.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  create(metadata: ChunkMetadata): Chunk {
    const { clock, random, path } = this.#settings;
    const created = clock.now();
    // Names sort by age, of chunks of one moment too.
    this.#newest = Math.max(Math.trunc(created * 1000), this.#newest + 1);
    const head = { id: newChunkId(this.#newest, random), created, metadata };
    return this.#chunk(head, encodeHead(head).length, ownName(path, head.id, 'open'), 0);
  }

  async close(): Promise<void> {
    clearInterval(this.#syncTimer);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const left = [...this.#writers].reduce((bytes, { pending }) => bytes + pending, 0);
    const error = new ForebayError('FILE_UNWRITTEN', { bytes: left });
    await Promise.all([...this.#writers].map((writer) => writer.close(error)));
    clearTimeout(this.#retryTimer);
    this.#writers.clear();
    this.#failing.clear();
    if (this.#folder !== undefined) {
      fs.closeSync(this.#folder);
      this.#folder = undefined;
    }
    await this.#lock?.release();
  }

  async #takeLock(folder: string, name: string): Promise<void> {
    let lock: FolderLock | string;
    try {
      lock = await lockFolder(folder, name);
    } catch (error) {
      // Some file systems have no sockets.
      const reason = (error as Error).message;
      this.#settings.log.warn(
        { code: 'BUFFER_UNLOCKED', folder, reason },
        'The folder of a buffer cannot be locked: see to it that no other process uses it.',
      );
      return;
    }
    if (typeof lock === 'string') {
      const holder = lock === `process ${process.pid}` ? 'another output of this configuration' : lock;
      throw new ForebayError('BUFFER_IN_USE', { path: folder, holder });
    }
    this.#lock = lock;
  }

  async #findChunks(): Promise<Chunk[]> {
    const { path, log } = this.#settings;
    const chunks: Chunk[] = [];
    for (const folder of foldersOf(path)) {
      for (const name of fs.readdirSync(folder)) {
        const owner = ownerOf(name, path);
        const file = join(folder, name);
        if (owner === undefined) {
          continue;
        }
        if (fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true || owner === 'nobody') {
          log.warn(
            { code: 'BUFFER_FILE_UNKNOWN', path: file },
            'A file in the folder of a buffer is no chunk: it stays.',
          );
          continue;
        }
        const chunk = owner === 'ours' ? this.#readable(file) : await this.#fluentdChunk(file);
        if (chunk !== undefined) {
          chunks.push(chunk);
        }
      }
    }
    return chunks;
  }

  /** A chunk that cannot be read is left where it is, for another start. */
  #readable(path: string): Chunk | undefined {
    try {
      return this.#ownChunk(path);
    } catch (error) {
      this.#quarantine.name(path, (error as Error).message);
      return undefined;
    }
  }

  #ownChunk(path: string): Chunk | undefined {
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
    try {
      const { size, mtimeMs } = fs.fstatSync(fd);
      const scanned = scanChunk(fd, size, idOf(path));
      if (scanned === undefined) {
        this.#quarantine.move(path, size, size === 0 ? 'it is empty' : 'it has no head that is whole');
        return undefined;
      }
      const { head, begin, end, bytes, count, sealed, headDamaged } = scanned;
      if (headDamaged) {
        this.#quarantine.keep(path, 0, begin, 'one of its two heads is damaged; the other one serves');
      }
      if (end < size) {
        this.#quarantine.keep(path, end, size, 'what is there is no whole block; it is cut off');
        fs.ftruncateSync(fd, end);
      }
      const queued = sealed || path.endsWith('.queued');
      if (queued && !sealed) {
        this.#quarantine.keep(path, end, end, 'its end is missing');
      }
      if (count === 0) {
        fs.unlinkSync(path); // made, and the process died before the first event was whole in it; or nothing of it is left
        return undefined;
      }
      return this.#chunk(head, begin, path, end, { begin, modified: mtimeMs, bytes, count, sealed: queued });
    } finally {
      fs.closeSync(fd);
    }
  }

  async #fluentdChunk(path: string): Promise<Chunk | undefined> {
    const { log, id, single, takesText } = this.#settings;
    let chunk: FluentdChunk | undefined;
    try {
      chunk = await openFluentdChunk(path, {
        log,
        owner: id,
        single,
        damaged: (file, from, to, reason) => this.#quarantine.keep(file, from, to, reason),
        purged: () => {},
      });
    } catch (error) {
      throw new ForebayError('BUFFER_FLUENTD_REFUSED', { path, reason: (error as Error).message }, { cause: error });
    }
    if (chunk?.text !== undefined && !takesText) {
      const reason = 'its events are text already, which only the output that formatted them can write';
      throw new ForebayError('BUFFER_FLUENTD_REFUSED', { path, reason });
    }
    if (chunk !== undefined) {
      log.info({ path, events: chunk.count, bytes: chunk.stored }, 'A chunk that Fluentd left is taken over.');
    }
    return chunk;
  }

  #chunk(head: ChunkHead, begin: number, path: string, written: number, found?: FileChunkFound): FileChunk {
    const writer = new ChunkWriter(head, path, written, this.#writerSettings);
    this.#writers.add(writer);
    const settings: FileChunkSettings = {
      memory: this.#settings.memory,
      wasm: this.#settings.wasm,
      now: () => this.#settings.clock.now(),
      reads: this.#reads,
      queuedPath: ownName(this.#settings.path, head.id, 'queued'),
      damaged: (file, from, to, reason) => this.#quarantine.keep(file, from, to, reason),
      purged: () => {
        this.#writers.delete(writer);
        this.#filled.delete(writer);
        this.#recovered(writer);
      },
    };
    return new FileChunk(head, begin, writer, settings, found);
  }

  #fill(writer: ChunkWriter): void {
    this.#filled.add(writer);
    if (this.#filled.size > filledAtOnce) {
      this.#filled.delete(writer); // who appends to it is still at it
      this.#writeFilled();
      this.#filled.add(writer);
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#writeFilled();
      });
    }
  }

  #writeFilled(): void {
    const writers = [...this.#filled];
    this.#filled.clear();
    for (const writer of writers) {
      writer.write();
    }
  }

  #opened(writer: ChunkWriter, open: boolean): void {
    this.#open.delete(writer);
    if (open) {
      this.#open.add(writer);
      this.#closeIdle(openLimit);
    }
  }

  /** Closes files that are not in use until no more than `limit` are open. */
  #closeIdle(limit: number): void {
    for (const writer of this.#open) {
      if (this.#open.size <= limit) {
        return;
      }
      writer.rest();
    }
  }

  #failed(writer: ChunkWriter, error: NodeJS.ErrnoException): void {
    const { log, clock, modes, path } = this.#settings;
    this.#failures.value++;
    this.#failing.add(writer);
    if (error.code === 'EMFILE' || error.code === 'ENFILE') {
      this.#closeIdle(0);
    } else if (error.code === 'ENOENT') {
      fs.mkdir(path.folder, { recursive: true, mode: modes.folder }, () => {});
    }
    const now = clock.now();
    if (now - this.#said >= sayEvery) {
      this.#said = now;
      const fields = { path: writer.path, reason: error.message };
      log.error({ code: 'FILE_WRITE_FAILED', ...fields }, errorText('FILE_WRITE_FAILED', fields));
    }
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#retryWait = Math.min(this.#retryWait * 2, retryLast);
      for (const each of [...this.#failing]) {
        each.retry();
      }
    }, this.#retryWait);
  }

  #progressed(writer: ChunkWriter): void {
    if (this.#failing.size > 0) {
      this.#recovered(writer);
    }
  }

  #recovered(writer: ChunkWriter): void {
    if (this.#failing.delete(writer) && this.#failing.size === 0) {
      this.#said = Number.NEGATIVE_INFINITY;
      this.#retryWait = retryFirst;
      this.#settings.log.info({ code: 'FILE_WRITTEN_AGAIN' }, 'Files can be written again.');
    }
  }

  #syncAll(): void {
    for (const writer of this.#open) {
      writer.sync();
    }
  }
}

type FileChunkFound = ConstructorParameters<typeof FileChunk>[4];

/** Where chunks may lie: in the folder, and in those of Fluentd's workers. */
function foldersOf({ folder, whole }: ChunkPath): string[] {
  const workers = whole
    ? fs
        .readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && /^worker\d+$/.test(entry.name))
        .map(({ name }) => join(folder, name))
    : [];
  return [folder, ...workers];
}
