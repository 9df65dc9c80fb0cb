// Files end when they are large, and old ones are removed: as many as may be, and none but the output's own.
import { linkSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inZone } from '../formatters/harness.ts';
import { lines, now, type TestFile, until } from './file-harness.ts';
import { fileStage } from './file-stage.ts';

const { start, again, started } = fileStage();

const all = '<buffer []>\n</buffer>';
const line = { text: 'x'.repeat(89) }; // 100 bytes and a newline

describe('rotate_size', () => {
  test('a numbered file ends before it grows beyond it, and the next number begins', async () => {
    const file = await start(`path DIR/app\nrotate_size 350\n${all}`);
    for (let n = 0; n < 7; n++) {
      await file.send('t', 1, line);
    }
    const sizes = readdirSync(file.folder).map((name) => [name, statSync(join(file.folder, name)).size]);
    expect(sizes).toEqual([
      ['app_0.log', 303],
      ['app_1.log', 303],
      ['app_2.log', 101],
    ]);
  });

  test('an appended file gets a number, and a new one takes its place', async () => {
    const file = await start(`path DIR/app\nappend true\nrotate_size 20\n${all}`);
    for (let n = 1; n <= 7; n++) {
      await file.send('t', 1, n);
    }
    expect(file.files()).toEqual({
      'app.log': lines(7),
      'app_0.log': lines(1, 2),
      'app_1.log': lines(3, 4),
      'app_2.log': lines(5, 6),
    });
  });

  test('after a restart a file that is full is not continued, and numbers go on', async () => {
    const body = `path DIR/app\nrotate_size 16\n${all}`;
    const first = await start(body);
    await first.send('t', 1, 1);
    await first.send('t', 1, 2);
    await first.stop();
    const second = await again(first);
    await second.send('t', 1, 3);
    await second.send('t', 1, 4);
    await second.send('t', 1, 5);
    expect(second.files()).toEqual({ 'app_0.log': lines(1, 2), 'app_1.log': lines(3, 4), 'app_2.log': lines(5) });
  });

  test('the number of an appended file is one that nobody has', async () => {
    const file = await start(`path DIR/app\nappend true\nrotate_size 10\n${all}`);
    await file.send('t', 1, 1);
    writeFileSync(join(file.folder, 'app_0.log'), 'mine');
    await file.send('t', 1, 2);
    expect(file.files()).toEqual({ 'app.log': lines(2), 'app_0.log': 'mine', 'app_1.log': lines(1) });
  });

  test('a line longer than a write, and a write larger than the size, stay whole', async () => {
    const file = await start(`path DIR/app\nrotate_size 1k\n${all}`);
    const big = { big: 'y'.repeat(2_500_000) };
    await file.send('t', 1, 1);
    await file.send('t', 1, big);
    await file.send('t', 1, 2, 3);
    expect(file.files()).toEqual({
      'app_0.log': lines(1),
      'app_1.log': `${JSON.stringify(big)}\n`,
      'app_2.log': lines(2, 3),
    });
  });

  test('compressed files are measured as they are on the disk', async () => {
    const file = await start(`path DIR/app\nrotate_size 100\ncompress gzip\n${all}`);
    for (let n = 0; n < 12; n++) {
      await file.send('t', 1, line);
    }
    for (const name of readdirSync(file.folder)) {
      expect(statSync(join(file.folder, name)).size).toBeLessThanOrEqual(100);
    }
    expect(readdirSync(file.folder).length).toBeGreaterThan(2);
  });
});

