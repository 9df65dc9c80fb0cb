// Says why a listener could not start, and who has its port, where that can be known.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { ForebayError } from '../core/errors.ts';

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** The error to show for what `listen` failed with. */
export async function listenError(address: ListenAddress, error: Error): Promise<Error> {
  const text = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    const holder = 'path' in address ? undefined : await holderOf(address.port);
    return new ForebayError(
      'PORT_IN_USE',
      { address: text, by: holder === undefined ? '' : ` by ${holder}` },
      { cause: error },
    );
  }
  return new ForebayError('LISTEN_FAILED', { address: text, reason: error.message }, { cause: error });
}

/** `fluentd (process 123)` for the process that listens on this TCP port; undefined where it cannot be seen (Linux only). */
async function holderOf(port: number): Promise<string | undefined> {
  try {
    const inodes = new Set([...(await listeners('/proc/net/tcp', port)), ...(await listeners('/proc/net/tcp6', port))]);
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      if (await holdsSocket(pid, inodes)) {
        const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
        return `${name} (process ${pid})`;
      }
    }
  } catch {
    // No /proc, or it went away: then nobody can be named.
  }
  return undefined;
}

/** Inodes of the sockets that listen on `port`. The table's columns: sl, local, remote, state (0A: listen), …, inode. */
async function listeners(table: string, port: number): Promise<string[]> {
  const lines = (await readFile(table, 'utf8')).split('\n').slice(1);
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) === true && columns[3] === '0A')
    .map((columns) => columns[9] ?? '');
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) {
        return true;
      }
    }
  } catch {
    // Another user's process, or one that ended.
  }
  return false;
}
