import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { health } from '../../src/cli/health.ts';
import { type Control, type ControlStatus, startControl } from '../../src/engine/control.ts';

let folder: string;
let controls: Control[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'health-'));
  controls = [];
});

afterEach(async () => {
  await Promise.all(controls.map((control) => control.stop()));
  rmSync(folder, { recursive: true });
});

async function collector(name: string, status: ControlStatus): Promise<string> {
  const path = join(folder, name);
  const control = await startControl({ path, log: pino({ level: 'silent' }), status: () => status });
  controls.push(control);
  expect(control.path).toBe(path);
  return path;
}

async function ask(control?: string) {
  let out = '';
  let err = '';
  const code = await health({
    control,
    folders: [folder],
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  });
  return { code, out, err };
}

test('a healthy collector: 0', async () => {
  await collector('a.sock', { healthy: true });
  expect(await ask()).toEqual({ code: 0, out: 'Healthy.\n', err: '' });
});

test('one that is not healthy: 1, and why', async () => {
  await collector('a.sock', { healthy: false, reasons: ['The disk is full.'] });
  expect(await ask()).toEqual({ code: 1, out: 'Not healthy.\n  The disk is full.\n', err: '' });
});

test('none runs: 1, and a sentence', async () => {
  const { code, out, err } = await ask();
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('--control');
});

test('several run: 1 with their sockets, and --control chooses', async () => {
  const one = await collector('a.sock', { healthy: true });
  const two = await collector('b.sock', { healthy: false });
  const { code, err } = await ask();
  expect(code).toBe(1);
  expect(err).toContain(`--control ${one}\n`);
  expect(err).toContain(`--control ${two}\n`);
  expect((await ask(one)).code).toBe(0);
  expect((await ask(two)).code).toBe(1);
});

test.each([
  ['nothing is there', null],
  ['it closes without an answer', ''],
  ['it answers with something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['it answers with a list', '[]\n'],
  ['it refuses', '{"ok":false,"error":"no"}\n'],
])('a socket that cannot be asked (%s): 1, and its path', async (_, reply) => {
  const path = join(folder, 'odd.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(reply ?? ''));
  });
  if (reply !== null) {
    await new Promise<void>((done) => server.listen(path, done));
  }
  const { code, out, err } = await ask(path);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(path);
  server.close();
});
