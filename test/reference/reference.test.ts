// The reference pages are what the declarations say now, and say something of everything.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Options } from '../../src/config/options.ts';
import { pluginFolders, Registry } from '../../src/plugin/registry.ts';
import { referencePages, refusedList, withList } from './reference.ts';

const folder = new URL('../../config/reference/', import.meta.url);
const stale = 'The reference is stale: run npm run docs:reference.';

test('the pages that are there are those that would be written', async () => {
  const pages = await referencePages();
  expect(readdirSync(folder).sort(), stale).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) {
    expect(readFileSync(new URL(name, folder), 'utf8'), stale).toBe(text);
  }
});

test('the list of what is refused is that of the differences', () => {
  const readme = readFileSync(new URL('../../config/README.md', import.meta.url), 'utf8');
  expect(withList(readme, refusedList()), stale).toBe(readme);
});

/** Every option of every plug-in, those in sections too. */
function* optionsOf(
  options: Options,
  path: string,
  above: readonly Options[] = [],
): Generator<readonly [string, Options[string]]> {
  for (const [name, option] of Object.entries(options)) {
    yield [`${path} ${name}`, option];
    if (option.options !== undefined && !above.includes(option.options)) {
      yield* optionsOf(option.options, `${path} <${name}>`, [...above, options]);
    }
  }
}

test('every option says in a sentence what it is', async () => {
  const registry = new Registry();
  const wrong: string[] = [];
  for (const kind of Object.keys(pluginFolders)) {
    for (const type of registry.known(kind)) {
      const definition = await registry.load(kind, type);
      for (const [path, { desc }] of optionsOf(definition?.options ?? {}, `${kind} ${type}`)) {
        if (!/^\S.*\.$/s.test(desc)) {
          wrong.push(path);
        }
      }
      expect(definition?.summary).toMatch(/^\S.*\.$/);
    }
  }
  expect(wrong).toEqual([]);
});

test('each page has its options in it', async () => {
  const pages = await referencePages();
  expect(pages.get('output-file.md')).toContain('| `path` | string | required |');
  expect(pages.get('filter-grep.md')).toContain('`regexp1` to `regexp20`');
  expect(pages.get('output-roundrobin.md')).toContain('| `weight` | integer | `1` |');
  expect(pages.get('errors.md')).toContain('`FORWARD_MALFORMED`');
});
