// Removes old files of an output: those not written to for long, those past a number of files of one name, the oldest ones where all together
// are too large. Only regular files of one name that match the pattern of the output's own names are ever removed, and none that is in use.
import { lstatSync, realpathSync, rmdirSync, unlinkSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Counter } from '../core/counters.ts';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import type { NamePattern } from './name-pattern.ts';

export interface RetentionLimits {
  /** ms since a file was last written to; Infinity, as below, where there is no limit. */
  readonly age: number;
  /** Bytes of all files. */
  readonly size: number;
  /** Files that are done with of each name. */
  readonly count: number;
}

export interface RetentionSettings extends RetentionLimits {
  readonly base: string;
  readonly pattern: NamePattern;
  readonly clock: Clock;
  readonly log: Logger;
  readonly removed: Counter;
  readonly removedBytes: Counter;
}

/** Files that are looked at in one go. */
const mostFiles = 200_000;
/** A look at the folders follows a new file after this long, so that many at once cost one look, ms. */
const settle = 1000;
const leastEvery = 60_000;
const mostEvery = 3_600_000;

interface Found {
  /** Below the base. */
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  readonly kind: string;
  readonly number: number | undefined;
  readonly inode: number;
}

export class Retention {
  readonly #settings: RetentionSettings;
  /** Whether a file, by its path below the base, is in use. */
  readonly #isLive: (path: string) => boolean;
  readonly #said = new OnceEach();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(settings: RetentionSettings, isLive: (path: string) => boolean) {
    this.#settings = settings;
    this.#isLive = isLive;
  }

  /** Looks at the folders soon: at the start, and when a file was made. */
  look(wait = settle): void {
    const at = performance.now() + wait;
    if (this.#stopped || at >= this.#dueAt) {
      return;
    }
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), wait);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.#running;
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#stopped) {
      return;
    }
    this.#running = this.#sweep();
    await this.#running;
    const { age, size } = this.#settings;
    // Files grow at any time, and grow old slowly.
    this.look(size < Number.POSITIVE_INFINITY ? leastEvery : Math.min(Math.max(age / 20, leastEvery), mostEvery));
  }

  async #sweep(): Promise<void> {
    try {
      const found: Found[] = [];
      await this.#walk('', 0, found);
      this.#remove(this.#condemned(found));
    } catch (error) {
      this.#say((error as Error).message);
    }
  }

  async #walk(folder: string, depth: number, found: Found[]): Promise<void> {
    const { base, pattern } = this.#settings;
    const entries = await readdir(join(base === '' ? '.' : base, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (this.#stopped || found.length >= mostFiles) {
        return;
      }
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < pattern.depth) {
        await this.#walk(path, depth + 1, found);
      }
      const match = entry.isFile() ? pattern.match(path) : undefined;
      const stat = match && (await lstat(join(base, path)).catch(() => undefined));
      // A file with a second name is somebody else's too.
      if (match !== undefined && stat?.isFile() === true && stat.nlink === 1) {
        found.push({ path, size: stat.size, mtime: stat.mtimeMs, inode: stat.ino, ...match });
      }
    }
  }

  /** Those that are to go, the oldest first. */
  #condemned(found: Found[]): Set<Found> {
    const { age, size, count, clock } = this.#settings;
    const gone = new Set<Found>();
    let total = found.reduce((sum, file) => sum + file.size, 0);
    const condemn = (file: Found) => {
      if (!gone.has(file)) {
        gone.add(file);
        total -= file.size;
      }
    };
    const idle = found.filter(({ path }) => !this.#isLive(path)).sort((a, b) => a.mtime - b.mtime);
    const oldest = clock.now() - age;
    for (const file of idle) {
      if (file.mtime < oldest) {
        condemn(file);
      }
    }
    if (count < Number.POSITIVE_INFINITY) {
      for (const kind of Map.groupBy(idle, (file) => file.kind).values()) {
        const numbered = kind.filter((file) => file.number !== undefined);
        numbered
          .sort((a, b) => (b.number ?? 0) - (a.number ?? 0))
          .slice(count)
          .forEach(condemn);
      }
    }
    for (const file of idle) {
      if (total > size) {
        condemn(file);
      }
    }
    return gone;
  }

  /** At once, and not in another thread: the output could begin to write to one of them meanwhile. */
  #remove(files: ReadonlySet<Found>): void {
    const { base, removed, removedBytes, log } = this.#settings;
    let count = 0;
    let bytes = 0;
    for (const { path, size, inode } of files) {
      const whole = join(base, path);
      try {
        const stat = lstatSync(whole, { throwIfNoEntry: false });
        const stays = stat?.isFile() !== true || stat.ino !== inode || this.#isLive(path) || !this.#isBelow(path);
        if (!stays) {
          unlinkSync(whole);
          count++;
          bytes += size;
          this.#removeEmptyFolders(path);
        }
      } catch (error) {
        this.#say((error as Error).message);
      }
    }
    if (count > 0) {
      removed.value += count;
      removedBytes.value += bytes;
      log.info({ files: count, bytes }, 'Old files were removed.');
    }
  }

  /** Whether no folder on the way to the file was exchanged for a link. */
  #isBelow(path: string): boolean {
    const { base } = this.#settings;
    return realpathSync(dirname(join(base, path))) === join(realpathSync(base === '' ? '.' : base), dirname(path));
  }

  #removeEmptyFolders(path: string): void {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      try {
        rmdirSync(join(this.#settings.base, folder));
      } catch {
        return; // something else is in it
      }
    }
  }

  #say(reason: string): void {
    if (this.#said.first(reason)) {
      const code = 'FILE_REMOVAL_FAILED';
      this.#settings.log.warn({ code, reason }, errorText(code, { reason }));
    }
  }
}
