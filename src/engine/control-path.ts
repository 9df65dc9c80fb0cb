// Where the control sockets of running collectors lie, and which of those places can be trusted. Serving one is control.ts's.
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The longest path a unix socket may have on Linux, in bytes. */
export const maxSocketPath = 107;

const runFolder = '/run/forebay';

/** The folders that may hold control sockets, the preferred one first. */
export function controlFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  const own = runtime === undefined || !runtime.startsWith('/') ? [] : [join(runtime, 'forebay')];
  return [...own, runFolder, join(env['TMPDIR'] ?? tmpdir(), `forebay-${userId()}`)];
}

/** Makes the folder if it is missing (mode 0700). Returns why a socket cannot be put into it, or undefined. */
export function prepareFolder(folder: string): string | undefined {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      return (error as Error).message;
    }
  }
  return distrust(folder);
}

/**
 * Why a folder's sockets are not to be trusted, or undefined: it is a link, somebody else's, or others may write to it. With `asReader`,
 * root also trusts `/run/forebay` of another user, since only root can have given it to them.
 */
export function distrust(folder: string, asReader = false): string | undefined {
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory()) {
      return `${folder} is ${found.isSymbolicLink() ? 'a link' : 'no folder'}`;
    }
    if (found.uid !== userId() && !(asReader && userId() === 0 && folder === runFolder)) {
      return `${folder} belongs to user ${found.uid}`;
    }
    return (found.mode & 0o022) === 0 ? undefined : `others may write to ${folder}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
