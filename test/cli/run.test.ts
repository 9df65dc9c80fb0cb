// The program as a person starts and stops it: the real process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { startForebay } from '../support/forebay.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';

const config = `<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match a.**>
  @type stdout
</match>
`;
const seconds = 1_700_000_000;

test('events come out on stdout, and TERM ends it with code 0', async () => {
  const forebay = await startForebay({ config, env: { TZ: 'UTC' } });
  const socket = net.connect(forebay.port, '127.0.0.1');
  socket.write(encode(['a.b', seconds, { log: 'hello' }, { chunk: 'c' }]));
  await once(socket, 'data');
  expect((await forebay.stdout.waitForCount(1))[0]).toBe('2023-11-14 22:13:20.000000000 +0000 a.b: {"log":"hello"}');
  socket.destroy();
  expect(await forebay.stop()).toBe(0);
});

test('a tag that no match takes is named once, and its events are acked', async () => {
  const forebay = await startForebay({ config });
  const socket = net.connect(forebay.port, '127.0.0.1');
  for (let i = 0; i < 100; i++) {
    socket.write(encode(['nobody', seconds, { i }]));
  }
  socket.write(encode(['nobody', seconds, {}, { chunk: 'c' }]));
  await once(socket, 'data');
  socket.destroy();
  expect(await forebay.stop()).toBe(0);
  const said = forebay.stderr.text.filter((line) => line.includes('EVENTS_UNMATCHED'));
  expect(said.length).toBe(1);
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ tag: 'nobody', level: 40 });
});

test('a reader of stdout that goes away ends it with code 1 and a sentence; the sender gets no ack', async () => {
  const { child, stderr, port } = await start();
  child.stdout.destroy();
  const socket = net.connect(port, '127.0.0.1');
  let acks = 0;
  socket.on('data', () => acks++);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(encode(['a', seconds, { log: 'x'.repeat(100_000) }, { chunk: 'c' }]));
  await closed;
  expect(acks).toBe(0);
  expect(((await exited(child)) as [number])[0]).toBe(1);
  expect(await stderr()).toContain('STDOUT_CLOSED');
});

test('a port in use: code 1, and who has it', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const { code, stderr } = await runOnce(config.replace('PORT', String(port)));
  server.close();
  expect(code).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port} is in use by`);
  expect(stderr).toContain(`process ${process.pid}`);
});

test('a wrong configuration starts nothing: code 2, with file, line, column, a caret and how to mend it', async () => {
  const { code, stderr, file } = await runOnce('<source>\n  @type forwrd\n</source>\n<match **>\n  @type stdout\n');
  expect(code).toBe(2);
  expect(stderr).toContain(`${file}:5:`);
  expect(stderr).toContain('   5 |   @type stdout\n');
  expect(stderr).toContain('^');
  expect(stderr).toContain('Nothing was started.');
});

test('an unknown command and an unknown flag: code 2 and a sentence', async () => {
  for (const args of [['serve'], ['run', '--nope'], ['check', 'file.conf'], ['run', '--log-format', 'xml']]) {
    const child = spawn(projectNode(), [join(projectRoot, 'bin', 'forebay.js'), ...args], { env: projectEnv({}) });
    let text = '';
    child.stderr.on('data', (data) => {
      text += String(data);
    });
    expect(((await exited(child)) as [number])[0]).toBe(2);
    expect(text.split('\n').length).toBe(2);
  }
});

test('HUP, USR1 and USR2 leave it running', async () => {
  const forebay = await startForebay({ config });
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    forebay.signal(signal);
    await forebay.stderr.waitForLine((line) => line.includes(signal));
  }
  expect(await forebay.stop()).toBe(0);
});

async function start() {
  const folder = tempFolder('run');
  const file = join(folder.path, 'test.conf');
  writeFileSync(file, config.replace('PORT', '0'));
  const child = spawn(projectNode(), [join(projectRoot, 'bin', 'forebay.js'), '-c', file], {
    env: projectEnv({ XDG_RUNTIME_DIR: folder.path }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const port = await new Promise<number>((resolve) => {
    child.stderr.on('data', (data) => {
      text += String(data);
      const found = /"address":"127\.0\.0\.1:(\d+)"/.exec(text)?.[1];
      if (found !== undefined) {
        resolve(Number(found));
      }
    });
  });
  const ended = once(child.stderr, 'close');
  return {
    child,
    port,
    stderr: async () => {
      await ended;
      folder.remove();
      return text;
    },
  };
}

async function runOnce(text: string) {
  const folder = tempFolder('once');
  const file = join(folder.path, 'test.conf');
  writeFileSync(file, text);
  const child = spawn(projectNode(), [join(projectRoot, 'bin', 'forebay.js'), 'run', '-c', file], {
    env: projectEnv({}),
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += String(data);
  });
  const [code] = (await exited(child)) as [number];
  folder.remove();
  return { code, stderr, file };
}

function exited(child: ReturnType<typeof spawn>): Promise<unknown[]> {
  return once(child, 'close');
}