describe('files that are removed', () => {
  /** Files with their ages in days; those of a folder too. */
  function old(file: TestFile, ages: Readonly<Record<string, number>>, size = 10): void {
    for (const [name, days] of Object.entries(ages)) {
      const path = join(file.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, 'o'.repeat(size));
      utimesSync(path, now() - days * 86_400, now() - days * 86_400);
    }
  }

  /** The outcome of one start: the files are there before it. */
  async function restarted(body: string, prepare: (file: TestFile) => void, removed: number): Promise<string[]> {
    const first = await start(body);
    await first.stop();
    prepare(first);
    const second = await again(first);
    await until(() => second.counter('forebay_file_removed_files_total') >= removed, 15_000);
    await second.stop();
    expect(second.counter('forebay_file_removed_files_total')).toBe(removed);
    return Object.keys(second.files()).sort();
  }

  test('rotate_count keeps so many beside the one being written', async () => {
    const file = await start(`path DIR/app\nrotate_size 10\nrotate_count 2\n${all}`);
    for (let n = 1; n <= 8; n++) {
      await file.send('t', 1, n);
    }
    await until(() => file.counter('forebay_file_removed_files_total') >= 5, 15_000);
    expect(file.files()).toEqual({ 'app_5.log': lines(6), 'app_6.log': lines(7), 'app_7.log': lines(8) });
  });

  test('rotate_count counts each name by itself, and never the appended file', async () => {
    const left = await restarted(
      `path DIR/$\{tag}\nappend true\nrotate_size 1m\nrotate_count 1\n<buffer tag>\n</buffer>`,
      (file) => old(file, { 'a.log': 9, 'a_1.log': 1, 'a_10.log': 9, 'a_9.log': 1, 'b_0.log': 1, 'a.txt': 1 }),
      2,
    );
    expect(left).toEqual(['a.log', 'a.txt', 'a_10.log', 'b_0.log']);
  });

  test('retain_age removes what was not written to for so long, and only what the output could have made', async () => {
    const left = await restarted(
      'path DIR/app.%Y%m%d\nretain_age 7d',
      (file) => {
        old(file, {
          'app.20231101_0.log': 8,
          'app.20231101_12.log': 30,
          'app.20231114_0.log': 6,
          // None of these is a name of this output.
          'app.20231101_0.log.gz': 30,
          'app.2023110_0.log': 30,
          'app.20231101.log': 30,
          'app.20231101_0x.log': 30,
          'xapp.20231101_0.log': 30,
          'appx20231101_0.log': 30,
          'sub/app.20231101_0.log': 30,
          'other.log': 30,
        });
      },
      2,
    );
    expect(left).toEqual([
      'app.20231101.log',
      'app.20231101_0.log.gz',
      'app.20231101_0x.log',
      'app.2023110_0.log',
      'app.20231114_0.log',
      'appx20231101_0.log',
      'other.log',
      'sub/app.20231101_0.log',
      'xapp.20231101_0.log',
    ]);
  });

  test('links, files with a second name, folders, and what lies behind a link are left alone', async () => {
    const left = await restarted(
      `path DIR/$\{tag}/app.%Y%m%d\nretain_age 7d\n<buffer tag,time>\n</buffer>`,
      (file) => {
        old(file, { 'a/app.20231101_0.log': 30, 'twice/app.20231101_0.log': 30, '../outside/app.20231101_0.log': 30 });
        linkSync(join(file.folder, 'twice/app.20231101_0.log'), join(file.folder, 'twice/other'));
        symlinkSync(join(file.folder, '../outside'), join(file.folder, 'link'));
        symlinkSync('/etc/passwd', join(file.folder, 'twice', 'app.20231102_0.log'));
        mkdirSync(join(file.folder, 'twice', 'app.20231103_0.log'));
        const outside = statSync(join(file.folder, '../outside/app.20231101_0.log'));
        expect(outside.isFile()).toBe(true);
      },
      1,
    );
    expect(left).toEqual(['twice/app.20231101_0.log', 'twice/other']);
    const [file] = started;
    expect(readdirSync(join(file?.folder ?? '', '..')).sort()).toEqual(['data', 'outside']);
    expect(readdirSync(join(file?.folder ?? '', '../outside'))).toEqual(['app.20231101_0.log']);
    // Its folder is empty, and goes with the file.
    expect(readdirSync(file?.folder ?? '').sort()).toEqual(['link', 'twice']);
  });

  test('retain_size removes the oldest until the rest fits', async () => {
    const left = await restarted(
      `path DIR/$\{tag}.%Y%m%d\nretain_size 2500\n<buffer tag,time>\n</buffer>`,
      (file) =>
        old(file, { 'a.20231101_0.log': 5, 'b.20231101_0.log': 9, 'a.20231102_0.log': 3, 'c.20231103_0.log': 4 }, 1000),
      2,
    );
    expect(left).toEqual(['a.20231102_0.log', 'c.20231103_0.log']);
  });

  test('a file in use is never removed', async () => {
    await inZone('UTC', async () => {
      const file = await start('path DIR/app\nretain_size 1\nretain_age 1d');
      await file.send('t', now(), 1);
      const [name = ''] = readdirSync(file.folder);
      utimesSync(join(file.folder, name), 1, 1);
      // Another file of the output, so that a look at the folder can be seen to have been.
      const path = join(file.folder, 'app.20200101_0.log');
      writeFileSync(path, 'old');
      file.output.flush?.();
      await file.send('t', now(), 2);
      await until(() => file.counter('forebay_file_removed_files_total') >= 2, 15_000);
      expect(Object.values(file.files())).toEqual([lines(2)]);
    });
  });
});
