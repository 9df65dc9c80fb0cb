// Writes text to one file: one write in flight, little text at once, much of it in large writes beside the event loop, unless the file lies in
// memory, and syncs it where that is asked for. What cannot be written waits and is tried again by whoever owns the writer; nothing is lost meanwhile. Which file it is and how it
// is opened is the owner's business.
import fs from 'node:fs';
import { dirname } from 'node:path';
import { type Area, type AreaPool, AreaQueue } from './area-queue.ts';
import type { Compression } from './compression.ts';
import { identityOf, type OpenedFile } from './confined-file.ts';
import { isInMemory } from './memory-file.ts';

export interface FileWriterSettings {
  /** For files that get little, and for those that get much. */
  readonly small: AreaPool;
  readonly large: AreaPool;
  /** Undefined where text is written as it is. */
  readonly compression: Compression | undefined;
  /** A file that would grow beyond this ends, bytes; a single write is never divided. */
  readonly rotateSize: number;
  /** Whether `sync` is going to be called: a file that is closed before is synced then. */
  readonly durable: boolean;
  /**
   * Opens the file: called when there is something to write and it is not open; `again` says that it was before. Throws where that cannot be
   * done now.
   */
  open(again: boolean): OpenedFile;
  /** The file has ended, and is closed: what `open` opens next is to be another one. Throws where that cannot be done now. */
  rotate(): void;
  /** Told how many bytes more wait to be written, or fewer. */
  changed(bytes: number): void;
  /** Told when the file was opened or closed. */
  opened(open: boolean): void;
  /** Told when it cannot be written: `retry` is to be called later, or `drop`. */
  failed(error: NodeJS.ErrnoException): void;
  /** Told when all is written. */
  idle(): void;
}

const largestWrite = 1024 * 1024;
/** Less than this is written at once: that costs less than handing it to another thread. */
const writtenAtOnce = 64 * 1024;
/** How often it is looked whether the file is still where it was, ms. */
const lookEvery = 1000;

export class FileWriter {
  readonly #settings: FileWriterSettings;
  readonly #queue: AreaQueue;
  #file: OpenedFile | undefined;
  /** Writes of this many bytes and more are not done at once. */
  #largeFrom = writtenAtOnce;
  #wasOpen = false;
  /** Closed as soon as nothing is in flight. */
  #closing = false;
  #inFlight = false;
  #failing = false;
  /** What of the queue is counted. */
  #counted = 0;
  #looked = 0;
  /** What is left to be written of a compressed piece, the text that it stands for, and whether part of it is written. */
  #packed: Uint8Array | undefined;
  #packedText: Uint8Array | undefined;
  #packedTorn = false;
  /** Whether something was written since the last sync, and whether the file may have a name that was not synced. */
  #unsynced = false;
  #unnamed = false;
  /** What a sync at a close has said. */
  #syncError: Error | undefined;
  #syncWaiters: PromiseWithResolvers<void>[] = [];

  constructor(settings: FileWriterSettings) {
    this.#settings = settings;
    this.#queue = new AreaQueue(settings.small);
  }

