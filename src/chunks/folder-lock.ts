// Keeps a second process, or a second output of this one, from the chunks of a buffer: whoever has them listens at a socket in their folder. The
// kernel forgets that the moment its process dies, and it holds between containers that share the folder, which numbers of processes do not.
import { closeSync, constants, linkSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

export interface FolderLock {
  /** May be called twice. */
  release(): Promise<void>;
}

/** How long the one that has it may take to say who it is, ms. */
const answerWithin = 1000;
/** Others may take it between a look and the take-over. */
const tries = 5;

/** Takes the lock `name` of the folder; where somebody has it, a sentence's end that says who. */
export async function lockFolder(folder: string, name: string): Promise<FolderLock | string> {
  const directory = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  // A path that is short enough for a socket, whatever the folder is called.
  const at = (file: string) => join(`/proc/self/fd/${directory}`, file);
  const own = `${name}.${process.pid}.${Math.trunc(performance.now() * 1000)}`;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`process ${process.pid}`);
  });
  const give = async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(at(own), { force: true });
    closeSync(directory);
  };
  try {
    await listen(server, at(own));
    for (let i = 0; i < tries; i++) {
      try {
        linkSync(at(own), at(name));
        rmSync(at(own));
        server.unref();
        return release(give, at(name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw error;
        }
      }
      const seen = lstatSync(at(name), { throwIfNoEntry: false })?.ino;
      const holder = await ask(at(name));
      if (holder !== undefined) {
        await give();
        return holder;
      }
      removeStale(at(name), seen, at(`${own}.stale`));
    }
    await give();
    return 'several processes that start at once';
  } catch (error) {
    await give();
    throw error;
  }
}

function release(give: () => Promise<void>, path: string): FolderLock {
  let released: Promise<void> | undefined;
  return {
    release() {
      if (released === undefined) {
        rmSync(path, { force: true });
        released = give();
      }
      return released;
    },
  };
}

function listen(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Not shared between the processes of a cluster.
    server.listen({ path, exclusive: true }, () => resolve());
  });
}

/** Who listens there; undefined for nobody. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    let said = '';
    const timer = setTimeout(() => socket.destroy(), answerWithin);
    let connected = false;
    socket.on('connect', () => {
      connected = true;
    });
    socket.on('data', (bytes) => {
      said += bytes.toString().slice(0, 40);
    });
    let stale = false;
    socket.on('error', (error) => {
      const { code } = error as NodeJS.ErrnoException;
      stale = !connected && (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK');
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(stale ? undefined : said || 'a process that does not answer');
    });
  });
}

/** Moves away what nobody listens at, and nothing that has come in its place meanwhile. */
function removeStale(path: string, seen: number | undefined, aside: string): void {
  try {
    renameSync(path, aside);
    if (lstatSync(aside).ino !== seen) {
      linkSync(aside, path);
    }
    rmSync(aside);
  } catch {
    // Somebody else was first.
  }
}
