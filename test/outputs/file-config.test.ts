// What a configuration may ask of the file output, and what it is told where it asks for something else.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('config');
afterAll(() => temp.remove());

async function problemsOf(body: string) {
  const file = join(temp.path, 'test.conf');
  writeFileSync(file, `<match **>\n@type file\n${body}\n</match>\n`);
  const { problems } = await loadPlan(file);
  return problems.map(({ code, severity, at, text }) => ({ code, severity, line: at.line, column: at.column, text }));
}

describe('refused', () => {
  test.for([
    ['a buffer on disk', 'path /x/app\n<buffer>\n@type file\n</buffer>', 5, 7],
    ['the same as it was once written', 'path /x/app\nbuffer_type file', 4, 13],
    ['a tag in the path that is no chunk key', `path /x/$\{tag}`, 3, 6],
    ['a chunk key that is not in the path', 'path /x/app\n<buffer tag>\n</buffer>', 3, 6],
    ['a time that is no chunk key', 'path /x/%Y%m%d\n<buffer []>\n</buffer>', 3, 6],
    ['a star without a time', 'path /x/*\n<buffer []>\n</buffer>', 3, 6],
    ['a timekey of nothing', 'path /x/app\n<buffer time>\ntimekey 0\n</buffer>', 5, 9],
    ['a zone that does not exist', 'path /x/app\n<buffer time>\ntimekey_zone Nope\n</buffer>', 5, 14],
    ['a placeholder that is none', `path /x/$\{tag}/$\{tag[1..2]}\n<buffer tag>\n</buffer>`, 3, 6],
    ['a way up behind a placeholder', `path /x/$\{tag}/../y\n<buffer tag>\n</buffer>`, 3, 6],
    ['a mode that is none', 'path /x/app\nfile_permission rw', 4, 17],
    ['a mode of nine', 'path /x/app\ndir_permission 0799', 4, 16],
    ['no open files', 'path /x/app\nopen_files_limit 0', 4, 18],
  ] as const)('%s', async ([, body, line, column]) => {
    const errors = (await problemsOf(body)).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ code: 'CONFIG_OPTION_REFUSED', line, column }]);
  });

  test('a path is required', async () => {
    expect(await problemsOf('append true')).toMatchObject([{ code: 'CONFIG_OPTION_REQUIRED' }]);
  });

  test('the sentence about a buffer on disk says what to do', async () => {
    const [problem] = await problemsOf('path /x/app\n<buffer>\n@type file\n</buffer>');
    expect(problem?.text).toContain('no buffer of type "file"');
  });
});

test('flush and retry options are taken, and named in one line', async () => {
  const found = await problemsOf(
    'path /x/app\n<buffer time>\n@type memory\ntimekey 1h\nflush_interval 5s\nretry_forever true\nchunk_limit_size 8m\n</buffer>',
  );
  expect(found).toMatchObject([{ code: 'CONFIG_OPTION_IGNORED', severity: 'warning' }]);
  expect(found[0]?.text).toMatch(/flush_interval.*retry_forever.*chunk_limit_size/);
});

test.for([
  'path /x/app',
  'path /x/app\n<buffer tag, time>\n</buffer>\npath_suffix .txt',
  `path /x/$\{tag[-1]}.*\n<buffer tag,time>\n</buffer>`,
])('nothing is said of %j', async (body) => {
  const expected = body.includes('path_suffix') ? ['CONFIG_OPTION_REFUSED'] : []; // the tag is missing in that path
  expect((await problemsOf(body)).map(({ code }) => code)).toEqual(expected);
});
