// Finds the file that a name means, and opens it: the next number, the one of an earlier run that is not over yet, or another one where something
// lies in the way that must not be written to. When a file is opened, and what is written to it, is left to others.
import { closeSync, lstatSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import type { Compression } from './compression.ts';
import { type FileModes, type FilePlace, type OpenedFile, openFile, PathRefused } from './confined-file.ts';
import { FileNumbers } from './file-numbers.ts';
import { type LinkSettings, NewestLinks } from './newest-link.ts';
import { endTornLine } from './torn-line.ts';
import { endTornMember } from './torn-member.ts';

/** The name of a file, but for the number: `<base>/<head>_<number><tail>`. */
export interface FileName {
  readonly base: string;
  readonly head: string;
  readonly tail: string;
  /** Whether there is a number; without one the file is appended to, whatever stands in it. */
  readonly numbered: boolean;
  /** As of a FilePlace. */
  readonly confined: boolean;
  /** When its time is over, ms since the epoch; Infinity where it has none. */
  readonly until: number;
  /** The link that leads to the newest file. */
  readonly link: FilePlace | undefined;
}

export interface FileOpenerSettings {
  readonly modes: FileModes;
  /** A file whose time is over is closed this long after its last line, ms. */
  readonly wait: number;
  /** Whether the files hold lines: one that does not end with a newline is ended first. */
  readonly lines: boolean;
  /** Undefined where text is written as it is. */
  readonly compression: Compression | undefined;
  /** A file that is as large is not continued, bytes. */
  readonly rotateSize: number;
  readonly links: Pick<LinkSettings, 'relative'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is to be opened. */
export interface OpenableFile {
  readonly name: FileName;
  /** Below the base; undefined until it is opened. */
  path: string | undefined;
  /** Whether the next byte goes into the middle of a line. */
  readonly torn: boolean;
}

/** Names that are tried where others lie in the way. */
const nameTries = 10_000;

export class FileOpener {
  /** Whether files of an earlier run are continued. */
  continues = true;
  readonly #settings: FileOpenerSettings;
  readonly #numbers = new FileNumbers();
  /** Files by their paths: no two of them share one. */
  readonly #paths = new Map<string, OpenableFile>();
  readonly #saidRefused = new OnceEach();
  readonly #links: NewestLinks;

  constructor(settings: FileOpenerSettings) {
    this.#settings = settings;
    this.#links = new NewestLinks({ ...settings.links, folderMode: settings.modes.folder, log: settings.log });
  }

  /** Opens a file of which there is something to write. Throws PathRefused, or what the system says. */
  open(file: OpenableFile, again: boolean): OpenedFile {
    const opened = (again ? this.#openAgain(file) : undefined) ?? this.#openFirst(file, again);
    if (!opened.created && !file.torn) {
      try {
        this.#mend(opened, again);
      } catch (error) {
        closeSync(opened.fd);
        throw error;
      }
    }
    if (file.name.link !== undefined) {
      this.#links.update(file.name.link, opened.path, file.name.until);
    }
    return opened;
  }

  /** Whether that path, below its base, is one of a file at hand. */
  isTaken(path: string): boolean {
    return this.#paths.has(path);
  }

  /** The file is as large as it may be: the next one that is opened for it has the next number, or this one gets a number now. */
  rotate(file: OpenableFile): void {
    const { base, head, tail } = file.name;
    if (file.path === head + tail && !file.name.numbered) {
      const below = join(base, head);
      const number = this.#freeNumber(below, tail);
      const from = below + tail;
      try {
        if (!lstatSync(from).isFile()) {
          throw new Error('it is no regular file');
        }
        renameSync(from, `${below}_${number}${tail}`);
        this.#numbers.take(below, tail, number);
      } catch (error) {
        const fields = { path: from, reason: (error as Error).message };
        if (this.#saidRefused.first(`rotate ${from}`)) {
          const code = 'FILE_ROTATION_FAILED';
          this.#settings.log.error({ ...fields, code }, errorText(code, fields));
        }
      }
      return;
    }
    this.forget(file);
    file.path = undefined;
  }

  #freeNumber(below: string, tail: string): number {
    let number = this.#numbers.highest(below, tail) + 1;
    while (lstatSync(`${below}_${number}${tail}`, { throwIfNoEntry: false }) !== undefined) {
      number++;
    }
    return number;
  }

  #mend(opened: OpenedFile, again: boolean): void {
    const { compression, lines } = this.#settings;
    if (compression === undefined) {
      if (lines) {
        endTornLine(opened);
      }
    } else if (!again) {
      endTornMember(opened, compression, lines);
    }
  }

  #openAgain(file: OpenableFile): OpenedFile | undefined {
    return file.path === undefined ? undefined : this.#try(file, file.path, false);
  }

  #openFirst(file: OpenableFile, again: boolean): OpenedFile {
    const { base, head, tail, numbered, until } = file.name;
    let number = 0;
    if (numbered) {
      const below = base === '' ? head : `${base}/${head}`;
      number = this.#numbers.highest(below, tail);
      const isOpen = this.continues && !again && until + this.#settings.wait > this.#settings.clock.now();
      const path = `${head}_${number}${tail}`;
      const continued = isOpen && number >= 0 && !this.#paths.has(path) ? this.#try(file, path, false) : undefined;
      if (continued !== undefined) {
        if (continued.size < this.#settings.rotateSize) {
          return continued;
        }
        closeSync(continued.fd);
        this.forget(file);
        file.path = undefined;
      }
      number++;
    }
    for (let tries = 0; tries < nameTries; tries++, number++) {
      // A file without a number gets one only where something in its way must not be written to.
      const plain = !numbered && number === 0;
      const path = plain ? head + tail : `${head}_${number}${tail}`;
      const opened = this.#paths.has(path) ? undefined : this.#try(file, path, numbered);
      if (opened !== undefined) {
        if (numbered) {
          this.#numbers.take(base === '' ? head : `${base}/${head}`, tail, number);
        }
        return opened;
      }
    }
    throw new PathRefused(`${head}${tail}`, 'and all names like it are taken', false);
  }

  /** The file of that path; undefined where it is there already but must be `fresh`, or must not be written to. */
  #try(file: OpenableFile, path: string, fresh: boolean): OpenedFile | undefined {
    const { base, confined } = file.name;
    try {
      const opened = openFile({ base, path, confined }, this.#settings.modes, fresh);
      if (opened !== undefined) {
        this.forget(file);
        file.path = path;
        this.#paths.set(path, file);
      }
      return opened;
    } catch (error) {
      if (error instanceof PathRefused && error.atFile) {
        this.sayRefused(error.message, 'Another name is taken instead.');
        return undefined;
      }
      throw error;
    }
  }

  /** The file's path may be another's. */
  forget(file: OpenableFile): void {
    if (file.path !== undefined && this.#paths.get(file.path) === file) {
      this.#paths.delete(file.path);
    }
  }

  sayRefused(what: string, then: string): void {
    if (this.#saidRefused.first(what)) {
      this.#settings.log.warn({ code: 'FILE_REFUSED' }, `${errorText('FILE_REFUSED', { what })} ${then}`);
    }
  }
}
