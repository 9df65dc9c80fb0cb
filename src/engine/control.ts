// The control socket of a running collector: a unix socket, for its user alone, over which health is asked, and where the page is.
// The protocol is JSON, one line a request and one line an answer: `{"op":"health"}` gives `{"ok":true,"healthy":…,…}`, `{"op":"page"}` gives
// `{"ok":true,"url":…,"token":…}`, `{"op":"reload"}` gives `{"ok":true}` when the configuration was read again and runs, what is not understood gives `{"ok":false,"error":…}`. Asking is control-client.ts's.
import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Logger } from '../core/log.ts';
import type { PageAddress } from '../core/shared-parts.ts';
import { isAlive } from './control-client.ts';
import { controlFolders, maxSocketPath, prepareFolder } from './control-path.ts';

/** What health answers with. Anything else that a person or a machine may want to know goes beside it. */
export interface ControlStatus {
  readonly healthy: boolean;
  /** Sentences that say why it is not. */
  readonly reasons?: readonly string[];
  readonly [name: string]: unknown;
}

export interface ControlOptions {
  /** The socket's path; without it `<pid>.sock` in the first folder that takes it. */
  readonly path?: string | undefined;
  readonly log: Logger;
  status(): ControlStatus;
  /** Where the page is and its token; undefined where there is none. The socket is for the user alone who runs the process. */
  page?(): PageAddress | undefined;
  /** Has the configuration read again; resolves with what came of it. */
  reload?(): Promise<{ readonly ok: boolean; readonly error?: string }>;
  /** The folders to try. Default controlFolders(). */
  readonly folders?: readonly string[];
  /** The longest request, bytes. Default 64 KiB. */
  readonly maxLine?: number;
  /** Connections at once; more are closed. Default 32. */
  readonly maxConnections?: number;
  /** How long a connection may take for its next request, and for taking the answer, ms. Default 5,000. */
  readonly timeout?: number;
}

export interface Control {
  /** Where it listens; undefined where no socket could be made. */
  readonly path: string | undefined;
  /** Closes the socket and its connections, and removes it. May be called twice. */
  stop(): Promise<void>;
}

/** Opens the control socket. A socket that cannot be made is warned of, once, and is no reason not to run. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const reasons: string[] = [];
  const sockets = new Set<Socket>();
  for (const path of candidates(options, reasons)) {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      serve(socket, options);
    });
    server.maxConnections = options.maxConnections ?? 32;
    const reason = await occupied(path).then((taken) => taken ?? listen(server, path));
    if (reason === undefined) {
      options.log.debug({ path }, 'The control socket is open.');
      return { path, stop: () => stop(server, sockets) };
    }
    reasons.push(reason);
  }
  options.log.warn({ code: 'CONTROL_SOCKET_UNAVAILABLE', reasons }, 'No control socket: forebay health cannot ask us.');
  return { path: undefined, stop: async () => {} };
}

/** The paths to try, in order; the folders are made when their turn comes. Why a folder is passed over goes to `reasons`. */
function* candidates(options: ControlOptions, reasons: string[]): Generator<string> {
  if (options.path !== undefined) {
    yield options.path;
    return;
  }
  for (const folder of options.folders ?? controlFolders()) {
    const reason = prepareFolder(folder);
    if (reason === undefined) {
      yield join(folder, `${process.pid}.sock`);
    } else {
      reasons.push(reason);
    }
  }
}

/** Why a path cannot be taken, or undefined. A socket that nobody listens on any more is removed, and so are its like beside it. */
async function occupied(path: string): Promise<string | undefined> {
  if (Buffer.byteLength(path) > maxSocketPath) {
    return `${path} is longer than a socket's path may be (${maxSocketPath} bytes)`;
  }
  const neighbours = /^(.*)\/\d+\.sock$/.exec(path)?.[1];
  if (neighbours !== undefined) {
    await sweep(neighbours);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    return undefined;
  }
  if (!found.isSocket()) {
    return `${path} is there and is no socket`;
  }
  return (await removeStale(path)) ? undefined : `${path} is in use`;
}

/** Sockets that one start looks at, at most. */
const maxSwept = 100;

/** Removes what collectors left behind that could not clean up. */
async function sweep(folder: string): Promise<void> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names.filter((one) => /^[1-9]\d*\.sock$/.test(one)).slice(0, maxSwept)) {
    if (!processRuns(Number.parseInt(name, 10))) {
      await removeStale(join(folder, name));
    }
  }
}

function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes a socket that nobody listens on: a dead pid alone does not say so, the process may live in another container. */
async function removeStale(path: string): Promise<boolean> {
  try {
    const before = lstatSync(path);
    if (!before.isSocket() || (await isAlive(path)) || lstatSync(path).ino !== before.ino) {
      return false;
    }
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Resolves with why it could not listen, or undefined. The socket is made within the call, so the mask holds for it alone. */
function listen(server: Server, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve(error.message);
    server.once('error', failed);
    server.once('listening', () => {
      server.off('error', failed);
      server.on('error', () => {});
      resolve(undefined);
    });
    const mask = process.umask(0o177);
    try {
      server.listen({ path });
    } catch (error) {
      resolve((error as Error).message);
    } finally {
      process.umask(mask);
    }
  });
}

function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) {
    socket.destroy();
  }
  // Closing removes the socket's file. Closed already is fine.
  return new Promise((resolve) => server.close(() => resolve()));
}

function serve(socket: Socket, options: ControlOptions): void {
  const maxLine = options.maxLine ?? 65_536;
  const timer = setTimeout(() => socket.destroy(), options.timeout ?? 5_000);
  let pending: Buffer = Buffer.alloc(0);
  const goOn = () => {
    socket.resume();
    timer.refresh();
    answer();
  };

  const answer = () => {
    for (let end = pending.indexOf(0x0a); end >= 0 && end <= maxLine; end = pending.indexOf(0x0a)) {
      const line = pending.subarray(0, end).toString();
      pending = pending.subarray(end + 1);
      const reply = answerTo(line, options);
      if (reply instanceof Promise) {
        socket.pause();
        clearTimeout(timer);
        void reply.then((late) => {
          if (!socket.destroyed) {
            socket.write(`${JSON.stringify(late)}\n`);
            goOn();
          }
        });
        return;
      }
      if (!socket.write(`${JSON.stringify(reply)}\n`)) {
        socket.pause();
        socket.once('drain', goOn);
        return;
      }
      timer.refresh();
    }
    if (pending.length > maxLine) {
      socket.end(`${JSON.stringify({ ok: false, error: `A request is at most ${maxLine} bytes.` })}\n`);
      socket.pause();
    }
  };

  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    answer();
  });
}

type Answer = Readonly<Record<string, unknown>>;

function answerTo(line: string, options: ControlOptions): Answer | Promise<Answer> {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return { ok: false, error: 'A request is one line of JSON.' };
  }
  const op = typeof request === 'object' && request !== null && 'op' in request ? request.op : undefined;
  if (op === 'page') {
    const page = options.page?.();
    return page === undefined ? { ok: false, error: 'It has no viewer.' } : { ok: true, ...page };
  }
  if (op === 'reload' && options.reload !== undefined) {
    return options.reload().catch((error: Error) => ({ ok: false, error: error.message }));
  }
  if (op !== 'health') {
    return { ok: false, error: 'The request needs an "op" that is known: health, page, reload.' };
  }
  try {
    return { ok: true, ...options.status() };
  } catch (error) {
    options.log.error({ err: error, code: 'CONTROL_STATUS_FAILED' }, 'The health could not be told.');
    return { ok: false, error: 'The health could not be told; the log says why.' };
  }
}
