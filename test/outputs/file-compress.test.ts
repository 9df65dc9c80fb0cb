// Compressed files: what can be read of them and when, how they are continued, and that they are small.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { connectTo } from '../support/ports.ts';
import { unzstd } from '../support/unzstd.ts';
import { lines, now, type TestFile, until } from './file-harness.ts';
import { fileStage } from './file-stage.ts';

const { start, again } = fileStage();

const kinds = [
  ['gzip', '.gz', gunzipSync],
  ['zstd', '.zstd', unzstd],
] as const;
const all = 'append true\n<buffer []>\n</buffer>';

describe.for(kinds)('compress %s', ([kind, suffix, unpack]) => {
  const textOf = (file: TestFile, name: string) => unpack(readFileSync(join(file.folder, name))).toString();

  test('what was acked can be read while the file is being written', async () => {
    const file = await start(`path DIR/all\ncompress ${kind}\n${all}`);
    await file.send('t', 1, 1, 2);
    expect(textOf(file, `all.log${suffix}`)).toBe(lines(1, 2));
    await file.send('t', 1, 3);
    expect(textOf(file, `all.log${suffix}`)).toBe(lines(1, 2, 3));
  });

  test('text that nobody waits for is gathered, and written by itself', async () => {
    const file = await start(`path DIR/all\ncompress ${kind}\ncompress_interval 0.05\n${all}`);
    for (let n = 0; n < 10; n++) {
      expect(file.put('t', 1, n)).toBeUndefined();
    }
    await until(() => readdirSync(join(file.folder, '..')).includes('data') && readdirSync(file.folder).length > 0);
    expect(textOf(file, `all.log${suffix}`)).toBe(lines(...Array(10).keys()));
  });

  test('what is gathered is written at a flush and at the end, and before what comes with an ack', async () => {
    const file = await start(`path DIR/app\ncompress ${kind}\ncompress_interval 1h\n<buffer []>\n</buffer>`);
    void file.put('t', 1, 1);
    await file.send('t', 1, 2);
    void file.put('t', 1, 3);
    file.output.flush?.();
    void file.put('t', 1, 4);
    await file.stop();
    expect(textOf(file, `app_0.log${suffix}`)).toBe(lines(1, 2, 3));
    expect(textOf(file, `app_1.log${suffix}`)).toBe(lines(4));
  });

  test('many megabytes in batches of all sizes arrive whole, in order, and small', async () => {
    const file = await start(`path DIR/all\ncompress ${kind}\n${all}`);
    let expected = '';
    const emits: (Promise<void> | undefined)[] = [];
    for (let n = 0; n < 60; n++) {
      const records =
        n % 20 === 5
          ? [{ big: 'x'.repeat(2_500_000) }]
          : Array.from({ length: 1 + ((n * 37) % 900) }, (_, i) => ({ n, i, text: 'y'.repeat(i % 300) }));
      expected += records.map((record) => `${JSON.stringify(record)}\n`).join('');
      emits.push(n % 7 === 0 ? file.send('t', 1, ...records) : file.put('t', 1, ...records));
    }
    await Promise.all(emits);
    await file.stop();
    expect(textOf(file, `all.log${suffix}`) === expected).toBe(true);
    expect(statSync(join(file.folder, `all.log${suffix}`)).size).toBeLessThan(expected.length / 5);
  });

  test('a file that was torn is continued behind its last whole member', async () => {
    const first = await start(`path DIR/app\ncompress ${kind}`);
    await first.send('t', now(), 1);
    await first.send('t', now(), 2, { text: 'a longer line, to be torn' });
    await first.stop();
    const [name = ''] = readdirSync(first.folder);
    truncateSync(join(first.folder, name), statSync(join(first.folder, name)).size - 3);
    const second = await again(first);
    await second.send('t', now(), 3);
    expect(readdirSync(second.folder)).toEqual([name]);
    expect(textOf(second, name)).toBe(lines(1, 3));
  });

  test('what was acked can be read after a sudden end', async () => {
    const forebay = await startForebay({
      config: `<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type file\npath DIR/log/app\ncompress ${kind}\n<format>\n@type json\n</format>\n<buffer []>\n</buffer>\n</match>\n`,
    });
    try {
      const numbers = await killAfterAck(forebay);
      const text = unpack(readFileSync(join(forebay.folder, 'log', `app_0.log${suffix}`))).toString();
      expect(
        text
          .trim()
          .split('\n')
          .slice(0, numbers.length)
          .map((line) => JSON.parse(line).n),
      ).toEqual(numbers);
    } finally {
      await forebay.stop();
    }
  });
});

test.for(kinds)(
  '%s on a full disk: emits wait, nothing is lost, and all goes on by itself',
  async ([kind, suffix, unpack]) => {
    const file = await start(`path DIR/all\nadd_path_suffix false\ncompress ${kind}\n${all}`);
    mkdirSync(file.folder, { recursive: true });
    const path = join(file.folder, `all${suffix}`);
    symlinkSync('/dev/full', path);
    let settled = false;
    const big = { text: 'x'.repeat(300_000) };
    const sent = file.send('t', 1, 1, big).then(() => {
      settled = true;
    });
    void file.put('t', 1, 2);
    await until(() => file.counter('forebay_file_write_failures_total') > 1);
    expect(settled).toBe(false);
    rmSync(path);
    writeFileSync(join(file.folder, 'real'), '');
    symlinkSync('real', path);
    await sent;
    await file.send('t', 1, 3);
    expect(unpack(readFileSync(path)).toString()).toBe(`${lines(1)}${JSON.stringify(big)}\n${lines(2, 3)}`);
  },
);

/** Sends chunk after chunk, and kills the process after some acks. Returns what was acked. */
async function killAfterAck(forebay: Forebay): Promise<number[]> {
  const socket = await connectTo(forebay.port);
  const acked: number[] = [];
  for (let n = 0; n < 20; n++) {
    const reply = new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('close', () => reject(new Error('closed without an ack')));
    });
    socket.write(encode(['t', [[1, { n, text: 'x'.repeat(n * 50) }]], { chunk: `c${n}` }]));
    await reply;
    acked.push(n);
  }
  forebay.signal('SIGKILL');
  await forebay.exited;
  socket.destroy();
  return acked;
}

test("Fluentd's own gzip files are appended to", async () => {
  const file = await start(`path DIR/app\ncompress gz\n${all}`);
  await file.send('t', 1, 1);
  await file.stop();
  // As Ruby's GzipWriter writes it: with a time in its head.
  const ruby = Buffer.from('1f8b080000f15365000333e4020053fc51670200000000'.slice(0, 20), 'hex');
  const made = gunzipSync(readFileSync(join(file.folder, 'app.log.gz')));
  expect(made.toString()).toBe(lines(1));
  const path = join(file.folder, 'app.log.gz');
  const body = readFileSync(path).subarray(10);
  appendFileSync(path, Buffer.concat([ruby, body]));
  const next = await again(file);
  await next.send('t', 1, 2);
  expect(gunzipSync(readFileSync(path)).toString()).toBe(lines(1, 1, 2));
});
