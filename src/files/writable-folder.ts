// Says at the start, before anything is lost, that a folder may not be written, and what to do about it: a volume that belongs to somebody else is
// what goes wrong first in containers.
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { ForebayError } from '../core/errors.ts';

/** Throws FILE_NOT_WRITABLE where no file could be made in `folder`, which need not exist yet, or where `file` is there and cannot be written. */
export function checkWritable(folder: string, file?: string): void {
  const there = nearestExisting(resolve(folder === '' ? '.' : folder));
  const isFile = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  check(there, constants.W_OK | constants.X_OK);
  if (file !== undefined && isFile !== undefined) {
    check({ path: file, stat: isFile }, constants.W_OK);
  }
}

interface Existing {
  readonly path: string;
  readonly stat: Stats;
}

function nearestExisting(folder: string): Existing {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return { path, stat: statSync(path) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || path === dirname(path)) {
        throw refusal(path, message, 'Give another path, or make it accessible.');
      }
    }
  }
}

function check({ path, stat }: Existing, mode: number): void {
  if ((mode & constants.X_OK) !== 0 && !stat.isDirectory()) {
    throw refusal(path, 'it is no folder', 'Give another path, or remove what is there.');
  }
  try {
    accessSync(path, mode);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') {
      throw refusal(
        path,
        'its file system is read-only',
        'Mount a volume there that may be written, or give another path.',
      );
    }
    if (code !== 'EACCES' && code !== 'EPERM') {
      throw refusal(path, message, 'Give another path, or mend what is wrong there.');
    }
    const { uid, gid } = userInfo();
    const mode4 = (stat.mode & 0o7777).toString(8).padStart(4, '0');
    throw refusal(
      path,
      `this process runs as user ${uid}, group ${gid}, and it belongs to user ${stat.uid}, group ${stat.gid}, with mode ${mode4}`,
      `Give it to that user (chown ${uid}:${gid}, of a mounted folder on the host), or run as user ${stat.uid} (docker run -u ${stat.uid}:${stat.gid}).`,
    );
  }
}

function refusal(path: string, reason: string, remedy: string): ForebayError {
  return new ForebayError('FILE_NOT_WRITABLE', { path, reason, remedy });
}
