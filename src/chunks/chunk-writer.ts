// Writes one chunk's file: batches are copied into areas, as blocks, and an area goes to the file in one write, one write at a time. Settles
// what was appended when it is held as durably as was asked for. What cannot be written waits in its area and is tried again; nothing is lost
// or refused meanwhile. When writes begin and when they are tried again is the store's business, reading the file the reader's.
import fs from 'node:fs';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import type { Batch, Origin, Tag } from '../core/batch.ts';
import type { AreaPool } from '../files/area-queue.ts';
import { needMore, Skip } from '../msgpack/skip.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import {
  type BlockHead,
  blockSize,
  type ChunkHead,
  type Codec,
  decodeBlock,
  encodeBlock,
  encodeBlockHead,
  encodeEnd,
  encodeHead,
  kinds,
  seedOf,
} from './format.ts';

/** What the promise of a chunk is worth: against the death of the process, of the machine within a time, of the machine. */
export type Sync = 'none' | 'interval' | 'always';

export interface WriterSettings {
  readonly small: AreaPool;
  readonly large: AreaPool;
  readonly codec: Codec;
  readonly sync: Sync;
  readonly fileMode: number;
  readonly wasm: Wasm | undefined;
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

type Area = ReturnType<AreaPool['take']>;

/** An area of blocks on its way to the file. */
interface Piece {
  readonly area: Area;
  /** What is written: the area's bytes, or what they were compressed to. */
  bytes: Uint8Array;
  packed: boolean;
}

/** Batches larger than this are cut between events, so that whoever reads a chunk needs no more memory than this and a bit. */
export const largestBlock = 1024 * 1024;
/** Less than this is written at once: that costs less than handing it to another thread. */
const writtenAtOnce = 64 * 1024;

export class ChunkWriter {
  readonly #settings: WriterSettings;
  readonly #head: ChunkHead;
  readonly #seed: number;
  #path: string;
  #fd: number | undefined;
  /** Whether the file is there. */
  #exists: boolean;
  /** Whether its name is safe from the machine's death. */
  #nameSynced: boolean;
  // The block that is being filled, in the current area.
  #current: Piece | undefined;
  #tag: Tag | undefined;
  #origin: Origin | undefined;
  #blockHead: BlockHead | undefined;
  #blockAt = -1;
  #blockCount = 0;
  #blockArrived = 0;
  readonly #waiting: Piece[] = [];
  /** Written, and kept until they are synced (`sync always`): a failed sync means that they may be gone from the page cache. */
  readonly #unsynced: Piece[] = [];
  /** Of the first that waits: what is written. */
  #done = 0;
  #written: number;
  #busy = false;
  #syncing = false;
  #dirty = false;
  #failing = false;
  #unwriteDue = false;
  #sealed = false;
  #queuedPath = '';
  #ended: (() => void) | undefined;
  #purged = false;

  /** `written` is the length of a file that is there, and 0 for one that is made with the first write. */
  constructor(head: ChunkHead, path: string, written: number, settings: WriterSettings) {
    this.#settings = settings;
    this.#head = head;
    this.#seed = seedOf(head.id);
    this.#path = path;
    this.#written = written;
    this.#exists = written > 0;
    this.#nameSynced = settings.sync === 'none';
  }

  get path(): string {
    return this.#path;
  }

