import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Control, type ControlOptions, startControl } from '../../src/engine/control.ts';
import { askControl, findControls } from '../../src/engine/control-client.ts';
import { controlFolders, distrust, prepareFolder } from '../../src/engine/control-path.ts';

let folder: string;
let controls: Control[];
let logged: { level: number; code?: string; reasons?: string[] }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'control-'));
  controls = [];
  logged = [];
});

afterEach(async () => {
  await Promise.all(controls.map((control) => control.stop()));
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<ControlOptions> = {}): Promise<Control> {
  const log = pino(
    { level: 'warn' },
    new Writable({
      write(line, _, done) {
        logged.push(JSON.parse(String(line)));
        done();
      },
    }),
  );
  const control = await startControl({ log, status: () => ({ healthy: true, up: 5 }), folders: [folder], ...options });
  controls.push(control);
  return control;
}

function pathOf(control: Control): string {
  expect(control.path).toBeTypeOf('string');
  return String(control.path);
}

/** Sends text and resolves with all that comes back until the other side closes. */
async function exchange(path: string, text: string, end = true): Promise<string> {
  const socket = connect(path);
  socket.setEncoding('utf8');
  let received = '';
  socket.on('data', (more: string) => {
    received += more;
  });
  socket.on('error', () => {});
  if (end) {
    socket.end(text);
  } else {
    socket.write(text);
  }
  await once(socket, 'close');
  return received;
}

/** A socket whose process was killed: nobody removed it. */
async function leaveBehind(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lstatSync(path).isSocket()).toBe(true);
}

describe('requests', () => {
  test('health is answered with the status', async () => {
    const path = pathOf(await start());
    expect(await exchange(path, '{"op":"health"}\n')).toBe('{"ok":true,"healthy":true,"up":5}\n');
    expect(await askControl(path, { op: 'health' })).toEqual({ ok: true, body: { healthy: true, up: 5 } });
  });

  test('several requests on one connection are answered in order', async () => {
    const path = pathOf(await start());
    const answers = (await exchange(path, '{"op":"health"}\nrubbish\n{"op":"other"}\n[]\n{"op":"health"}\n')).trim();
    expect(answers.split('\n').map((line) => JSON.parse(line).ok)).toEqual([true, false, false, false, true]);
  });

  test('a request that comes byte by byte is answered', async () => {
    const path = pathOf(await start());
    const socket = connect(path).setNoDelay(true);
    const answered = once(socket, 'data');
    for (const byte of '{"op":"health"}\n') {
      await new Promise((done) => socket.write(byte, done));
    }
    expect(JSON.parse(String((await answered)[0]))).toMatchObject({ ok: true });
    socket.destroy();
  });

  test('a status that throws is an answer and a line in the log', async () => {
    const path = pathOf(
      await start({
        status: () => {
          throw new Error('broken');
        },
      }),
    );
    expect(await askControl(path, { op: 'health' })).toMatchObject({ ok: false });
    expect(logged).toMatchObject([{ code: 'CONTROL_STATUS_FAILED' }]);
  });
});

describe('bounds', () => {
  test('a request that is too long is refused and the connection closed', async () => {
    const path = pathOf(await start({ maxLine: 100, timeout: 1_000 }));
    expect(await exchange(path, 'x'.repeat(101), false)).toBe(
      '{"ok":false,"error":"A request is at most 100 bytes."}\n',
    );
    expect(await exchange(path, `${' '.repeat(200)}{"op":"health"}\n`, false)).toContain('"ok":false');
  });

  test('a connection that asks nothing is closed after its time', async () => {
    const path = pathOf(await start({ timeout: 50 }));
    expect(await exchange(path, '{"op":"hea', false)).toBe('');
  });

  test('a peer that does not take its answers is closed after its time, and only one answer waits', async () => {
    let asked = 0;
    const status = () => {
      asked++;
      return { healthy: true, text: 'x'.repeat(1_000_000) };
    };
    const path = pathOf(await start({ timeout: 200, status, maxConnections: 1 }));
    const socket = connect(path);
    socket.pause();
    socket.on('error', () => {});
    socket.write('{"op":"health"}\n'.repeat(1_000));
    await once(socket, 'connect');
    await askUntil(path, true);
    // The first answer, and the one that we just got; the other requests are not even looked at.
    // On a busy machine an answer to us may have been given up too.
    expect(asked).toBeLessThan(20);
    socket.destroy();
  });

  test('connections beyond the bound are closed, and one that ends makes room', async () => {
    const path = pathOf(await start({ maxConnections: 2 }));
    const held = [connect(path), connect(path)];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await askUntil(path, false);
    held[0]?.destroy();
    await askUntil(path, true);
    held[1]?.destroy();
  });
});

async function askUntil(path: string, ok: boolean): Promise<void> {
  while ((await askControl(path, { op: 'health' })).ok !== ok) {
    await new Promise(setImmediate);
  }
}

