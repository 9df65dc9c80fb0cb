// Plug-ins are found by their file's name and loaded when they are asked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { pluginFolders, Registry } from '../../src/plugin/registry.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('registry');
afterAll(() => temp.remove());

test('every plug-in of the program can be loaded and is what its file says', async () => {
  const registry = new Registry();
  expect(registry.known('output')).toContain('null');
  for (const kind of Object.keys(pluginFolders)) {
    for (const type of registry.known(kind)) {
      expect(await registry.load(kind, type)).toMatchObject({ kind, type, options: expect.anything() });
    }
  }
});

test('only files that are spelled as a type are plug-ins', () => {
  mkdirSync(join(temp.path, 'outputs'), { recursive: true });
  for (const name of ['b.mjs', 'a_1.mjs', 'not-one.mjs', 'Not.mjs', 'a.d.mjs', 'text.txt', '1.mjs']) {
    writeFileSync(join(temp.path, 'outputs', name), '');
  }
  const registry = new Registry(pathToFileURL(`${temp.path}/`), '.mjs');
  expect(registry.known('output')).toEqual(['a_1', 'b']);
  expect(registry.known('input')).toEqual([]);
  expect(registry.known('constructor')).toEqual([]);
});

test('what is not there is undefined, what is no plug-in rejects', async () => {
  mkdirSync(join(temp.path, 'inputs'), { recursive: true });
  writeFileSync(join(temp.path, 'inputs', 'empty.mjs'), 'export const a = 1;\n');
  const registry = new Registry(pathToFileURL(`${temp.path}/`), '.mjs');
  expect(await registry.load('input', 'none')).toBeUndefined();
  expect(await registry.load('input', '../inputs/empty')).toBeUndefined();
  expect(await registry.load('no kind', 'empty')).toBeUndefined();
  await expect(registry.load('input', 'empty')).rejects.toThrow('inputs/empty');
});
