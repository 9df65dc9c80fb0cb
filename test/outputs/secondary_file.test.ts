// Chunks that an output does not take go to files, with Fluentd's names and in its form.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decodeMulti } from '@msgpack/msgpack';
import { afterAll, expect, test } from 'vitest';
import { batchOf, begin, running, start, testOutputs } from '../flush/harness.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder('secondary');
afterAll(() => folder.remove());

const down = () => Object.assign(new Error('no'), { retryable: false });

/** The files below a folder of its own after chunks of the tags were refused by the output before it. */
async function filesAfter(name: string, buffer: string, secondary: string, tags: readonly string[]) {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true });
  const tests = testOutputs(down);
  const config = `<match **>
@type primary
${buffer}
<secondary>
@type secondary_file
${secondary.replaceAll('DIR', path)}
</secondary>
</match>`;
  const started = await start(config, tests);
  if (!('output' in started)) {
    return started.map(({ code }) => code);
  }
  const run = running(started);
  for (const [index, tag] of tags.entries()) {
    await run.output.emit(batchOf(tag, [[begin, { n: index, level: 'warn' }]]));
    run.output.flush();
    await tests.clock.go(1000);
  }
  await run.output.stop(AbortSignal.abort());
  return Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [
        join(entry.parentPath, entry.name).slice(path.length + 1),
        readFileSync(join(entry.parentPath, entry.name)),
      ])
      .sort(),
  );
}

function numbers(bytes: Uint8Array): unknown[] {
  return [...decodeMulti(bytes)].map((event) => (event as [unknown, { readonly n: number }])[1].n);
}

test('each chunk gets a file with a number, past those that are there', async () => {
  mkdirSync(join(folder.path, 'numbers'));
  writeFileSync(join(folder.path, 'numbers', 'dump.bin.1'), 'old');
  const files = await filesAfter('numbers', '<buffer tag>\n</buffer>', 'directory DIR', ['a', 'b', 'c']);
  expect(Object.keys(files)).toEqual(['dump.bin.0', 'dump.bin.1', 'dump.bin.2', 'dump.bin.3']);
  expect(
    ['dump.bin.0', 'dump.bin.2', 'dump.bin.3'].map((name) =>
      numbers((files as Record<string, Buffer>)[name] as Buffer),
    ),
  ).toEqual([[0], [1], [2]]);
});

test('append puts all chunks into one file', async () => {
  const files = await filesAfter('append', '<buffer tag>\n</buffer>', 'directory DIR\nbasename all\nappend true', [
    'a',
    'b',
  ]);
  expect(Object.keys(files)).toEqual(['all']);
  expect(numbers((files as { all: Buffer }).all)).toEqual([0, 1]);
});

test('placeholders stand for chunk keys, and none of them leads out of the folder', async () => {
  const buffer = '<buffer tag,level>\n</buffer>';
  const secondary = 'directory DIR/${tag[0]}\nbasename ${tag}-${level}\nappend true';
  const files = await filesAfter('places', buffer, secondary, ['a.b', '../../x.y']);
  const names = Object.keys(files);
  expect(names).toHaveLength(2);
  expect(names).toContain('a/a.b-warn');
});

test.each([
  ['gzip', '.gz', gunzipSync],
  ['zstd', '.zst', zstdDecompressSync],
] as const)('compress %s', async (compress, suffix, unpack) => {
  const files = await filesAfter(
    compress,
    '<buffer tag>\n</buffer>',
    `directory DIR\ncompress ${compress}\nappend true`,
    ['a', 'b'],
  );
  const [[name, bytes] = ['', Buffer.alloc(0)]] = Object.entries(files as Record<string, Buffer>);
  expect(name).toBe(`dump.bin${suffix}`);
  expect(compress === 'gzip' ? numbers(unpack(bytes)) : bytes.length > 0).toEqual(compress === 'gzip' ? [0, 1] : true);
});

test('a placeholder that stands for no chunk key is refused, as is a slash in the name', async () => {
  const refused = ['CONFIG_OPTION_REFUSED'];
  expect(await filesAfter('no', '<buffer tag>\n</buffer>', 'directory DIR/${level}', [])).toEqual(refused);
  expect(await filesAfter('no', '<buffer tag>\n</buffer>', 'directory DIR/%Y%m%d', [])).toEqual(refused);
  expect(await filesAfter('no', '<buffer tag>\n</buffer>', 'directory DIR\nbasename a/b', [])).toEqual(refused);
});

test('outside of <secondary> it is refused', async () => {
  const started = await start('<match **>\n@type secondary_file\ndirectory /tmp\n</match>', testOutputs());
  expect('output' in started ? [] : started.map(({ code }) => code)).toEqual(['CONFIG_OPTION_REFUSED']);
});
