// What a configuration may ask of the file output, and what it is told where it asks for something else.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { inZone } from '../formatters/harness.ts';
import { tempFolder } from '../support/temp.ts';
import { startFile } from './file-harness.ts';

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
    [
      'a zone that does not exist, of a buffer on disk',
      'path /x/app\n<buffer time>\n@type file\npath /x/b\ntimekey_zone Nope\n</buffer>',
      7,
      14,
    ],
    [
      'a chunk key that is not in the path, of a buffer on disk',
      'path /x/app\n<buffer tag>\n@type file\npath /x/b\n</buffer>',
      3,
      6,
    ],
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
    ['a link that is no file', 'path /x/app\nsymlink_path /x/', 4, 14],
    ['a level that gzip has not', 'path /x/app\ncompress gzip\ncompress_level 12', 5, 16],
    ['a compression that there is not', 'path /x/app\ncompress lzma', 4, 10],
    ['a size of nothing', 'path /x/app\nrotate_size 0', 4, 13],
    ['an age of nothing', 'path /x/app\nretain_age 0', 4, 12],
    ['a number of files below none', 'path /x/app\nrotate_count -1', 4, 14],
    ['an old format for more than a day', 'path /x/app\ntime_slice_format %Y%m', 4, 19],
    ['two old zones', 'path /x/app\ntime_slice_format %Y%m%d\nutc true\nlocaltime true', 5, 5],
    ['no open files', 'path /x/app\nopen_files_limit 0', 4, 18],
  ] as const)('%s', async ([, body, line, column]) => {
    const errors = (await problemsOf(body)).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([
      { code: expect.stringMatching(/^CONFIG_(OPTION_REFUSED|VALUE_INVALID)$/), line, column },
    ]);
  });

  test('a path is required', async () => {
    expect(await problemsOf('append true')).toMatchObject([{ code: 'CONFIG_OPTION_REQUIRED' }]);
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
  'path /x/app\n<buffer>\n@type file\npath /x/b\nflush_interval 5s\nflush_mode interval\nretry_forever true\n</buffer>',
  'path /x/app\n<buffer time>\n@type file\npath /x/b\n</buffer>\n<secondary>\n@type secondary_file\ndirectory /x/s\n</secondary>',
  'path /x/app\n<buffer tag, time>\n</buffer>\npath_suffix .txt',
  `path /x/$\{tag[-1]}.*\n<buffer tag,time>\n</buffer>`,
])('nothing is said of %j', async (body) => {
  const expected = body.includes('path_suffix') ? ['CONFIG_OPTION_REFUSED'] : []; // the tag is missing in that path
  expect((await problemsOf(body)).map(({ code }) => code)).toEqual(expected);
});

describe("the names of Fluentd's first years", () => {
  test.for([
    ['time_slice_format %Y%m%d-%H', 'app.20231114-23_0.log'],
    ['time_slice_format %Y%m%d-%H\nlocaltime true', 'app.20231114-23_0.log'],
    ['time_slice_format %Y%m%d-%H\nlocaltime false', 'app.20231114-22_0.log'],
    ['time_slice_format %Y%m%d-%H\nutc true', 'app.20231114-22_0.log'],
    ['time_slice_format %Y%m%d-%H\ntimezone +09:00', 'app.20231115-07_0.log'],
    ['time_slice_format %Y%m%d-%H\nutc true\ntimezone +09:00', 'app.20231114-22_0.log'],
    ['timezone +09:00', 'app.20231115_0.log'],
    ['utc true', 'app.20231114_0.log'],
    // Beside a <buffer> they mean nothing, but that the format names the file.
    ['time_slice_format %Y%m%d-%H\ntimezone +09:00\n<buffer time>\ntimekey 1h\n</buffer>', 'app.20231114-23_0.log'],
  ] as const)('%j', async ([body, name]) => {
    await inZone('Europe/Berlin', async () => {
      const file = await startFile(`path DIR/app\n${body}`);
      try {
        await file.send('t', 1_700_000_000, 1);
        expect(Object.keys(file.files())).toEqual([name]);
      } finally {
        await file.stop();
        file.remove();
      }
    });
  });

  test.for([
    ['output_tag false', '2023-11-14T23:13:20+01:00\t{"n":1}\n'],
    ['format out_file\ndelimiter SPACE\nutc true', '2023-11-14T22:13:20Z t {"n":1}\n'],
    ['format ltsv\ninclude_tag_key true', 'n:1\ttag:t\n'],
  ] as const)('of a formatter: %j', async ([body, text]) => {
    await inZone('Europe/Berlin', async () => {
      const file = await startFile(`path DIR/app\n${body}\n# no <format>`);
      try {
        await file.send('t', 1_700_000_000, 1);
        expect(Object.values(file.files())).toEqual([text]);
      } finally {
        await file.stop();
        file.remove();
      }
    });
  });

  test('each is taken, and named once', async () => {
    const found = await problemsOf(
      'path /x/app\ntime_slice_format %Y%m%d\ntime_slice_wait 10m\ntimezone +09:00\nbuffer_type memory\nbuffer_chunk_limit 8m\nbuffer_queue_limit 64\nbuffer_queue_full_action exception\nflush_interval 5s\ntry_flush_interval 1s\nqueued_chunk_flush_interval 1s\nnum_threads 2\nretry_wait 1s\nretry_limit 3\nmax_retry_wait 10s\ndisable_retry_limit true\nflush_at_shutdown true\ninclude_time_key true\ntag_key tag',
    );
    expect(new Set(found.map(({ code }) => code))).toEqual(
      new Set(['CONFIG_OPTION_DEPRECATED', 'CONFIG_OPTION_IGNORED']),
    );
    expect(found.every(({ severity }) => severity === 'warning')).toBe(true);
  });
});
