// Opens files for appending whose names are made from events: nothing outside their folder is ever opened, whatever the name says and whatever
// lies there. Making the names harmless is the caller's part; this is the second line.
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a file is. */
export interface FilePlace {
  /** The folder that the configuration names; links in it are followed. */
  readonly base: string;
  /** The rest, below it. */
  readonly path: string;
  /** Whether the rest is made from events: then links in it are refused, and all that is no file of one name. */
  readonly confined: boolean;
}

export interface FileModes {
  readonly folder: number;
  readonly file: number;
}

export interface OpenedFile {
  readonly fd: number;
  readonly path: string;
  /** Whether it was not there before. */
  readonly created: boolean;
  /** Device and inode. */
  readonly identity: string;
  /** Bytes that are in it, as far as this process knows. */
  size: number;
}

/** Something lies in the way that must not be written to. */
export class PathRefused extends Error {
  /** Whether that is the file itself: then another name in its folder may do. */
  readonly atFile: boolean;

  constructor(path: string, what: string, atFile: boolean) {
    super(`${path} ${what}`);
    this.atFile = atFile;
  }
}

/** What no waiting changes, where the name is made from events. */
const hopeless = new Set(['ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP', 'ENXIO', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ']);

const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * Opens the file, and makes it and its folders where they are missing. With `fresh` it must be missing: undefined where it is not.
 * Throws PathRefused, or what the system says.
 */
export function openFile(place: FilePlace, modes: FileModes, fresh: boolean): OpenedFile | undefined {
  const path = join(place.base, place.path);
  makeFolder(place.base === '' ? '.' : place.base, modes.folder);
  let opened: { fd: number; created: boolean } | undefined;
  try {
    makeFolders(place, modes.folder);
    opened = openCreating(path, modes.file, fresh, place.confined);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw place.confined && hopeless.has(code) ? new PathRefused(path, `cannot be opened (${message})`, false) : error;
  }
  if (opened === undefined) {
    return undefined;
  }
  try {
    const stat = fstatSync(opened.fd, { bigint: true });
    if (place.confined) {
      checkConfined(place, path, stat);
    }
    return { ...opened, path, identity: identityOf(stat), size: Number(stat.size) };
  } catch (error) {
    closeSync(opened.fd);
    throw error;
  }
}

export function identityOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

function openCreating(
  path: string,
  mode: number,
  fresh: boolean,
  confined: boolean,
): { fd: number; created: boolean } | undefined {
  // Without O_NOFOLLOW an exclusive open would refuse a link that leads nowhere yet, too: the configuration may name one.
  const safe = flags | (confined ? constants.O_NOFOLLOW : 0);
  try {
    const fd = openSync(path, safe | constants.O_EXCL, mode);
    allow(() => fchmodSync(fd, mode));
    return { fd, created: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  if (fresh) {
    return undefined;
  }
  try {
    return { fd: openSync(path, safe, mode), created: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (confined && (code === 'ELOOP' || code === 'EISDIR' || code === 'ENXIO')) {
      throw new PathRefused(path, code === 'ELOOP' ? 'is a symbolic link' : 'is no regular file', true);
    }
    throw error;
  }
}

/** Makes the folders below the base. Where they are made from events each must be a folder, not a link to one. */
export function makeFolders({ base, path, confined }: FilePlace, mode: number): void {
  let folder = base;
  for (const part of dirname(path).split('/')) {
    folder = join(folder, part);
    if (part === '.' || part === '') {
      continue;
    }
    if (!confined) {
      makeFolder(folder, mode);
      continue;
    }
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) {
      makeFolder(folder, mode);
    } else if (!stat.isDirectory()) {
      throw new PathRefused(folder, stat.isSymbolicLink() ? 'is a symbolic link' : 'is no folder', false);
    }
  }
}

export function makeFolder(folder: string, mode: number): void {
  const first = mkdirSync(folder, { recursive: true, mode });
  for (let made = folder; first !== undefined && made.length >= first.length; made = dirname(made)) {
    allow(() => chmodSync(made, mode));
  }
}

function checkConfined(place: FilePlace, path: string, stat: BigIntStats): void {
  if (!stat.isFile()) {
    throw new PathRefused(path, 'is no regular file', true);
  }
  if (stat.nlink > 1n) {
    throw new PathRefused(path, 'has a second name (a hard link)', true);
  }
  // Folders may have been exchanged while the path was walked.
  const folder = dirname(path);
  if (realpathSync(folder) !== join(realpathSync(place.base === '' ? '.' : place.base), dirname(place.path))) {
    throw new PathRefused(folder, 'leads elsewhere', false);
  }
}

/** The process's umask would take permissions away that the configuration gives; some file systems know none. */
function allow(change: () => void): void {
  try {
    change();
  } catch {
    // As the file system has them.
  }
}