  /** Bytes of whole blocks in the file. */
  get written(): number {
    return this.#written;
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    let bytes = this.#current?.area.used ?? 0;
    for (const piece of this.#waiting) {
      bytes += piece.bytes.length;
    }
    return bytes;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Takes the batch; settles when it is held as durably as was asked for. */
  append(batch: Batch): Promise<void> {
    const { entries } = batch;
    if (entries.length <= largestBlock) {
      return this.#add(batch, entries, batch.count);
    }
    const skip = new Skip();
    let from = 0;
    let count = 0;
    for (let at = 0; at < entries.length; count++) {
      const next = skip.runLarge(this.#settings.wasm, entries, at, entries.length);
      if (next < 0) {
        throw new TypeError(next === needMore ? 'A batch ends within an event.' : 'A batch is no msgpack.');
      }
      if (next - from > largestBlock && count > 0) {
        void this.#add(batch, entries.subarray(from, at), count); // written before the last part, which settles it
        from = at;
        count = 0;
      }
      at = next;
    }
    return this.#add(batch, entries.subarray(from), count);
  }

  /** No more batches come: the end is written, and the file is `path` from then on. */
  end(count: number, bytes: number, path: string): Promise<void> {
    const end = encodeEnd(count, bytes, this.#seed);
    this.#closeBlock();
    const piece = this.#room(end.length);
    piece.area.bytes.set(end, piece.area.used);
    piece.area.used += end.length;
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
      if (!piece.packed) {
        this.#pack(piece);
        return;
      }
      try {
        const fd = this.#open();
        const from = this.#done;
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
    if (this.#dirty && !this.#syncing && this.#fd !== undefined) {
      this.#dirty = false;
      this.#sync(this.#fd, (error) => {
        if (error) {
          this.#dirty = true;
          this.#settings.failed(this, error);
        }
      });
    }
  }

  /** What is not in the file yet, as it would stand there. A copy. */
  unwritten(): Uint8Array {
    this.#closeBlock();
    const pieces = this.#waiting.map(({ bytes }) => bytes);
    const { area } = this.#current ?? {};
    return Buffer.concat(area === undefined ? pieces : [...pieces, area.bytes.subarray(0, area.used)]);
  }

  /** Closes the file for the time being; what is written later opens it again. False where it is in use. */
  rest(): boolean {
    if (this.#busy || this.#syncing || this.#dirty || this.#waiting.length > 0 || this.#current !== undefined) {
      return false;
    }
    this.#close();
    return true;
  }

  /** Writes what waits, as far as that goes, and closes the file. What cannot be written is refused with `error`. */
  async close(error: Error): Promise<void> {
    this.retry();
    await this.#idle();
    this.sync();
    await this.#idle();
    this.#drop(error);
    this.#close();
  }

  /** Forgets what waits, of which nothing is needed any more, and removes the file. */
  async purge(): Promise<void> {
    this.#purged = true;
    await this.#idle();
    this.#drop(undefined);
    this.#close();
    if (this.#exists) {
      await fs.promises.rm(this.#path, { force: true });
    }
  }

  #add(batch: Batch, entries: Uint8Array, count: number): Promise<void> {
    const { tag, origin } = batch;
    const { area } = this.#current ?? {};
    const fits =
      this.#blockAt >= 0 &&
      tag === this.#tag &&
      origin === this.#origin &&
      area !== undefined &&
      area.used + entries.length <= area.bytes.length &&
      area.used - this.#blockAt + entries.length <= largestBlock;
    if (!fits) {
      this.#begin(tag, origin, entries.length);
      this.#blockArrived = batch.arrived;
    }
    const piece = this.#current as Piece;
    piece.area.bytes.set(entries, piece.area.used);
    piece.area.used += entries.length;
    this.#blockCount += count;
    return this.#settles(piece);
  }

  /** A new block, of at least `length` bytes of entries. */
  #begin(tag: Tag, origin: Origin, length: number): void {
    this.#closeBlock();
    if (this.#blockHead === undefined || tag !== this.#tag || origin !== this.#origin) {
      const chunkTag = this.#head.metadata.tag;
      const same = chunkTag !== undefined && Buffer.compare(chunkTag.bytes, tag.bytes) === 0;
      this.#blockHead = encodeBlockHead(same ? undefined : tag, origin);
      this.#tag = tag;
      this.#origin = origin;
    }
    const piece = this.#room(blockSize + this.#blockHead.bytes.length + length);
    this.#blockAt = piece.area.used;
    this.#blockCount = 0;
    piece.area.used += blockSize + this.#blockHead.bytes.length;
  }

  /** The block that is being filled is complete. */
  #closeBlock(): void {
    const piece = this.#current;
    const head = this.#blockHead;
    if (piece !== undefined && head !== undefined && this.#blockAt >= 0) {
      const { area } = piece;
      const length = area.used - this.#blockAt - blockSize - head.bytes.length;
      const body = { kind: kinds.events, codec: 'none', count: this.#blockCount, rawLength: length } as const;
      encodeBlock(area.bytes, this.#blockAt, head, length, { ...body, arrived: this.#blockArrived }, this.#seed);
      this.#blockAt = -1;
    }
  }

  /** An area with that much room; the head of the file stands in the first one. */
  #room(bytes: number): Piece {
    const first = this.#current === undefined && !this.#exists && this.#written === 0 && this.#waiting.length === 0;
    const head = first ? encodeHead(this.#head) : undefined;
    const needed = bytes + (head?.length ?? 0);
    const area = this.#current?.area;
    if (area === undefined || area.used + needed > area.bytes.length) {
      // Much comes in this turn: the next areas are large ones.
      const { small, large } = this.#settings;
      const pool = area === undefined && needed <= small.size / 2 ? small : large;
      this.#seal();
      if (area !== undefined) {
        this.write();
      }
      const next = needed <= pool.size ? pool.take() : pool.make(needed);
      this.#current = { area: next, bytes: next.bytes, packed: this.#settings.codec === 'none' };
    }
    const piece = this.#current as Piece;
    if (head !== undefined) {
      piece.area.bytes.set(head, piece.area.used);
      piece.area.used += head.length;
    }
    return piece;
  }

  #settles({ area }: Piece): Promise<void> {
    if (area.settled === undefined) {
      area.settled = Promise.withResolvers();
      this.#settings.filled(this);
    }
    return area.settled.promise;
  }

  /** The current area is complete. */
  #seal(): void {
    this.#closeBlock();
    const piece = this.#current;
    if (piece !== undefined) {
      this.#current = undefined;
      piece.bytes = piece.area.bytes.subarray(0, piece.area.used);
      this.#waiting.push(piece);
    }
  }

  #next(): Piece | undefined {
    if (this.#waiting.length === 0) {
      this.#seal();
    }
    return this.#waiting[0];
  }

