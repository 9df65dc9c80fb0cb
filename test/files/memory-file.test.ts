// Which files lie in memory, and that a writer loses nothing where each write is done at once.
import { closeSync, existsSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStream } from '../../src/files/file-stream.ts';
import { isInMemory } from '../../src/files/memory-file.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { tempFolder } from '../support/temp.ts';

const memory = '/dev/shm';
const tmpfs = 0x01021994;
const hasMemory = existsSync(memory) && statfsSync(memory).type === tmpfs;

test('a file is in memory where its file system is', () => {
  for (const parent of [memory, tmpdir()].filter((each) => existsSync(each))) {
    const folder = tempFolder('memory', parent);
    const fd = openSync(join(folder.path, 'file'), 'a');
    try {
      expect(isInMemory(fd), parent).toBe(statfsSync(folder.path).type === tmpfs);
    } finally {
      closeSync(fd);
      folder.remove();
    }
  }
});

test('what is not open is in no memory', () => {
  expect(isInMemory(1_000_000)).toBe(false);
});

test.skipIf(!hasMemory)('large writes to memory are whole and in order', async () => {
  const folder = tempFolder('memory', memory);
  const path = join(folder.path, 'file');
  const fd = openSync(path, 'a');
  try {
    const writer = new StreamWriter(new FileStream(fd, () => undefined));
    const sent: Buffer[] = [];
    for (let i = 0; i < 40; i++) {
      const line = Buffer.alloc(100_000 + i, 97 + (i % 26));
      line[line.length - 1] = 10;
      let { area } = writer;
      if (area.bytes.length - area.used < line.length) {
        area = writer.nextArea();
      }
      area.bytes.set(line, area.used);
      area.used += line.length;
      sent.push(line);
    }
    await writer.commit(true, 1 << 20);
    expect(writer.pending).toBe(0);
    expect(readFileSync(path).equals(Buffer.concat(sent))).toBe(true);
  } finally {
    closeSync(fd);
    folder.remove();
  }
});
