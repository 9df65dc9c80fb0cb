// Writes one chunk's file: batches are copied into areas, as blocks, and an area goes to the file in one write, one write at a time. Settles
// what was appended when it is held as durably as was asked for. What cannot be written waits in its area and is tried again; nothing is lost
// or refused meanwhile. When writes begin and when they are tried again is the store's business, reading the file the reader's.
import fs from 'node:fs';
import type { Batch } from '../core/batch.ts';
import type { AreaPool } from '../files/area-queue.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import { BlockFiller, largestBlock, type Piece } from './block-filler.ts';
import { ChunkFile } from './chunk-file.ts';
import { cutEntries } from './cut-entries.ts';
import { type ChunkHead, type Codec, encodeEnd, encodeHead } from './format.ts';
import type { Pace } from './pace.ts';
import { packBlocks } from './pack-blocks.ts';
import { PieceQueue } from './piece-queue.ts';
import { ChunkSums } from './sums.ts';

/** What the promise of a chunk is worth: against the death of the process, of the machine within a time, of the machine. */
export type Sync = 'none' | 'interval' | 'always';

export interface WriterSettings {
  readonly small: AreaPool;
  readonly large: AreaPool;
  readonly codec: Codec;
  readonly sync: Sync;
  readonly fileMode: number;
  readonly wasm: Wasm | undefined;
  readonly pace: Pace;
  /** The folder of the files, open. */
  readonly folder: () => number;
  /** Something waits: `write` is to be called at the end of the turn. */
  filled(writer: ChunkWriter): void;
  opened(writer: ChunkWriter, open: boolean): void;
  /** It cannot be written: `retry` is to be called later. */
  failed(writer: ChunkWriter, error: NodeJS.ErrnoException): void;
  /** Bytes have reached the file. */
  progressed(writer: ChunkWriter): void;
}

/** Less than this is written at once: that costs less than handing it to another thread. */
const writtenAtOnce = 64 * 1024;
/** A batch of so many bytes is written at once, from where it is, as long as the disk is quick about it. */
const directFrom = 16 * 1024;

export class ChunkWriter {
  readonly #settings: WriterSettings;
  readonly #head: ChunkHead;
  readonly #sums: ChunkSums;
  readonly #file: ChunkFile;
  readonly #filler: BlockFiller;
  readonly #queue = new PieceQueue();
  #written: number;
  #busy = false;
  #syncing = false;
  #dirty = false;
  #failing = false;
  #unwriteDue = false;
  #sealed = false;
  #queuedPath = '';
  /** Those who wait until nothing is under way: a purge and a close may both. */
  readonly #waiting: (() => void)[] = [];
  #purged = false;

