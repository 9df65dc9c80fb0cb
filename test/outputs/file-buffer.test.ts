// The file output behind a buffer on disk: chunks first, files when they are delivered; also what Fluentd left there.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startForebay } from '../support/forebay.ts';
import { capturesFolder } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { errno, Shim } from '../torture/shim.ts';

vi.setConfig({ testTimeout: 60_000 });
const temp = tempFolder('file-buffer');
afterAll(() => temp.remove());
let places = 0;

function place(): string {
  const folder = join(temp.path, `place-${places++}`);
  mkdirSync(folder);
  return folder;
}

function start(folder: string, output: string, buffer: string, env: Readonly<Record<string, string>> = {}) {
  return startForebay({
    env: { TZ: 'UTC', ...env },
    config: `<source>
@type forward
bind 127.0.0.1
port PORT
</source>
<match **>
@type file
path ${folder}/out/app
${output}
<buffer time>
@type file
path ${folder}/buffer
${buffer}
</buffer>
</match>
`,
  });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) {
    await delay(20);
  }
}

/** The files of the output with what they hold. */
function written(folder: string): Record<string, string> {
  try {
    return Object.fromEntries(
      readdirSync(join(folder, 'out'))
        .sort()
        .map((name) => [name, readFileSync(join(folder, 'out', name), 'utf8')]),
    );
  } catch {
    return {};
  }
}

/** Sends an event and waits for its ack. */
async function send(port: number, n: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  const acked = new Promise((resolve) => socket.once('data', resolve));
  socket.write(encode(['t', 1_700_000_000, { n }, { chunk: `c${n}` }]));
  await acked;
  socket.destroy();
}

const line = (n: number) => `2023-11-14T22:13:20+00:00\tt\t{"n":${n}}\n`;

describe.concurrent('a file output behind a buffer on disk', () => {
  test('nothing is written before the chunk is due; each chunk is a file', async () => {
    const folder = place();
    const forebay = await start(folder, '', 'flush_mode interval\nflush_interval 1h\ntimekey_wait 87600h');
    await send(forebay.port, 1);
    await send(forebay.port, 2);
    expect(written(folder)).toEqual({});
    forebay.signal('SIGUSR1');
    await until(() => Object.keys(written(folder)).length === 1);
    await send(forebay.port, 3);
    forebay.signal('SIGUSR1');
    await until(() => Object.keys(written(folder)).length === 2);
    expect(await forebay.stop()).toBe(0);
    expect(written(folder)).toEqual({ 'app.20231114_0.log': line(1) + line(2), 'app.20231114_1.log': line(3) });
  });

  test('what was acked and not delivered is delivered at the next start', async () => {
    const folder = place();
    const first = await start(folder, 'append true', 'flush_mode interval\nflush_interval 1h\ntimekey_wait 87600h');
    await send(first.port, 1);
    first.signal('SIGKILL');
    await first.exited;
    await first.stop();
    const second = await start(folder, 'append true', 'flush_mode immediate');
    await send(second.port, 2);
    await until(() => Object.values(written(folder)).join('').split('\n').length > 2);
    expect(await second.stop()).toBe(0);
    const { 'app.20231114.log': text = '' } = written(folder);
    expect(text.split('\n').sort()).toEqual(['', line(1).trimEnd(), line(2).trimEnd()].sort());
  });

  test.each([
    ['', 'app.20231114_0.log'],
    ['append true', 'app.20231114.log'],
  ])('with sync always a chunk is there until what came of it is on the disk (%s)', async (output, name) => {
    const folder = place();
    const shim = new Shim(folder, join(folder, 'out'));
    const buffer = 'sync always\nflush_mode immediate\nretry_wait 0.1\nretry_max_interval 0.1';
    shim.follow(`sync ${errno.EIO} 1`);
    const forebay = await start(folder, output, buffer, shim.env);
    await send(forebay.port, 1);
    const chunks = () => readdirSync(join(folder, 'buffer')).filter((each) => each.endsWith('.queued'));
    await forebay.stderr.waitForLine((text) => text.includes('BUFFER_WRITE_FAILED'));
    expect(chunks()).toHaveLength(1);
    shim.follow();
    await until(() => chunks().length === 0);
    const lines = readFileSync(shim.log, 'utf8').split('\n');
    const { ino } = statSync(join(folder, 'out', Object.keys(written(folder)).at(-1) ?? name));
    const last = (of: string) => lines.findLastIndex((each) => each.startsWith(of));
    expect(last(`s ${ino} `)).toBeGreaterThan(last(`w ${ino} `));
    expect(last('d')).toBeGreaterThan(last(`s ${ino} `));
    expect(await forebay.stop()).toBe(0);
    expect(Object.values(written(folder)).join('')).toContain(line(1));
  });

  test('the text in the chunks that Fluentd left is written as it is', async () => {
    const folder = place();
    cpSync(join(capturesFolder, 'fluentd-buffer-file'), join(folder, 'buffer'), { recursive: true });
    const forebay = await start(folder, 'append true', 'flush_mode lazy\ntimekey_wait 0');
    const texts = readdirSync(join(capturesFolder, 'fluentd-buffer-file'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(capturesFolder, 'fluentd-buffer-file', name), 'utf8'));
    const size = texts.join('').length;
    await until(() => Object.values(written(folder)).join('').length >= size);
    expect(await forebay.stop()).toBe(0);
    const all = Object.values(written(folder)).join('');
    expect(all).toHaveLength(size);
    for (const text of texts) {
      expect(all).toContain(text);
    }
  });
});
