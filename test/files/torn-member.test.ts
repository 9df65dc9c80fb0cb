// Compressed files that were cut off anywhere: what was whole stays, and what is put behind it can be read.
import { hash } from 'node:crypto';
import { appendFileSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { type CompressionKind, compressionOf } from '../../src/files/compression.ts';
import { endTornMember } from '../../src/files/torn-member.ts';
import { tempFolder } from '../support/temp.ts';
import { unzstd } from '../support/unzstd.ts';

const temp = tempFolder('torn');
afterAll(() => temp.remove());
const path = join(temp.path, 'file');

/** Bytes that cannot be compressed. */
function noiseOf(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, n) => hash('sha256', String(n), 'buffer'));
  return Buffer.concat(blocks, length);
}

/** Mends a file that holds `bytes`; returns what is in it then. */
function mended(kind: CompressionKind, bytes: Uint8Array, lines = true): Buffer {
  writeFileSync(path, bytes);
  const fd = openSync(path, 'a');
  try {
    const file = { fd, path, created: false, identity: '', size: bytes.length };
    endTornMember(file, compressionOf(kind, undefined), lines);
  } finally {
    closeSync(fd);
  }
  return readFileSync(path);
}

const unpack = { gzip: (bytes: Uint8Array) => gunzipSync(bytes), zstd: unzstd };
const pack = { gzip: (text: string) => gzipSync(text), zstd: (text: string) => zstdCompressSync(text) };

describe.for(['gzip', 'zstd'] as const)('%s', (kind) => {
  const texts = ['{"n":1}\n', '{"n":2}\n'.repeat(200), '{"n":3,"text":"abc"}\n'];
  const members = texts.map(pack[kind]);
  const ends = members.map((_, index) => Buffer.concat(members.slice(0, index + 1)).length);

  test('cut at any length, it keeps every whole member, and takes more', () => {
    const all = Buffer.concat(members);
    for (let length = 0; length <= all.length; length++) {
      const kept = mended(kind, all.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      expect(kept.length, `cut at ${length}`).toBe(whole === 0 ? 0 : ends[whole - 1]);
      appendFileSync(path, pack[kind]('more\n'));
      expect(unpack[kind](readFileSync(path)).toString()).toBe(`${texts.slice(0, whole).join('')}more\n`);
    }
  });

  test('text that cannot be compressed may hold what looks like a member', () => {
    const noise = noiseOf(300_000);
    const inner = pack[kind]('inner\n');
    const text = Buffer.concat([noise, inner, noise.subarray(0, 5000)]);
    const stored = kind === 'gzip' ? gzipSync(text, { level: 0 }) : zstdCompressSync(text);
    const all = Buffer.concat([members[0] ?? inner, stored]);
    expect(mended(kind, all, false).equals(all)).toBe(true);
    expect(mended(kind, all.subarray(0, all.length - 2000), false).equals(members[0] ?? inner)).toBe(true);
  });

  test('a line that goes on in a member that never came is ended', () => {
    mended(kind, pack[kind]('{"n":1}\n{"n":'));
    appendFileSync(path, pack[kind]('{"n":2}\n'));
    expect(unpack[kind](readFileSync(path)).toString()).toBe('{"n":1}\n{"n":\n{"n":2}\n');
  });

  test('what others put behind our members is left alone', () => {
    const foreign = Buffer.concat([pack[kind]('{"n":1}\n'), Buffer.from('and then\n')]);
    expect(mended(kind, foreign).equals(foreign)).toBe(true);
    const two = Buffer.concat([pack[kind]('{"n":0}\n'), foreign]);
    expect(mended(kind, two).equals(two)).toBe(true);
    const text = Buffer.from('no compressed file at all\n');
    expect(mended(kind, text).equals(text)).toBe(true);
  });
});

test('the end of a large file is found without reading all of it', () => {
  const noise = noiseOf(900_000);
  const large = Array.from({ length: 5 }, () => gzipSync(noise, { level: 1 }));
  const whole = Buffer.concat([...large, gzipSync('{"n":1}\n')]);
  expect(mended('gzip', Buffer.concat([whole, gzipSync(noise).subarray(0, 700_000)]), false).equals(whole)).toBe(true);
});
