// Streams that share another one, line by line.
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { passLines } from '../../src/cli/whole-lines.ts';

test('lines of two streams stay whole however they are cut; what is left at the end is a line of its own', async () => {
  const got: string[] = [];
  const to = new Writable({
    write(bytes: Buffer, _, done) {
      got.push(bytes.toString());
      setImmediate(done);
    },
  });
  const [a, b] = [new PassThrough(), new PassThrough()];
  const passed = [passLines(a, to), passLines(b, to)];
  for (const [stream, text] of [
    [a, 'one '],
    [b, 'b1\nb'],
    [a, 'line\ntwo\n'],
    [b, '2\nhalf'],
  ] as const) {
    stream.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  a.end();
  b.end();
  await Promise.all(passed);
  expect(got.every((text) => text.endsWith('\n'))).toBe(true);
  expect(got.join('').split('\n').sort()).toEqual(['', 'b1', 'b2', 'half', 'one line', 'two']);
});

test('a stream that takes nothing holds the one that is passed on', async () => {
  const taken: (() => void)[] = [];
  const to = new Writable({ write: (_bytes, _encoding, done) => void taken.push(done) });
  const from = new PassThrough({ highWaterMark: 1024 });
  void passLines(from, to);
  let written = 0;
  while (from.write('x'.repeat(100).concat('\n')) && written < 10_000) {
    written++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(taken.length).toBe(1);
  expect(written).toBeLessThan(100);
  from.destroy();
});
