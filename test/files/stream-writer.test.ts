// The writer of standard output, on real pipes and files: bytes in order, none lost, whoever fills it stopped in time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { ForebayError } from '../../src/core/errors.ts';
import { FileStream } from '../../src/files/file-stream.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('writer');
const children: ChildProcess[] = [];
const limit = 1 << 20;

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
});
afterAll(() => temp.remove());

/** A process that begins to read its input, into a file, when it is told to. */
function reader(name: string): { stdin: Writable; file: string; read(): void; ended: Promise<unknown> } {
  const file = join(temp.path, name);
  const script = 'head -n 1 <&3 >/dev/null; exec cat > "$0"';
  const child = spawn('sh', ['-c', script, file], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
  children.push(child);
  return {
    stdin: child.stdin as Writable,
    file,
    read: () => (child.stdio[3] as Writable).end('go\n'),
    ended: once(child, 'close'),
  };
}

/** Numbered lines, so that a missing or doubled one shows. */
class Lines {
  text = '';
  #next = 0;

  fill(writer: StreamWriter, lines: number): void {
    let area = writer.area;
    for (let i = 0; i < lines; i++) {
      const line = `${this.#next++} ${'x'.repeat(100)}\n`;
      if (area.used + line.length > area.bytes.length) {
        area = writer.nextArea();
      }
      area.used += Buffer.from(area.bytes.buffer).write(line, area.used);
      this.text += line;
    }
  }
}

const drained = async (writer: StreamWriter) => expect(await writer.drain(AbortSignal.timeout(10_000))).toBe(0);

test('a line appears without anything after it', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const writer = new StreamWriter(child.stdin);
  new Lines().fill(writer, 1);
  expect(writer.commit(false, limit)).toBeUndefined();
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  expect(chunk.toString()).toBe(`0 ${'x'.repeat(100)}\n`);
});

test('many lines arrive in order, into a file and into a pipe', async () => {
  const pipe = reader('order-pipe');
  pipe.read();
  const file = join(temp.path, 'order-file');
  for (const stream of [pipe.stdin, createWriteStream(file)]) {
    const writer = new StreamWriter(stream);
    const lines = new Lines();
    for (let i = 0; i < 100; i++) {
      lines.fill(writer, i * 20);
      await writer.commit(i % 7 === 0, limit);
    }
    await drained(writer);
    stream.end();
    await (stream === pipe.stdin ? pipe.ended : once(stream, 'close'));
    expect(readFileSync(stream === pipe.stdin ? pipe.file : file, 'utf8') === lines.text).toBe(true);
  }
});

describe('a pipe that nobody reads', () => {
  test('stops whoever fills it, and nothing is lost when it is read again', async () => {
    const pipe = reader('unread');
    const writer = new StreamWriter(pipe.stdin);
    const lines = new Lines();
    let room: Promise<void> | undefined;
    while (room === undefined) {
      lines.fill(writer, 500);
      room = writer.commit(false, limit);
      await new Promise(setImmediate);
    }
    expect(writer.pending).toBeGreaterThan(limit);
    expect(writer.pending).toBeLessThan(2 * limit);
    let settled = false;
    const waited = room.then(() => {
      settled = true;
      expect(writer.pending).toBeLessThanOrEqual(limit / 2);
    });
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    pipe.read();
    await waited;
    await drained(writer);
    pipe.stdin.end();
    await pipe.ended;
    expect(readFileSync(pipe.file, 'utf8') === lines.text).toBe(true);
  });

  test('keeps a promise to wait open until the bytes are written', async () => {
    const pipe = reader('acks');
    const writer = new StreamWriter(pipe.stdin);
    const lines = new Lines();
    lines.fill(writer, 5000);
    let written = false;
    const wait = writer.commit(true, limit)?.then(() => {
      written = true;
    });
    expect(await writer.drain(AbortSignal.timeout(100))).toBeGreaterThan(0);
    expect(written).toBe(false);
    pipe.read();
    await wait;
    expect(written).toBe(true);
    expect(writer.pending).toBe(0);
    expect(writer.commit(true, limit)).toBeUndefined();
  });

  test('cannot hold the end of the program beyond its deadline, and may be drained twice', async () => {
    const writer = new StreamWriter(reader('deadline').stdin);
    new Lines().fill(writer, 5000);
    const left = await Promise.all([writer.drain(AbortSignal.timeout(50)), writer.drain(AbortSignal.timeout(100))]);
    expect(left[0]).toBeGreaterThan(0);
    expect(left[1]).toBe(left[0]);
    expect(await writer.drain(AbortSignal.abort())).toBe(left[1]);
  });
});

