// Links that lead to the newest file of an output (`symlink_path`): there is one at any moment, since a new one takes the old one's place, and
// nothing but a link is ever replaced. Which file is newest is a matter of the time in its name.
import { lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { type FilePlace, makeFolder, makeFolders } from './confined-file.ts';

export interface LinkSettings {
  /** Whether links lead to their files from where they are, and not from the root. */
  readonly relative: boolean;
  /** The mode of folders that are made. */
  readonly folderMode: number;
  readonly log: Logger;
}

/** Links of which is known where they lead. */
const linksKept = 10_000;

interface Link {
  readonly until: number;
  readonly target: string;
}

export class NewestLinks {
  readonly #settings: LinkSettings;
  readonly #links = new Map<string, Link>();
  readonly #said = new OnceEach();

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  /** The file `target` was opened, which has events until then, ms since the epoch. A link that cannot be made is said once, and does no harm. */
  update(place: FilePlace, target: string, until: number): void {
    const path = join(place.base, place.path);
    const known = this.#links.get(path);
    if (known !== undefined && (known.target === target || known.until > until)) {
      return;
    }
    try {
      this.#link(place, path, target);
      if (this.#links.size >= linksKept) {
        this.#links.clear();
      }
      this.#links.set(path, { until, target });
    } catch (error) {
      const fields = { path, reason: (error as Error).message };
      if (this.#said.first(path)) {
        const code = 'FILE_LINK_FAILED';
        this.#settings.log.warn({ ...fields, code }, errorText(code, fields));
      }
    }
  }

  #link(place: FilePlace, path: string, target: string): void {
    const { folderMode } = this.#settings;
    makeFolder(place.base === '' ? '.' : place.base, folderMode);
    makeFolders(place, folderMode);
    const to = this.#settings.relative ? relative(resolve(dirname(path)), resolve(target)) : resolve(target);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSymbolicLink() === false) {
      throw new Error('what is there is no link');
    }
    if (there !== undefined && readlinkSync(path) === to) {
      return;
    }
    const fresh = `${path}.${process.pid}.new`;
    try {
      unlinkSync(fresh); // of a sudden end
    } catch {
      // There is none, as a rule.
    }
    symlinkSync(to, fresh);
    renameSync(fresh, path);
  }
}
