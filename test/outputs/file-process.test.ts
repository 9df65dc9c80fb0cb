// The file output in the running program: signals, a volume that may not be written, and what is left after a sudden end.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { afterEach, describe, expect, test } from 'vitest';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { connectTo } from '../support/ports.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { filesIn } from './file-cases.ts';
import { until } from './file-harness.ts';

const config = `
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type file
  path DIR/log/app
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;

const running: Forebay[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

async function start(): Promise<Forebay> {
  const forebay = await startForebay({ config });
  running.push(forebay);
  return forebay;
}

/** Sends events and waits for the ack. */
async function send(forebay: Forebay, numbers: readonly number[], text = ''): Promise<void> {
  const socket = await connectTo(forebay.port);
  const acked = new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an ack')));
  });
  const entries = numbers.map((n) => [1, text === '' ? { n } : { n, text }]);
  socket.write(encode(['t', entries, { chunk: 'c' }]));
  await acked;
  socket.destroy();
}

const logs = (forebay: Forebay) => filesIn(join(forebay.folder, 'log'));

describe('the running program', () => {
  test('USR1 begins the next file', async () => {
    const forebay = await start();
    await send(forebay, [1]);
    forebay.signal('SIGUSR1');
    await forebay.stderr.waitForLine((line) => line.includes('SIGUSR1') || line.includes('Flushing'));
    await send(forebay, [2]);
    expect(logs(forebay)).toEqual({ 'app_0.log': '{"n":1}\n', 'app_1.log': '{"n":2}\n' });
  });

  test('what was acked is in the file after a sudden end, and the next start goes on behind it', async () => {
    const forebay = await start();
    const text = 'x'.repeat(500);
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    await send(forebay, numbers, text);
    forebay.signal('SIGKILL');
    await forebay.exited;
    const lines = (logs(forebay)['app_0.log'] ?? '').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(numbers);
  });

  test('what is under way is written before the end', async () => {
    const forebay = await start();
    const socket = await connectTo(forebay.port);
    socket.write(encode(['t', [[1, { n: 1 }]], {}]));
    await until(() => Object.keys(logs(forebay)).length === 1);
    socket.destroy();
    const { folder } = forebay;
    forebay.signal('SIGTERM');
    await forebay.exited;
    expect(readFileSync(join(folder, 'log', 'app_0.log'), 'utf8')).toBe('{"n":1}\n');
  });
});

test('a folder that may not be written is said at the start, with user, path and what to do; nothing starts', async () => {
  const temp = tempFolder('volume');
  try {
    const folder = join(temp.path, 'log');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(temp.path, 0o755);
    const file = join(temp.path, 'test.conf');
    writeFileSync(file, `<match **>\n@type file\npath ${folder}/app\n</match>\n`);
    const root = process.getuid?.() === 0;
    const uid = root ? 65_534 : (process.getuid?.() ?? 0);
    const said = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(
        projectNode(),
        [join(projectRoot, 'bin', 'forebay.js'), 'run', '-c', file],
        {
          cwd: '/',
          env: projectEnv({ XDG_RUNTIME_DIR: temp.path }),
          timeout: 40_000,
          ...(root ? { uid, gid: uid } : {}),
        },
        (error, _, stderr) => resolve({ code: error?.code, stderr }),
      );
    });
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(folder);
    expect(said.stderr).toContain(`user ${uid}`);
    expect(said.stderr).toContain('chown');
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    temp.remove();
  }
});