  get pending(): number {
    return this.#queue.pending;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Whether a write failed, and has not been tried again. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Whether the next byte goes into the middle of a line, or of a compressed piece. */
  get torn(): boolean {
    return this.#queue.torn || this.#packedTorn;
  }

  /** Memory to append whole lines to; `commit` when they are there. */
  get area(): Area {
    return this.#queue.area;
  }

  /** The area is full: its text is written; returns another one, empty, of at least `size` bytes. */
  nextArea(size?: number): Area {
    this.#queue.seal();
    this.commit();
    this.write();
    // Behind the write, which goes back to small ones where it was one.
    this.#queue.pool = this.#settings.large;
    return this.#queue.nextArea(size);
  }

  /** Counts what was appended. */
  commit(): void {
    const { pending } = this.#queue;
    if (pending !== this.#counted) {
      const more = pending - this.#counted;
      this.#counted = pending;
      this.#settings.changed(more);
    }
  }

  /** Settles when all that is here now is written; undefined where it is. */
  whenWritten(): Promise<void> | undefined {
    return this.#queue.whenWritten();
  }

  /** Settles when all that was written is on the disk; rejects where nobody knows whether it is. */
  sync(): Promise<void> {
    if (!this.#unsynced && this.#syncError === undefined) {
      return Promise.resolve();
    }
    const waiter = Promise.withResolvers<void>();
    this.#syncWaiters.push(waiter);
    this.write();
    return waiter.promise;
  }

  /** Writes what waits, as far as that goes. */
  write(): void {
    while (!this.#inFlight && !this.#failing) {
      if (this.#syncWaiters.length > 0 && !this.torn) {
        this.#sync(this.#syncWaiters.splice(0));
        continue;
      }
      const bytes = this.#packed ?? this.#queue.head(largestWrite);
      if (bytes === undefined) {
        this.#written();
        return;
      }
      if (this.#packed === undefined && this.#settings.compression !== undefined) {
        this.#pack(bytes, this.#settings.compression);
        continue;
      }
      try {
        const { fd } = this.#ready(bytes.length);
        if (bytes.length >= this.#largeFrom) {
          this.#inFlight = true;
          fs.write(fd, bytes, 0, bytes.length, null, this.#done);
        } else {
          this.#advance(fs.writeSync(fd, bytes));
        }
      } catch (error) {
        this.#fail(error as NodeJS.ErrnoException);
      }
    }
  }

  /** After a failure: tries again. */
  retry(): void {
    this.#failing = false;
    this.#looked = 0;
    this.write();
  }

  /** Forgets what waits; those who wait for it hear `error`, or that it is done with. */
  drop(error?: Error): void {
    this.#failing = false;
    this.#packed = undefined;
    this.#packedText = undefined;
    this.#packedTorn = false;
    this.#queue.clear(error);
    this.commit();
    for (const { reject } of this.#syncWaiters.splice(0)) {
      reject(error ?? new Error('What was to be synced was dropped.'));
    }
    this.#written();
  }

  /** Closes the file as soon as what is in flight is written; what is written after that opens it again. */
  close(): void {
    this.#closing = true;
    if (!this.#inFlight && (this.#failing || this.#queue.pending === 0)) {
      this.#close();
    }
  }

  readonly #done = (error: NodeJS.ErrnoException | null, count: number): void => {
    this.#inFlight = false;
    if (error) {
      this.#fail(error);
    } else {
      this.#advance(count);
      this.write();
    }
  };

  #sync(waiters: readonly PromiseWithResolvers<void>[]): void {
    const done = (error: Error | null | undefined) => {
      for (const { resolve, reject } of waiters) {
        if (error) {
          reject(error);
        } else {
          resolve();
        }
      }
    };
    if (this.#file === undefined || !this.#unsynced || this.#syncError !== undefined) {
      const error = this.#syncError;
      this.#syncError = undefined;
      done(error);
      return;
    }
    this.#inFlight = true;
    this.#unsynced = false;
    syncFile(this.#file, this.#unnamed, (error) => {
      this.#inFlight = false;
      this.#unsynced ||= error !== null;
      this.#unnamed &&= error !== null;
      done(error);
      this.write();
    });
  }

  #advance(written: number): void {
    let count = written;
    this.#unsynced = this.#settings.durable;
    if (this.#file !== undefined) {
      this.#file.size += written;
    }
    if (this.#packed !== undefined && this.#packedText !== undefined) {
      this.#packedTorn = written < this.#packed.length;
      if (this.#packedTorn) {
        this.#packed = this.#packed.subarray(written);
        return;
      }
      count = this.#packedText.length;
      this.#packed = undefined;
      this.#packedText = undefined;
    }
    if (count < writtenAtOnce) {
      this.#queue.pool = this.#settings.small;
    }
    this.#queue.advance(count);
    this.commit();
  }

  /** Compresses what is to be written next, at once or as a write that is in flight. */
  #pack(text: Uint8Array, compression: Compression): void {
    this.#packedText = text;
    this.#inFlight = true;
    const packed = compression.pack(text, (error, bytes) => {
      this.#inFlight = false;
      if (error) {
        this.#fail(error);
        return;
      }
      // It may have been dropped meanwhile.
      if (this.#packedText === text) {
        this.#packed = bytes;
      }
      this.write();
    });
    if (packed !== undefined) {
      this.#inFlight = false;
      this.#packed = packed;
    }
  }

  #written(): void {
    this.#queue.release();
    if (this.#closing) {
      this.#close();
    }
    this.#settings.idle();
  }

  /** The file, open, and still the one that its name leads to. */
  #ready(count: number): OpenedFile {
    if (this.#file !== undefined && !this.torn) {
      if (this.#closing) {
        this.#close();
      } else if (this.#file.size > 0 && this.#file.size + count > this.#settings.rotateSize) {
        this.#close();
        this.#settings.rotate();
      } else {
        this.#look(this.#file);
      }
    }
    if (this.#file === undefined) {
      this.#file = this.#settings.open(this.#wasOpen);
      this.#largeFrom = isInMemory(this.#file.fd) ? Number.POSITIVE_INFINITY : writtenAtOnce;
      this.#wasOpen = true;
      this.#unnamed = true;
      this.#closing = false;
      this.#looked = performance.now();
      this.#settings.opened(true);
    }
    return this.#file;
  }

  /** Closes the file where somebody has moved or removed it. */
  #look(file: OpenedFile): void {
    const now = performance.now();
    if (now - this.#looked >= lookEvery) {
      this.#looked = now;
      const stat = fs.statSync(file.path, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined || identityOf(stat) !== file.identity) {
        this.#close();
      }
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failing = true;
    if (error.code === 'EBADF' || error.code === 'ESTALE') {
      this.#close();
    }
    this.#settings.failed(error);
  }

  #close(): void {
    this.#closing = false;
    if (this.#file !== undefined) {
      const { fd, path } = this.#file;
      this.#file = undefined;
      this.#settings.opened(false);
      if (this.#unsynced) {
        this.#unsynced = false;
        try {
          fs.fdatasyncSync(fd);
          syncFolderOf(path);
        } catch (error) {
          this.#syncError = error as Error;
        }
      }
      try {
        fs.closeSync(fd);
      } catch {
        // All that could be written is; what a close still says changes nothing.
      }
    }
  }
}

type Synced = (error: NodeJS.ErrnoException | null) => void;

/** Its bytes, and its name where that is asked for. */
function syncFile({ fd, path }: OpenedFile, named: boolean, done: Synced): void {
  fs.fdatasync(fd, (error) => {
    if (error || !named) {
      done(error);
      return;
    }
    fs.open(dirname(path), folderFlags, (failed, folder) => {
      if (failed) {
        done(failed);
        return;
      }
      fs.fsync(folder, (problem) => fs.close(folder, () => done(problem)));
    });
  });
}

function syncFolderOf(path: string): void {
  const folder = fs.openSync(dirname(path), folderFlags);
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}

const folderFlags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY;
