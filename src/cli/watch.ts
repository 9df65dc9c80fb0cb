// Watches a configuration and the files that it includes (`--watch`). Folders are watched, not files: editors write a new file and rename it, and
// Kubernetes moves a link. What the change means is the reloader's.
import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Logger } from '../core/log.ts';

/** A change counts when nothing else has changed for this long, ms: editors do several things to save one file. */
const quietTime = 150;
/** Folders that are watched at most. */
const maxFolders = 100;

export interface WatchSettings {
  readonly log: Logger;
  /** Told of a change that may be one of the configuration. */
  changed(): void;
}

export class Watch {
  readonly #settings: WatchSettings;
  readonly #watchers = new Map<string, FSWatcher>();
  #names = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #saidFailed = false;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  /** Watches these files from now on, and no others. */
  follow(files: Iterable<string>): void {
    const paths = [...files].flatMap(placesOf);
    this.#names = new Set(paths.map((path) => basename(path)));
    const folders = new Set(paths.map((path) => dirname(path)).slice(0, maxFolders * 2));
    for (const [folder, watcher] of this.#watchers) {
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    }
    for (const folder of [...folders].slice(0, maxFolders)) {
      this.#open(folder);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) {
      watcher.close();
    }
    this.#watchers.clear();
  }

  #open(folder: string): void {
    if (this.#watchers.has(folder)) {
      return;
    }
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#event(name));
      watcher.on('error', (error) => {
        watcher.close();
        this.#watchers.delete(folder);
        this.#failed(folder, error);
      });
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#failed(folder, error as Error);
    }
  }

  #event(name: string | null): void {
    // A new file may be one that a pattern of @include takes in; `..data` is what Kubernetes moves.
    if (name === null || this.#names.has(name) || /\.(?:conf|ya?ml)$|^\.\.data$/.test(name)) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#settings.changed(), quietTime);
    }
  }

  #failed(folder: string, error: Error): void {
    if (!this.#saidFailed) {
      this.#saidFailed = true;
      this.#settings.log.warn(
        { code: 'WATCH_FAILED', folder, reason: error.message },
        'A folder cannot be watched: after a change in it, send HUP or run forebay reload.',
      );
    }
  }
}

/** Where a file is, and where it is in truth. */
function placesOf(file: string): string[] {
  const path = resolve(file);
  try {
    return [path, realpathSync(path)];
  } catch {
    return [path];
  }
}
