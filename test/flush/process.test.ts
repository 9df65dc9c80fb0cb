// Buffers of the running program: an output of the user's that fails, works again, or never does.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeMulti, encode } from '@msgpack/msgpack';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

const plugins = fileURLToPath(new URL('../plugins', import.meta.url));
const folders: TempFolder[] = [];
vi.setConfig({ testTimeout: 120_000 });
afterAll(() => {
  for (const folder of folders.splice(0)) {
    folder.remove();
  }
});

/** A folder of the output's, with a switch in it. */
function outputFolder(...switches: readonly string[]): string {
  const folder = tempFolder('switched');
  folders.push(folder);
  for (const name of switches) {
    writeFileSync(join(folder.path, name), '');
  }
  return folder.path;
}

function start(folder: string, buffer: string, system = ''): Promise<Forebay> {
  const config = `<system>
  root_dir ${folder}
  ${system}
</system>
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type switched
  @id out
  folder ${folder}
  <buffer tag>
    ${buffer}
  </buffer>
</match>
`;
  return startForebay({ config, args: ['-p', plugins] });
}

class Sender {
  readonly socket: net.Socket;
  acks = 0;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => {
      this.acks += [...decodeMulti(data)].length;
    });
  }

  send(tag: string, n: number): void {
    this.socket.write(encode([tag, 1_700_000_000, { n }, { chunk: `c${n}` }]));
  }
}

/** Waits as long as the test may last. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) {
    await delay(20);
  }
}

function taken(folder: string): string[] {
  const file = join(folder, 'taken');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** Tags in the backup folder, one for each message. */
function backedUp(folder: string): unknown[] {
  const backup = join(folder, 'backup', 'worker0', 'out');
  return readdirSync(backup).flatMap((file) =>
    [...decodeMulti(readFileSync(join(backup, file)))].map((message) => (message as unknown[])[0]),
  );
}

