// Clears away the socket file that a process left behind when it was killed.
import { lstat, unlink } from 'node:fs/promises';
import net from 'node:net';

/** Removes the unix socket at `path` if nobody listens on it; leaves all else alone. */
export async function clearStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true && !(await hasListener(path))) {
    await unlink(path);
  }
}

function hasListener(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'));
  });
}