test('a reader that goes away is one failure: all that wait hear of it, later ones too', async () => {
  const failures: ForebayError[] = [];
  const child = spawn('sleep', ['60'], { stdio: ['pipe', 'ignore', 'inherit'] });
  children.push(child);
  const writer = new StreamWriter(child.stdin, { onFailure: (error) => failures.push(error) });
  const lines = new Lines();
  lines.fill(writer, 20_000);
  const waiting = [writer.commit(true, limit), writer.commit(false, limit)];
  const outcomes = Promise.allSettled(waiting);
  await new Promise(setImmediate);
  child.kill('SIGKILL');
  expect(await outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'STDOUT_CLOSED' } },
    { status: 'rejected', reason: { code: 'STDOUT_CLOSED' } },
  ]);
  await expect(writer.commit(false, limit)).rejects.toMatchObject({ code: 'STDOUT_CLOSED' });
  expect(failures).toHaveLength(1);
  expect(writer.failure).toBe(failures[0]);
  expect(await writer.drain(AbortSignal.timeout(60_000))).toBeGreaterThan(0);
});

test('an error of the stream says why', async () => {
  const writer = new StreamWriter(createWriteStream('/dev/full'));
  new Lines().fill(writer, 1);
  await expect(writer.commit(true, limit)).rejects.toMatchObject({
    code: 'STDOUT_FAILED',
    fields: { reason: expect.stringContaining('ENOSPC') },
  });
});

test('text that is longer than an area has one of its own', async () => {
  const pipe = reader('long');
  pipe.read();
  const writer = new StreamWriter(pipe.stdin);
  const size = 3_000_000;
  const area = writer.nextArea(size);
  area.bytes.fill(0x61, 0, size);
  area.used = size;
  await writer.commit(true, limit);
  const after = writer.area;
  expect(after.bytes.length).toBeLessThan(size);
  pipe.stdin.end();
  await pipe.ended;
  expect(readFileSync(pipe.file).equals(Buffer.alloc(size, 0x61))).toBe(true);
});

test('memory of written text is used again', async () => {
  const writer = new StreamWriter(createWriteStream('/dev/null'));
  const seen = new Set<Uint8Array>();
  for (let i = 0; i < 50; i++) {
    const { area } = writer;
    seen.add(area.bytes);
    area.used = 1000;
    await writer.commit(true, limit);
  }
  expect(seen.size).toBeLessThanOrEqual(3);
});

describe('standard output as a file', () => {
  test('is written in order, small and large pieces', async () => {
    const file = join(temp.path, 'own');
    const descriptor = openSync(file, 'w');
    const writer = new StreamWriter(new FileStream(descriptor, () => {}));
    const lines = new Lines();
    for (let i = 0; i < 40; i++) {
      lines.fill(writer, i % 3 === 0 ? 5000 : 3);
      await writer.commit(true, limit);
    }
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8') === lines.text).toBe(true);
  });

  test('waits for room on a full disk instead of failing, and says so once', async () => {
    const descriptor = openSync('/dev/full', 'w');
    const said: Error[] = [];
    const stream = new FileStream(descriptor, (error) => said.push(error));
    const writer = new StreamWriter(stream);
    new Lines().fill(writer, 10);
    expect(writer.commit(false, 100)).toBeInstanceOf(Promise);
    expect(await writer.drain(AbortSignal.timeout(2500))).toBeGreaterThan(0);
    expect(said).toMatchObject([{ code: 'ENOSPC' }]);
    expect(writer.failure).toBeUndefined();
    stream.destroy();
    closeSync(descriptor);
  });
});
