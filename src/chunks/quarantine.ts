// Where damaged parts of chunks go, so that nobody meets them twice and a person can look at them. Each is named in the log, with its place and
// what is wrong with it, and counted. How damage is noticed is left to the readers.
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Counter } from '../core/counters.ts';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';

export interface QuarantineSettings {
  readonly folder: string;
  readonly folderMode: number;
  /** Bytes that are kept there; what is over that is only named. */
  readonly limit: number;
  readonly log: Logger;
  readonly damaged: Counter;
  readonly damagedBytes: Counter;
}

const pieceSize = 1024 * 1024;

export class Quarantine {
  readonly #settings: QuarantineSettings;
  #used: number | undefined;

  constructor(settings: QuarantineSettings) {
    this.#settings = settings;
  }

  /** The bytes of `path` between the two places are damaged, or belong to nothing: keeps a copy. */
  keep(path: string, from: number, to: number, reason: string): void {
    const name = `${basename(path)}.${from}-${to}`;
    const kept = this.#put(name, to - from, (target) => copyRange(path, from, to, target));
    this.#say(path, from, to - from, reason, kept);
  }

  /** All of `path` is of no use: moves it. False where it had to stay. */
  move(path: string, size: number, reason: string): boolean {
    const kept = this.#put(basename(path), size, (target) => moveFile(path, target));
    this.#say(path, 0, size, reason, kept);
    return kept !== undefined;
  }

  /** Nothing of `path` can be read: it stays where it is. */
  name(path: string, reason: string): void {
    this.#settings.damaged.value++;
    const code = 'BUFFER_CHUNK_UNREADABLE';
    this.#settings.log.error({ code, path, reason }, errorText(code, { path, reason }));
  }

  #say(path: string, offset: number, bytes: number, reason: string, kept: string | undefined): void {
    this.#settings.damaged.value++;
    this.#settings.damagedBytes.value += bytes;
    const fields = { path, offset, bytes, reason, kept: kept === undefined ? 'not kept: no room' : `kept as ${kept}` };
    this.#settings.log.error({ code: 'BUFFER_CHUNK_DAMAGED', ...fields }, errorText('BUFFER_CHUNK_DAMAGED', fields));
  }

  /** Where it is now; undefined where it cannot be kept. */
  #put(name: string, bytes: number, put: (target: string) => void): string | undefined {
    const { folder, folderMode, limit } = this.#settings;
    const target = join(folder, name);
    try {
      mkdirSync(folder, { recursive: true, mode: folderMode });
      this.#used ??= sizeOf(folder);
      if (existsSync(target)) {
        return target;
      }
      if (this.#used + bytes > limit) {
        return undefined;
      }
      put(target);
      this.#used += bytes;
      return target;
    } catch {
      return undefined; // the log line says so, and the chunk goes on without
    }
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') {
      throw error;
    }
    copyFileSync(from, to);
    unlinkSync(from);
  }
}

function copyRange(path: string, from: number, to: number, target: string): void {
  const input = openSync(path, 'r');
  try {
    const output = openSync(target, 'wx', 0o600);
    try {
      const piece = new Uint8Array(Math.min(pieceSize, to - from));
      for (let at = from; at < to; ) {
        const count = readSync(input, piece, 0, Math.min(piece.length, to - at), at);
        if (count === 0) {
          break;
        }
        writeSync(output, piece, 0, count);
        at += count;
      }
    } catch (error) {
      unlinkSync(target);
      throw error;
    } finally {
      closeSync(output);
    }
  } finally {
    closeSync(input);
  }
}
