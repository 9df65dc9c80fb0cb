// All files that one output writes, each known by a key: opens them under their final names, writes what was put into them once a turn, keeps no
// more open than it may, closes those whose time is over, and goes on trying where the disk takes nothing. What the keys are and what stands in
// the files is the output's business.

import type { Counter } from '../core/counters.ts';
import { errorText, ForebayError } from '../core/errors.ts';
import type { IoMemory } from '../core/io-memory.ts';
import { Drains, Room } from '../core/room.ts';
import { AreaPool } from './area-queue.ts';
import { PathRefused } from './confined-file.ts';
import { type FileName, FileOpener, type FileOpenerSettings } from './file-opener.ts';
import { FileWriter } from './file-writer.ts';
import { LiveFile } from './live-file.ts';
import { Retention, type RetentionSettings } from './retention.ts';

export interface FileSetSettings extends FileOpenerSettings {
  /** Files that are open at a time. */
  readonly openLimit: number;
  /** Where the memory for text is taken from. */
  readonly memory: IoMemory | undefined;
  /** Text to be compressed that nobody waits for is gathered for so long, ms. */
  readonly gather: number;
  /** Whether `sync` is going to be called. */
  readonly durable: boolean;
  /** Undefined where no file is ever removed. */
  readonly retention: RetentionSettings | undefined;
  readonly failures: Counter;
  /** Files that were closed because too many are open. */
  readonly closedEarly: Counter;
  /** Bytes that were dropped, because something lies in their file's way that must not be written to. */
  readonly refusedBytes: Counter;
}

/** Files of which the names are remembered, for each that may be open. */
const knownPerOpen = 16;
/** Files that are filled in one turn before what is in them is written. */
const filledAtOnce = 64;
/** More text than this is not gathered before it is compressed, bytes. */
const gatheredBytes = 1024 * 1024;
const retryFirst = 100;
const retryLast = 5000;
/** Files that are tried again in one go. */
const retriedAtOnce = 64;
/** While nothing can be written, that is said so often, ms. */
const sayEvery = 60_000;

export class FileSet {
  readonly #settings: FileSetSettings;
  readonly #opener: FileOpener;
  readonly #small: AreaPool;
  readonly #large: AreaPool;
  /** By key, the least used first. */
  readonly #files = new Map<string, LiveFile>();
  /** Those with another one in their place, that have something left to write. */
  readonly #leaving = new Set<LiveFile>();
  readonly #open = new Set<LiveFile>();
  readonly #filled = new Set<LiveFile>();
  /** The one that was put there last. */
  #lastFilled: LiveFile | undefined;
  /** The same, of those that are gathered first. */
  readonly #gathered = new Set<LiveFile>();
  readonly #retention: Retention | undefined;
  readonly #failing = new Set<LiveFile>();
  /** Tried again, with no answer yet. */
  readonly #retried = new Set<LiveFile>();
  readonly #room = new Room();
  readonly #drains = new Drains();
  #latest: LiveFile | undefined;
  #pending = 0;
  #scheduled = false;
  #gatherTimer: NodeJS.Timeout | undefined;
  #retryWait = retryFirst;
  #retryTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #sweepAt = Number.POSITIVE_INFINITY;
  #said = Number.NEGATIVE_INFINITY;

  constructor(settings: FileSetSettings) {
    this.#settings = settings;
    this.#opener = new FileOpener(settings);
    this.#small = new AreaPool(64 * 1024, filledAtOnce, settings.memory);
    this.#large = new AreaPool(1024 * 1024, 2, settings.memory);
    const { retention } = settings;
    this.#retention = retention && new Retention(retention, (path) => this.#opener.isTaken(path));
  }

  /** Begins to look after files of earlier runs. */
  start(): void {
    this.#retention?.look(0);
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    return this.#pending;
  }

  /** The file of a key, if it is known. */
  get(key: string): LiveFile | undefined {
    const file = this.#files.get(key);
    if (file !== undefined && file !== this.#latest) {
      this.#latest = file;
      this.#files.delete(key);
      this.#files.set(key, file);
      if (this.#open.delete(file)) {
        this.#open.add(file);
      }
    }
    return file;
  }

