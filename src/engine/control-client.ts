// Finds running collectors by their control sockets and asks them. What the answers mean is the asker's business.
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { controlFolders, distrust } from './control-path.ts';

/** Sockets that are looked at in one folder, and the longest answer that is taken, bytes. */
const maxSockets = 100;
const maxAnswer = 1_048_576;

/** The control sockets on which somebody listens, of all folders that this user may trust. */
export async function findControls(folders: readonly string[] = controlFolders()): Promise<string[]> {
  const alive: string[] = [];
  for (const folder of folders) {
    if (distrust(folder, true) !== undefined) {
      continue;
    }
    const names = readdirSync(folder).filter((name) => name.endsWith('.sock'));
    for (const name of names.slice(0, maxSockets)) {
      const path = join(folder, name);
      if (await isAlive(path)) {
        alive.push(path);
      }
    }
  }
  return alive;
}

/** Whether somebody listens on a unix socket. Only a refusal says no: who may not connect, or waits too long, cannot know. */
export function isAlive(path: string, timeout = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(true));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT' && error.code !== 'ENOTSOCK'),
    );
  });
}

export type ControlAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/** Sends one request and takes one answer, within `timeout` ms. */
export function askControl(
  path: string,
  request: Readonly<Record<string, unknown>>,
  timeout = 5_000,
): Promise<ControlAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let received = '';
    const settle = (answer: ControlAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle({ ok: false, error: `no answer within ${timeout / 1_000} s` }), timeout);
    socket.setEncoding('utf8');
    socket.on('error', (error) => settle({ ok: false, error: error.message }));
    socket.on('close', () => settle({ ok: false, error: 'it closed the connection without an answer' }));
    socket.on('data', (text: string) => {
      received += text;
      const end = received.indexOf('\n');
      if (end >= 0) {
        settle(readAnswer(received.slice(0, end)));
      } else if (received.length > maxAnswer) {
        settle({ ok: false, error: 'its answer is too long' });
      }
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

function readAnswer(line: string): ControlAnswer {
  let body: unknown;
  try {
    body = JSON.parse(line);
  } catch {
    return { ok: false, error: 'its answer is no JSON' };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, error: 'its answer is no object' };
  }
  const { ok, ...rest } = body as Record<string, unknown>;
  return ok === true ? { ok: true, body: rest } : { ok: false, error: String(rest['error'] ?? 'it refused') };
}