  /** Compresses the blocks of an area. */
  #pack(piece: Piece): void {
    this.#busy = true;
    packBlocks(piece.bytes, this.#settings.codec, this.#seed).then(
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
      this.#ended?.();
    }
  }

  #advance(count: number): void {
    const [piece] = this.#waiting;
    this.#done += count;
    if (piece === undefined || this.#done < piece.bytes.length) {
      return;
    }
    this.#waiting.shift();
    this.#written += this.#done;
    this.#done = 0;
    this.#settings.progressed(this);
    if (this.#settings.sync === 'always') {
      this.#unsynced.push(piece);
      this.#syncWritten();
    } else {
      this.#dirty = this.#settings.sync === 'interval';
      release(piece);
    }
  }

  /** One sync at a time; what is written while it runs is covered by the next. */
  #syncWritten(): void {
    const covered = this.#unsynced.length;
    if (this.#syncing || covered === 0 || this.#fd === undefined) {
      return;
    }
    this.#sync(this.#fd, (error) => {
      if (error) {
        // The pages may be gone, and a second sync would say nothing of it.
        this.#unwriteDue = true;
        this.#unwriteIfDue();
        this.#fail(error);
        return;
      }
      for (const piece of this.#unsynced.splice(0, covered)) {
        release(piece);
      }
      this.#syncWritten();
    });
  }

  #sync(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    this.#syncing = true;
    fs.fdatasync(fd, (failed) => {
      this.#syncing = false;
      let error = failed;
      try {
        if (!error && !this.#nameSynced) {
          fs.fsyncSync(this.#settings.folder());
          this.#nameSynced = true;
        }
      } catch (caught) {
        error = caught as NodeJS.ErrnoException;
      }
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
    for (const piece of this.#unsynced) {
      this.#written -= piece.bytes.length;
    }
    this.#waiting.unshift(...this.#unsynced.splice(0));
    this.#done = 0;
    return true;
  }

  /** Of a chunk that takes no more batches the file gets its last name, and is closed. */
  #allWritten(): void {
    if (!this.#sealed || this.#syncing || this.#busy || this.#unsynced.length > 0) {
      return;
    }
    if (this.#path !== this.#queuedPath) {
      try {
        fs.renameSync(this.#path, this.#queuedPath);
        this.#path = this.#queuedPath;
      } catch {
        // The record in the file is what counts.
      }
    }
    if (!this.#dirty) {
      this.#close();
    }
  }

  #open(): number {
    if (this.#fd === undefined) {
      const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
      const create = this.#exists ? 0 : O_CREAT | O_EXCL;
      this.#fd = fs.openSync(this.#path, O_RDWR | O_NOFOLLOW | create, this.#settings.fileMode);
      this.#exists = true;
      this.#settings.opened(this, true);
    }
    return this.#fd;
  }

  #close(): void {
    if (this.#fd !== undefined) {
      const fd = this.#fd;
      this.#fd = undefined;
      this.#settings.opened(this, false);
      try {
        fs.closeSync(fd);
      } catch {
        // All that could be written is; what a close still says changes nothing.
      }
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failing = true;
    this.#settings.failed(this, error);
    if (!this.#busy && !this.#syncing) {
      this.#ended?.();
    }
  }

  #drop(error: Error | undefined): void {
    for (const { area } of [...this.#unsynced.splice(0), ...this.#waiting.splice(0), this.#current ?? []].flat()) {
      if (error === undefined) {
        area.settled?.resolve();
      } else {
        area.settled?.promise.catch(() => {}); // whoever waits hears of it; nobody need wait
        area.settled?.reject(error);
      }
      area.pool.give(area);
    }
    this.#current = undefined;
    this.#blockAt = -1;
    this.#done = 0;
  }

  /** Settles when nothing is under way: all is written, or cannot be. */
  async #idle(): Promise<void> {
    while (this.#busy || this.#syncing) {
      await new Promise<void>((resolve) => {
        this.#ended = resolve;
      });
    }
  }
}

function release({ area }: Piece): void {
  area.settled?.resolve();
  area.pool.give(area);
}

const packers = { gzip: promisify(gzip), zstd: promisify(zstdCompress) } as const;

/** The head of the file and other blocks stay as they are. */
async function packBlocks(bytes: Uint8Array, codec: Codec, seed: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let plain = 0;
  for (let at = 0; at < bytes.length; ) {
    const block = decodeBlock(bytes, at, bytes.length, seed);
    if (typeof block !== 'object') {
      at++; // the head of the file
      continue;
    }
    const begin = at + blockSize + block.headLength;
    if (block.kind === kinds.events && codec !== 'none') {
      const packed = await packers[codec](bytes.subarray(begin, at + block.size));
      if (packed.length < block.length) {
        const head = { tagLength: block.tagLength, bytes: bytes.subarray(at + blockSize, begin) };
        const whole = Buffer.alloc(blockSize + block.headLength + packed.length);
        whole.set(packed, blockSize + block.headLength);
        const body = { kind: block.kind, codec, count: block.count, rawLength: block.length, arrived: block.arrived };
        encodeBlock(whole, 0, head, packed.length, body, seed);
        parts.push(bytes.subarray(plain, at), whole);
        plain = at + block.size;
      }
    }
    at += block.size;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(plain)]);
}