  /** `written` is the length of a file that is there, and 0 for one that is made with the first write. */
  constructor(head: ChunkHead, path: string, written: number, settings: WriterSettings) {
    this.#settings = settings;
    this.#head = head;
    this.#sums = new ChunkSums(head.id, settings.wasm);
    this.#written = written;
    this.#file = new ChunkFile(path, written > 0, {
      mode: settings.fileMode,
      folder: settings.folder,
      opened: (open) => settings.opened(this, open),
    });
    const { small, large, codec } = settings;
    this.#filler = new BlockFiller({
      small,
      large,
      packed: codec === 'none',
      chunkTag: head.metadata.tag,
      sums: this.#sums,
      head: () => (this.#written > 0 || !this.#queue.isEmpty ? undefined : encodeHead(this.#head)),
      full: (piece) => {
        this.#queue.push(piece);
        this.write();
      },
    });
  }

  get path(): string {
    return this.#file.path;
  }

  /** Bytes of whole blocks in the file. */
  get written(): number {
    return this.#written;
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    return this.#filler.used + this.#queue.pending;
  }

  /** Takes the batch; settles when it is held as durably as was asked for. Nothing is returned where it is already. */
  append(batch: Batch): Promise<void> | undefined {
    const { entries } = batch;
    if (entries.length <= largestBlock) {
      if (entries.length >= directFrom && this.#writeDirect(batch)) {
        return undefined;
      }
      return this.#settles(this.#filler.add(batch, entries, batch.count));
    }
    let settled = Promise.resolve();
    for (const part of cutEntries(entries, largestBlock, this.#settings.wasm)) {
      // They are written in their order: the last one settles all.
      settled = this.#settles(this.#filler.add(batch, part.entries, part.count));
    }
    return settled;
  }

  /** No more batches come: the end is written, and the file is `path` from then on. */
  end(count: number, bytes: number, path: string): Promise<void> {
    const piece = this.#filler.addBlock(encodeEnd(count, bytes, this.#sums));
    this.#sealed = true;
    this.#queuedPath = path;
    return this.#settles(piece);
  }

  /** Begins to write what waits. */
  write(): void {
    while (!this.#busy && !this.#failing && !this.#purged) {
      const piece = this.#next();
      if (piece === undefined) {
        this.#allWritten();
        return;
      }
      const { codec } = this.#settings;
      if (!piece.packed && codec !== 'none') {
        this.#pack(piece, codec);
        return;
      }
      try {
        const fd = this.#file.open();
        const from = this.#queue.done;
        const length = piece.bytes.length - from;
        if (length >= writtenAtOnce) {
          this.#busy = true;
          fs.write(fd, piece.bytes, from, length, this.#written + from, this.#wrote);
        } else {
          this.#advance(fs.writeSync(fd, piece.bytes, from, length, this.#written + from));
        }
      } catch (error) {
        this.#fail(error as NodeJS.ErrnoException);
      }
    }
  }

  /** After a failure: tries again. */
  retry(): void {
    this.#failing = false;
    this.write();
  }

  /** Syncs what was written since the last time (`sync interval`). */
  sync(): void {
    if (this.#dirty && !this.#syncing && this.#file.fd !== undefined) {
      this.#dirty = false;
      this.#sync(this.#file.fd, (error) => {
        if (error) {
          this.#dirty = true;
          this.#settings.failed(this, error);
        }
      });
    }
  }

  /** What is not in the file yet, as it would stand there. A copy. */
  unwritten(): Uint8Array {
    return Buffer.concat([...this.#queue.contents, this.#filler.complete()]);
  }

  /** Closes the file for the time being; what is written later opens it again. False where it is in use. */
  rest(): boolean {
    if (this.#busy || this.#syncing || this.#dirty || !this.#queue.isEmpty || this.#filler.used > 0) {
      return false;
    }
    this.#file.close();
    return true;
  }

  /** Writes what waits, as far as that goes, and closes the file. What cannot be written is refused with `error`. */
  async close(error: Error): Promise<void> {
    this.retry();
    await this.#idle();
    this.sync();
    await this.#idle();
    this.#drop(error);
    this.#file.close();
  }

  /** Forgets what waits, of which nothing is needed any more, and removes the file. */
  async purge(): Promise<void> {
    this.#purged = true;
    await this.#idle();
    this.#drop(undefined);
    this.#file.close();
    await this.#file.remove();
  }

  /** Writes the batch from where it is, which saves a copy of it. False where it has to wait, or where the disk does not take it at once. */
  #writeDirect(batch: Batch): boolean {
    const { sync, codec, pace } = this.#settings;
    const idle = !this.#busy && !this.#failing && this.#queue.isEmpty;
    if (!idle || sync === 'always' || codec !== 'none' || pace.slow) {
      return false;
    }
    this.#queue.push(this.#filler.take());
    const start = this.#filler.startOf(batch);
    const pieces = [...this.#queue.contents, start, batch.entries];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const began = performance.now();
    try {
      if (fs.writevSync(this.#file.open(), pieces, this.#written) < length) {
        return false; // the same bytes are written there once more, the usual way
      }
    } catch {
      return false; // as above: what is wrong shows there
    }
    pace.took(performance.now() - began);
    this.#written += length;
    this.#dirty = sync === 'interval';
    this.#queue.releaseWaiting();
    this.#settings.progressed(this);
    return true;
  }

  #settles({ area }: Piece): Promise<void> {
    if (area.settled === undefined) {
      area.settled = Promise.withResolvers();
      this.#settings.filled(this);
    }
    return area.settled.promise;
  }

  #next(): Piece | undefined {
    if (this.#queue.isEmpty) {
      this.#queue.push(this.#filler.take());
    }
    return this.#queue.first;
  }

  /** Compresses the blocks of an area. */
  #pack(piece: Piece, codec: Exclude<Codec, 'none'>): void {
    this.#busy = true;
    packBlocks(piece.bytes, codec, this.#sums).then(
      (bytes) => {
        piece.bytes = bytes;
        piece.packed = true;
        this.#busy = false;
        this.#unwriteIfDue();
        this.#afterwards();
      },
      (error: NodeJS.ErrnoException) => {
        this.#busy = false;
        this.#fail(error);
      },
    );
  }

  readonly #wrote = (error: NodeJS.ErrnoException | null, count: number): void => {
    this.#busy = false;
    if (this.#unwriteIfDue()) {
      this.#afterwards();
    } else if (error) {
      this.#fail(error);
    } else {
      this.#advance(count);
      this.#afterwards();
    }
  };

  /** An operation is over. */
  #afterwards(): void {
    this.write();
    if (!this.#busy && !this.#syncing) {
      this.#tell();
    }
  }

  #advance(count: number): void {
    const always = this.#settings.sync === 'always';
    const length = this.#queue.advance(count, always);
    if (length === 0) {
      return;
    }
    this.#written += length;
    this.#settings.progressed(this);
    if (always) {
      this.#syncWritten();
    } else {
      this.#dirty = this.#settings.sync === 'interval';
    }
  }

  /** One sync at a time; what is written while it runs is covered by the next. */
  #syncWritten(): void {
    const covered = this.#queue.unsynced;
    if (this.#syncing || covered === 0 || this.#file.fd === undefined) {
      return;
    }
    this.#sync(this.#file.fd, (error) => {
      if (error) {
        // The pages may be gone, and a second sync would say nothing of it.
        this.#unwriteDue = true;
        this.#unwriteIfDue();
        this.#fail(error);
        return;
      }
      this.#queue.releaseUnsynced(covered);
      this.#syncWritten();
    });
  }

  #sync(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    this.#syncing = true;
    this.#file.sync(fd, (error) => {
      this.#syncing = false;
      done(error);
      this.#afterwards();
    });
  }

  /** What is written and not synced is to be written again, as soon as nothing is being written. */
  #unwriteIfDue(): boolean {
    if (!this.#unwriteDue || this.#busy) {
      return false;
    }
    this.#unwriteDue = false;
    this.#written -= this.#queue.unwrite();
    return true;
  }

  /** Of a chunk that takes no more batches the file gets its last name, and is closed. */
  #allWritten(): void {
    if (!this.#sealed || this.#syncing || this.#busy || this.#queue.unsynced > 0) {
      return;
    }
    this.#file.rename(this.#queuedPath);
    if (!this.#dirty) {
      this.#file.close();
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failing = true;
    this.#settings.failed(this, error);
    if (!this.#busy && !this.#syncing) {
      this.#tell();
    }
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  #drop(error: Error | undefined): void {
    this.#queue.push(this.#filler.take());
    this.#queue.drop(error);
  }

  /** Settles when nothing is under way: all is written, or cannot be. */
  async #idle(): Promise<void> {
    while (this.#busy || this.#syncing) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