  /** A new file for a key. It is opened when there is something to write. */
  add(key: string, name: FileName): LiveFile {
    const [oldest] = this.#files.values();
    if (oldest !== undefined && this.#files.size >= this.#settings.openLimit * knownPerOpen) {
      this.#retire(oldest);
    }
    const file = new LiveFile(key, name, (self) => this.#writer(self));
    file.lastWrite = this.#settings.clock.now();
    this.#files.set(key, file);
    this.#latest = file;
    this.#sweepBefore(this.#dueAt(file));
    return file;
  }

  /**
   * What was put into the file's area is written in this turn of the event loop. With `wait`, the promise settles when it is; without, there
   * is one only where more than `limit` bytes wait for all files, and it settles when half of them are gone.
   */
  commit(file: LiveFile, wait: boolean, limit: number): Promise<void> | undefined {
    file.writer.commit();
    const written = wait ? file.writer.whenWritten() : undefined;
    if (!wait && this.#settings.compression !== undefined) {
      this.#gather(file, Math.min(limit, gatheredBytes));
      return this.#pending > limit ? this.#room.when(limit) : undefined;
    }
    if (file !== this.#lastFilled) {
      this.#lastFilled = file;
      this.#filled.add(file);
      this.#gathered.delete(file);
    }
    if (this.#filled.size > filledAtOnce) {
      this.#writeFilled();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#writeFilled();
      });
    }
    return wait ? written : this.#pending > limit ? this.#room.when(limit) : undefined;
  }

  /** Settles when all that was written is on the disk; rejects where nobody knows whether it is. */
  async sync(): Promise<void> {
    await Promise.all([...this.#files.values(), ...this.#leaving].map((file) => file.writer.sync()));
  }

  /** Ends the files: what comes next goes into ones with the next number, or into the same ones, opened anew. */
  flush(files: Iterable<LiveFile> = this.#files.values()): void {
    this.#writeAll();
    this.#opener.continues = false;
    for (const file of [...files]) {
      if (file.name.numbered) {
        this.#retire(file);
      } else {
        file.writer.close();
      }
    }
  }

  /** Writes what waits until `signal` aborts, then closes all. Returns the bytes that could not be written. */
  async stop(signal: AbortSignal): Promise<number> {
    this.#writeAll();
    await this.#retention?.stop();
    if (this.#pending > 0 && !signal.aborted) {
      await this.#drains.wait(signal);
    }
    const left = this.#pending;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#sweepTimer);
    clearTimeout(this.#gatherTimer);
    const error = new ForebayError('FILE_UNWRITTEN', { bytes: left });
    for (const file of [...this.#files.values(), ...this.#leaving]) {
      file.writer.drop(error);
      file.writer.close();
    }
    this.#room.fail(error);
    this.#files.clear();
    this.#latest = undefined;
    return left;
  }

  #writer(file: LiveFile): FileWriter {
    return new FileWriter({
      small: this.#small,
      large: this.#large,
      compression: this.#settings.compression,
      rotateSize: this.#settings.rotateSize,
      durable: this.#settings.durable,
      open: (again) => this.#opener.open(file, again),
      rotate: () => this.#opener.rotate(file),
      changed: (bytes) => {
        this.#pending += bytes;
        if (bytes < 0) {
          this.#room.update(this.#pending);
          this.#progressed(file);
        }
      },
      opened: (open) => this.#opened(file, open),
      failed: (error) => this.#failed(file, error),
      idle: () => this.#idle(file),
    });
  }

  /** Many events make one compressed piece where nobody waits for them, and the bound leaves room. */
  #gather(file: LiveFile, limit: number): void {
    this.#gathered.add(file);
    if (this.#gathered.size > filledAtOnce || this.#pending > limit) {
      this.#writeAll();
    } else {
      this.#gatherTimer ??= setTimeout(() => this.#writeAll(), this.#settings.gather);
    }
  }

  #writeAll(): void {
    clearTimeout(this.#gatherTimer);
    this.#gatherTimer = undefined;
    for (const file of this.#gathered) {
      this.#filled.add(file);
    }
    this.#gathered.clear();
    this.#writeFilled();
  }

  #writeFilled(): void {
    const now = this.#settings.clock.now();
    for (const file of this.#filled) {
      file.lastWrite = now;
      file.writer.write();
    }
    this.#filled.clear();
    this.#lastFilled = undefined;
  }

  #idle(file: LiveFile): void {
    if (this.#leaving.delete(file)) {
      // What was still to be written may have opened it again.
      file.writer.close();
      this.#opener.forget(file);
    }
    if (this.#pending === 0) {
      this.#drains.end();
    }
  }

  #opened(file: LiveFile, open: boolean): void {
    this.#open.delete(file);
    if (!open) {
      return;
    }
    this.#open.add(file);
    this.#retention?.look();
    for (const other of this.#open) {
      if (this.#open.size <= this.#settings.openLimit) {
        break;
      }
      if (other !== file) {
        this.#settings.closedEarly.value++;
        other.writer.close();
      }
    }
  }

  /** Another file takes the place of this one, when its key comes again. */
  #retire(file: LiveFile): void {
    this.#files.delete(file.key);
    if (this.#latest === file) {
      this.#latest = undefined;
    }
    if (file.writer.pending > 0) {
      this.#leaving.add(file);
    }
    file.writer.close();
    if (!this.#leaving.has(file)) {
      this.#opener.forget(file);
    }
  }

  #failed(file: LiveFile, error: NodeJS.ErrnoException): void {
    this.#settings.failures.value++;
    if (error instanceof PathRefused) {
      this.#settings.refusedBytes.value += file.writer.pending;
      this.#opener.sayRefused(error.message, 'The events of that file are dropped.');
      this.#retried.delete(file);
      file.writer.drop();
      return;
    }
    this.#failing.add(file);
    this.#retried.delete(file);
    if (error.code === 'EMFILE' || error.code === 'ENFILE') {
      const [oldest] = this.#open;
      oldest?.writer.close();
    }
    const now = this.#settings.clock.now();
    if (now - this.#said >= sayEvery) {
      this.#said = now;
      const { base, head, tail } = file.name;
      const fields = { path: `${base}/${file.path ?? head + tail}`, reason: error.message };
      this.#settings.log.error(
        { ...fields, code: 'FILE_WRITE_FAILED', waiting: this.#pending },
        errorText('FILE_WRITE_FAILED', fields),
      );
    }
    this.#retryLater();
  }

  #retryLater(): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#retryWait = Math.min(this.#retryWait * 2, retryLast);
      this.#retry();
    }, this.#retryWait);
  }

  #retry(): void {
    for (const file of [...this.#failing].slice(0, retriedAtOnce)) {
      this.#failing.delete(file);
      this.#retried.add(file);
      file.writer.retry();
    }
    if (this.#failing.size > 0) {
      this.#retryLater();
    }
  }

  #progressed(file: LiveFile): void {
    this.#retried.delete(file);
    if (this.#said > Number.NEGATIVE_INFINITY && this.#failing.size + this.#retried.size === 0) {
      this.#said = Number.NEGATIVE_INFINITY;
      this.#retryWait = retryFirst;
      this.#settings.log.info({ code: 'FILE_WRITTEN_AGAIN' }, 'Files can be written again.');
    }
  }

  #dueAt(file: LiveFile): number {
    return Math.max(file.name.until, file.lastWrite + this.#settings.wait);
  }

  #sweepBefore(at: number): void {
    if (at >= this.#sweepAt || at === Number.POSITIVE_INFINITY) {
      return;
    }
    this.#sweepAt = at;
    clearTimeout(this.#sweepTimer);
    const delay = Math.max(50, Math.min(at - this.#settings.clock.now(), 3_600_000));
    this.#sweepTimer = setTimeout(() => this.#sweep(), delay);
    this.#sweepTimer.unref();
  }

  /** Closes the files whose time is over. */
  #sweep(): void {
    const now = this.#settings.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const file of [...this.#files.values()]) {
      const due = this.#dueAt(file);
      if (due > now) {
        next = Math.min(next, due);
      } else {
        this.#writeAll();
        this.#retire(file);
      }
    }
    this.#sweepAt = Number.POSITIVE_INFINITY;
    this.#sweepBefore(next);
  }
}