describe.concurrent('buffers of the running program', () => {
  test('events are acked while the output is down, and delivered once, in order, when it is up again', async () => {
    const folder = outputFolder('down');
    const forebay = await start(
      folder,
      'flush_mode immediate\nretry_type periodic\nretry_wait 0.05\nretry_randomize false',
    );
    const sender = new Sender(forebay.port);
    for (let n = 0; n < 5; n++) {
      sender.send('a', n);
      await until(() => sender.acks === n + 1);
    }
    await until(() => forebay.stderr.text.some((line) => line.includes('BUFFER_WRITE_FAILED')));
    expect(taken(folder)).toEqual([]);
    rmSync(join(folder, 'down'));
    await until(() => taken(folder).length >= 5);
    sender.socket.destroy();
    expect(await forebay.stop()).toBe(0);
    expect(taken(folder)).toEqual(['a 0', 'a 1', 'a 2', 'a 3', 'a 4']);
  });

  test('USR1 delivers what is staged', async () => {
    const folder = outputFolder();
    const forebay = await start(folder, 'flush_interval 1h');
    const sender = new Sender(forebay.port);
    sender.send('a', 1);
    sender.send('b', 2);
    await until(() => sender.acks === 2);
    forebay.signal('SIGUSR1');
    await until(() => taken(folder).length === 2);
    sender.socket.destroy();
    expect(await forebay.stop()).toBe(0);
    expect(taken(folder).sort()).toEqual(['a 1', 'b 2']);
  });

  test('TERM delivers what is staged', async () => {
    const folder = outputFolder();
    const forebay = await start(folder, 'flush_interval 1h');
    const sender = new Sender(forebay.port);
    sender.send('a', 1);
    await until(() => sender.acks === 1);
    sender.socket.destroy();
    expect(await forebay.stop()).toBe(0);
    expect(taken(folder)).toEqual(['a 1']);
  });

  test('what memory holds when time is over goes to the backup folder, and the exit code tells', async () => {
    const folder = outputFolder('down');
    const forebay = await start(folder, 'flush_interval 1h', 'shutdown_timeout 0.3');
    const sender = new Sender(forebay.port);
    sender.send('a', 1);
    sender.send('b', 2);
    await until(() => sender.acks === 2);
    sender.socket.destroy();
    expect(await forebay.stop()).toBe(1);
    expect(forebay.stderr.text.join('\n')).toContain('BUFFER_LEFT');
    expect(backedUp(folder).sort()).toEqual(['a', 'b']);
  });

  test('a buffer on disk keeps the rest for the next start, says where, and that is no failure', async () => {
    const folder = outputFolder('down');
    mkdirSync(join(folder, 'chunks'));
    const buffer = `@type file\npath ${join(folder, 'chunks')}\nflush_mode immediate\nflush_at_shutdown true`;
    const first = await start(folder, buffer, 'shutdown_timeout 0.3');
    const sender = new Sender(first.port);
    sender.send('a', 1);
    sender.send('b', 2);
    await until(() => sender.acks === 2);
    sender.socket.destroy();
    expect(await first.stop()).toBe(0);
    const said = first.stderr.text.find((line) => line.includes('BUFFER_LEFT')) ?? '{}';
    expect(JSON.parse(said)).toMatchObject({ chunks: 2, events: 2, place: join(folder, 'chunks') });
    rmSync(join(folder, 'down'));
    const second = await start(folder, buffer);
    await until(() => taken(folder).length === 2);
    expect(await second.stop()).toBe(0);
    expect(taken(folder).sort()).toEqual(['a 1', 'b 2']);
  });

  test('each of several workers has a buffer on disk of its own', async () => {
    const folder = outputFolder();
    mkdirSync(join(folder, 'chunks'));
    const forebay = await start(
      folder,
      `@type file\npath ${join(folder, 'chunks')}\nflush_mode immediate`,
      'workers 2',
    );
    await until(() => existsSync(join(folder, 'chunks', 'process1')));
    for (let n = 0; n < 6; n++) {
      const sender = new Sender(forebay.port);
      sender.send('a', n);
      await until(() => sender.acks === 1);
      sender.socket.destroy();
    }
    await until(() => taken(folder).length === 6);
    expect(await forebay.stop()).toBe(0);
    expect(taken(folder).sort()).toEqual(Array.from({ length: 6 }, (_, n) => `a ${n}`));
  });

  test('where workers are fewer than before, the first one delivers what the others have left', async () => {
    const folder = outputFolder('down');
    mkdirSync(join(folder, 'chunks'));
    const buffer = `@type file\npath ${join(folder, 'chunks')}\nflush_mode immediate`;
    const several = await start(folder, buffer, 'workers 2');
    // Whichever takes a connection has its chunk.
    for (let n = 0; n < 8; n++) {
      const sender = new Sender(several.port);
      sender.send('a', n);
      await until(() => sender.acks === 1);
      sender.socket.destroy();
    }
    expect(await several.stop()).toBe(0);
    rmSync(join(folder, 'down'));
    const one = await start(folder, buffer);
    await until(() => taken(folder).length === 8);
    expect(await one.stop()).toBe(0);
    expect(taken(folder).sort()).toEqual(Array.from({ length: 8 }, (_, n) => `a ${n}`).sort());
    expect(readdirSync(join(folder, 'chunks')).filter((name) => name.startsWith('process'))).toEqual([]);
  });

  test('a second TERM ends at once an output that never answers', async () => {
    const folder = outputFolder('hang');
    const forebay = await start(folder, 'flush_mode immediate', 'shutdown_timeout 1h');
    const sender = new Sender(forebay.port);
    sender.send('a', 1);
    await until(() => existsSync(join(folder, 'hanging')));
    sender.socket.destroy();
    forebay.signal('SIGTERM');
    await until(() => forebay.stderr.text.some((line) => line.includes('Stopping')));
    forebay.signal('SIGTERM');
    expect(await forebay.exited).toBe(1);
    await forebay.stop();
  });

  test('a full buffer stops the input, and nothing is acked, until there is room', async () => {
    const folder = outputFolder('down');
    const forebay = await start(
      folder,
      'flush_mode immediate\nretry_type periodic\nretry_wait 0.05\ntotal_limit_size 64k\nchunk_limit_size 64k',
    );
    const sender = new Sender(forebay.port);
    let sent = 0;
    const more = (): void => {
      sender.socket.write(encode(['a', 1_700_000_000, { n: sent, fill: 'x'.repeat(10_000) }, { chunk: `c${sent++}` }]));
    };
    for (let i = 0; i < 20; i++) {
      more();
    }
    await until(() => forebay.stderr.text.some((line) => line.includes('OUTPUT_HOLDS_INPUTS')));
    expect(sender.acks).toBeLessThan(20);
    rmSync(join(folder, 'down'));
    await until(() => sender.acks === 20 && taken(folder).length >= 20);
    sender.socket.destroy();
    expect(await forebay.stop()).toBe(0);
    expect(taken(folder)).toEqual(Array.from({ length: 20 }, (_, n) => `a ${n}`));
  });
});