describe('the socket', () => {
  test('it is for its user alone, named by the process, and gone after stop', async () => {
    const control = await start();
    const path = pathOf(control);
    expect(path).toBe(join(folder, `${process.pid}.sock`));
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    await control.stop();
    await control.stop();
    expect(existsSync(path)).toBe(false);
  });

  test('stop closes connections that are open', async () => {
    const control = await start();
    const socket = connect(pathOf(control));
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await control.stop();
    await closed;
  });

  test('it lies where it is asked for', async () => {
    const path = join(folder, 'mine.sock');
    expect(pathOf(await start({ path }))).toBe(path);
  });

  test('one that nobody listens on any more is replaced', async () => {
    const path = join(folder, 'mine.sock');
    await leaveBehind(path);
    expect(pathOf(await start({ path }))).toBe(path);
    expect(await askControl(path, { op: 'health' })).toMatchObject({ ok: true });
  });

  test('one that somebody listens on is left alone: one warning, and no socket', async () => {
    const path = join(folder, 'mine.sock');
    await start({ path });
    expect((await start({ path, status: () => ({ healthy: false }) })).path).toBeUndefined();
    expect(logged).toMatchObject([{ level: 40, code: 'CONTROL_SOCKET_UNAVAILABLE' }]);
    expect(await askControl(path, { op: 'health' })).toMatchObject({ body: { healthy: true } });
  });

  test('a file or a link in its place is not removed', async () => {
    const file = join(folder, 'file.sock');
    writeFileSync(file, 'precious');
    expect((await start({ path: file })).path).toBeUndefined();
    const link = join(folder, 'link.sock');
    symlinkSync(file, link);
    expect((await start({ path: link })).path).toBeUndefined();
    expect(lstatSync(file).isFile() && lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test('sockets of dead processes beside it are removed, those of living ones and other files are not', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await leaveBehind(join(folder, `${dead.pid}.sock`));
    await leaveBehind(join(folder, `${process.ppid}.sock`));
    await leaveBehind(join(folder, 'named.sock'));
    writeFileSync(join(folder, 'notes.txt'), '');
    await start();
    expect(existsSync(join(folder, `${dead.pid}.sock`))).toBe(false);
    expect(existsSync(join(folder, `${process.ppid}.sock`))).toBe(true);
    expect(existsSync(join(folder, 'named.sock')) && existsSync(join(folder, 'notes.txt'))).toBe(true);
  });

  test('a path that is too long or whose folder is missing is warned of', async () => {
    expect((await start({ path: join(folder, 'x'.repeat(120)) })).path).toBeUndefined();
    expect((await start({ path: join(folder, 'missing', 'a.sock') })).path).toBeUndefined();
    expect(logged.map((line) => line.code)).toEqual(['CONTROL_SOCKET_UNAVAILABLE', 'CONTROL_SOCKET_UNAVAILABLE']);
  });
});

describe('the folder', () => {
  test('the first that can be used is taken, and made for the user alone', async () => {
    const linked = join(folder, 'linked');
    symlinkSync(folder, linked);
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const good = join(folder, 'good');
    const control = await start({ folders: ['/proc/none', linked, open, good, join(folder, 'later')] });
    expect(pathOf(control)).toBe(join(good, `${process.pid}.sock`));
    expect(lstatSync(good).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, 'later'))).toBe(false);
    expect(logged).toEqual([]);
  });

  test('where none can be used one warning names the reasons, and the run goes on', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect((await start({ folders: ['/proc/none', file] })).path).toBeUndefined();
    expect(logged).toHaveLength(1);
    expect(logged[0]?.reasons).toHaveLength(2);
  });

  test.runIf(process.getuid?.() === 0)('one that belongs to somebody else is refused', async () => {
    const { chownSync } = await import('node:fs');
    chownSync(folder, 65534, 65534);
    expect(prepareFolder(folder)).toContain('65534');
    expect(distrust(folder, true)).toContain('65534');
    expect(await findControls([folder])).toEqual([]);
  });

  test('the places are the runtime folder, /run/forebay and a folder of the user among the temporary files', () => {
    const uid = process.getuid?.();
    expect(controlFolders({ XDG_RUNTIME_DIR: '/run/user/7', TMPDIR: '/x' })).toEqual([
      '/run/user/7/forebay',
      '/run/forebay',
      `/x/forebay-${uid}`,
    ]);
    expect(controlFolders({ XDG_RUNTIME_DIR: 'relative', TMPDIR: '/x' })).toEqual([
      '/run/forebay',
      `/x/forebay-${uid}`,
    ]);
  });
});

test('running collectors are found, sockets left behind are not', async () => {
  const path = pathOf(await start());
  await leaveBehind(join(folder, 'gone.sock'));
  writeFileSync(join(folder, 'file.sock'), '');
  expect(await findControls([folder, join(folder, 'missing')])).toEqual([path]);
});
