// The file output by itself: what stands in which file and when, as files are closed, moved, continued and taken away under it.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inZone } from '../formatters/harness.ts';
import { lines, now, openIn, type TestFile, until } from './file-harness.ts';
import { fileStage } from './file-stage.ts';

const { start, again } = fileStage();

const evening = 1_700_006_390; // 23:59:50 UTC
const all = 'append true\n<buffer []>\n</buffer>';

describe('what is in a file', () => {
  test('an emit that asks for an ack settles when its lines are there', async () => {
    const file = await start(`path DIR/all\n${all}`);
    await file.send('t', 1, 1, 2);
    expect(file.files()).toEqual({ 'all.log': lines(1, 2) });
  });

  test('without an ack and with room, emit returns nothing, and the lines come in the same turn', async () => {
    const file = await start(`path DIR/all\n${all}`);
    expect(file.put('t', 1, 1)).toBeUndefined();
    await until(() => file.files()['all.log'] === lines(1));
  });

  test('a batch over a border of the time key is split, each part in its order', async () => {
    await inZone('UTC', async () => {
      const file = await start('path DIR/app');
      const { encode } = await import('@msgpack/msgpack');
      const { batchOf, entry } = await import('../formatters/harness.ts');
      const secs = [evening, evening + 10, evening + 1, evening + 11, evening + 12];
      const entries = secs.map((sec, n) => entry({ sec }, Buffer.from(encode({ n }))));
      await file.output.emit(batchOf('t', Buffer.concat(entries), entries.length, [Uint8Array.of(1)]));
      expect(file.files()).toEqual({ 'app.20231114_0.log': lines(0, 2), 'app.20231115_0.log': lines(1, 3, 4) });
    });
  });

  test('text of many megabytes, and of single events larger than a write, arrives whole and in order', async () => {
    const file = await start(`path DIR/all\n${all}`);
    const big = 'x'.repeat(3_000_000);
    const emits: (Promise<void> | undefined)[] = [];
    let expected = '';
    for (let n = 0; n < 40; n++) {
      const records =
        n % 13 === 5 ? [{ big }] : Array.from({ length: 500 }, (_, i) => ({ n, i, text: 'y'.repeat(200) }));
      expected += records.map((record) => `${JSON.stringify(record)}\n`).join('');
      emits.push(file.put('t', 1, ...records));
      if (n % 7 === 0) {
        await file.send('t', 1, n);
        expected += lines(n);
      }
    }
    await Promise.all(emits);
    await file.stop();
    expect(file.files()['all.log'] === expected).toBe(true);
  });

  test('events of many tags each go to the file of their tag, in batches that take turns', async () => {
    const file = await start(`path DIR/$\{tag}\n<buffer tag>\n</buffer>`);
    for (let n = 0; n < 300; n++) {
      void file.put(`t${n % 100}`, 1, n);
    }
    await file.stop();
    expect(Object.keys(file.files())).toHaveLength(100);
    expect(file.files()['t7_0.log']).toBe(lines(7, 107, 207));
  });

  test('runs of a field go to the file of its value, and fields are injected afterwards', async () => {
    const file = await start(`path DIR/$\{lvl}\n<inject>\ntag_key lvl\n</inject>\n<buffer lvl>\n</buffer>`);
    await file.send('t', 1, { lvl: 'a' }, { lvl: 'a', n: 2 }, { lvl: 'b' }, { lvl: 'a', n: 4 });
    expect(file.files()).toEqual({
      'a_0.log': '{"lvl":"t"}\n{"lvl":"t","n":2}\n{"lvl":"t","n":4}\n',
      'b_0.log': '{"lvl":"t"}\n',
    });
  });

  test('a newline or tab in a tag forges no line', async () => {
    const file = await start(`path DIR/all\n<format>\n@type out_file\ntime_type unixtime\n</format>\n${all}`);
    await file.send('a\n1\tb\t{}', 1, 1);
    expect(file.files()['all.log']?.split('\n')).toHaveLength(2);
  });
});

describe('when a file ends', () => {
  test('a flush ends numbered files: what comes next has the next number', async () => {
    const file = await start('path DIR/app\n<buffer []>\n</buffer>');
    await file.send('t', 1, 1);
    file.output.flush?.();
    expect(openIn(file.folder)).toEqual([]);
    await file.send('t', 1, 2);
    file.output.flush?.();
    file.output.flush?.();
    await file.send('t', 1, 3);
    expect(file.files()).toEqual({ 'app_0.log': lines(1), 'app_1.log': lines(2), 'app_2.log': lines(3) });
  });

  test('a flush while much is under way tears no line and mixes no order', async () => {
    const file = await start('path DIR/app\n<buffer []>\n</buffer>');
    const text = 'z'.repeat(1000);
    for (let n = 0; n < 20; n++) {
      void file.put('t', 1, ...Array.from({ length: 400 }, (_, i) => ({ n: n * 400 + i, text })));
      if (n % 5 === 4) {
        file.output.flush?.();
      }
    }
    await file.stop();
    const numbers = [0, 1, 2, 3].flatMap((number) =>
      (file.files()[`app_${number}.log`] ?? '')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { n: number }).n),
    );
    expect(numbers).toEqual(Array.from({ length: 8000 }, (_, n) => n));
  });

  test('a flush opens an appended file anew, as those who rotate it expect', async () => {
    const file = await start(`path DIR/all\n${all}`);
    await file.send('t', 1, 1);
    renameSync(join(file.folder, 'all.log'), join(file.folder, 'all.log.1'));
    await file.send('t', 1, 2);
    file.output.flush?.();
    await file.send('t', 1, 3);
    expect(file.files()).toEqual({ 'all.log.1': lines(1, 2), 'all.log': lines(3) });
  });

  test('a file that was moved or removed is noticed without a signal', async () => {
    const file = await start(`path DIR/all\n${all}`);
    await file.send('t', 1, 1);
    rmSync(join(file.folder, 'all.log'));
    await until(async () => {
      await file.send('t', 1, 2);
      return existsSync(join(file.folder, 'all.log'));
    });
    expect(file.files()['all.log']).toBe(lines(2));
  });

  test('a folder that was removed is made again', async () => {
    const file = await start(`path DIR/$\{tag}/x\n<buffer tag>\n</buffer>`);
    await file.send('t', 1, 1);
    rmSync(file.folder, { recursive: true });
    await until(async () => {
      await file.send('t', 1, 2);
      return existsSync(file.folder);
    });
    expect(file.files()).toEqual({ 't/x_0.log': lines(2) });
  });

  test('a file whose time is over closes timekey_wait after its last line, and late events begin the next one', async () => {
    const file = await start(
      'path DIR/app\n<buffer time>\ntimekey 1d\ntimekey_wait 0s\ntimekey_use_utc true\n</buffer>',
    );
    await file.send('t', evening, 1);
    await until(() => openIn(file.folder).length === 0);
    await file.send('t', evening, 2);
    expect(file.files()).toEqual({ 'app.20231114_0.log': lines(1), 'app.20231114_1.log': lines(2) });
  });

  test('no more files are open than open_files_limit, however many names there are', async () => {
    const file = await start(`path DIR/$\{tag}\nopen_files_limit 8\n<buffer tag>\n</buffer>`);
    for (let n = 0; n < 1000; n++) {
      void file.put(`t${n % 500}`, 1, n);
      if (n % 100 === 99) {
        await file.send('t0', 1, { sync: true });
        expect(openIn(file.folder).length).toBeLessThanOrEqual(8);
      }
    }
    await file.send('t1', 1, { sync: true });
    const files = file.files();
    const written =
      Object.values(files)
        .join('')
        .match(/"n":\d+/g) ?? [];
    expect(new Set(written).size).toBe(1000);
    expect(written.length).toBe(1000);
  });
});

describe('after a restart', () => {
  test('the highest number of a time that is not over is continued', async () => {
    const first = await start('path DIR/app');
    await first.send('t', now(), 1);
    first.output.flush?.();
    await first.send('t', now(), 2);
    await first.stop();
    const second = await again(first);
    await second.send('t', now(), 3);
    const files = Object.entries(second.files());
    expect(files.map(([, text]) => text)).toEqual([lines(1), lines(2, 3)]);
    expect(files.map(([name]) => name.replace(/\d{8}/, 'DAY'))).toEqual(['app.DAY_0.log', 'app.DAY_1.log']);
  });

  test('of a time that is over the next number is taken', async () => {
    const first = await start('path DIR/app\n<buffer time>\ntimekey 1d\ntimekey_use_utc true\n</buffer>');
    await first.send('t', evening, 1);
    await first.stop();
    const second = await again(first);
    await second.send('t', evening, 2);
    expect(second.files()).toEqual({ 'app.20231114_0.log': lines(1), 'app.20231114_1.log': lines(2) });
  });

  test('a torn last line is ended first', async () => {
    const first = await start('path DIR/app\n<buffer []>\n</buffer>');
    await first.send('t', 1, 1);
    await first.stop();
    appendFileSync(join(first.folder, 'app_0.log'), '{"n":');
    const second = await again(first);
    await second.send('t', 1, 2);
    expect(second.files()).toEqual({ 'app_0.log': `${lines(1)}{"n":\n${lines(2)}` });
  });

  test('numbers go on behind the highest one, where older files were removed', async () => {
    const file = await start('path DIR/app\n<buffer []>\n</buffer>');
    mkdirSync(file.folder, { recursive: true });
    writeFileSync(join(file.folder, 'app_7.log'), lines(0));
    await file.send('t', 1, 1);
    file.output.flush?.();
    await file.send('t', 1, 2);
    expect(file.files()).toEqual({ 'app_7.log': lines(0, 1), 'app_8.log': lines(2) });
  });
});

describe('where the disk takes nothing', () => {
  /** The path is a link that the configuration names: to /dev/full, which is always full. */
  async function full(extra = ''): Promise<TestFile> {
    const file = await start(`path DIR/all\nadd_path_suffix false\n${extra}\n${all}`);
    mkdirSync(file.folder, { recursive: true });
    symlinkSync('/dev/full', join(file.folder, 'all'));
    return file;
  }

  function mend(file: TestFile): void {
    rmSync(join(file.folder, 'all'));
    writeFileSync(join(file.folder, 'real'), '');
    symlinkSync('real', join(file.folder, 'all'));
  }

  test('emits wait, nothing is lost, and all goes on by itself', async () => {
    const file = await full();
    let settled = false;
    const sent = file.send('t', 1, 1).then(() => {
      settled = true;
    });
    void file.put('t', 1, 2);
    await until(() => file.counter('forebay_file_write_failures_total') > 1);
    expect(settled).toBe(false);
    mend(file);
    await sent;
    await file.send('t', 1, 3);
    expect(file.files()['real']).toBe(lines(1, 2, 3));
    const said = file.context.logged.map(({ msg }) => msg);
    expect(said.filter((msg) => msg.includes('no space left'))).toHaveLength(1);
    expect(said.at(-1)).toBe('Files can be written again.');
  });

  test('what waits is bounded: beyond pending_limit emit returns a promise', async () => {
    const file = await full('pending_limit 10k');
    const record = { text: 'x'.repeat(3000) };
    const emits = Array.from({ length: 6 }, () => file.put('t', 1, record));
    expect(emits.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(emits[4]).toBeInstanceOf(Promise);
    await until(() => file.counter('forebay_file_write_failures_total') > 0);
    mend(file);
    await emits[4];
    await file.send('t', 1, 1);
    expect(file.files()['real']?.split('\n')).toHaveLength(8);
  });

  test('at the end those who wait hear that it was not written', async () => {
    const file = await full();
    const sent = file.send('t', 1, 1);
    const heard = expect(sent).rejects.toMatchObject({ code: 'FILE_UNWRITTEN' });
    await file.output.stop(AbortSignal.timeout(50));
    await heard;
    expect(file.context.logged.at(-1)).toMatchObject({ msg: 'Files took not all lines before the end.' });
  });

  test('a file that cannot be opened does not hold up the others', async () => {
    const file = await start(`path DIR/$\{tag}/x\npending_limit 1m\n<buffer tag>\n</buffer>`);
    mkdirSync(file.folder, { recursive: true });
    writeFileSync(join(file.folder, 'bad'), 'a file where a folder should be');
    await file.send('bad', 1, 1);
    await file.send('good', 1, 2);
    expect(file.files()['good/x_0.log']).toBe(lines(2));
    expect(file.counter('forebay_file_refused_bytes_total')).toBe(lines(1).length);
    expect(file.context.logged.map(({ msg }) => msg).join()).toContain('bad is no folder');
  });
});

test('folders and files have the modes that are asked for, whatever the umask', async () => {
  const file = await start(`path DIR/$\{tag}/x\ndir_permission 0750\nfile_permission 0640\n<buffer tag>\n</buffer>`);
  const before = process.umask(0o077);
  try {
    await file.send('a/b', 1, 1);
  } finally {
    process.umask(before);
  }
  const mode = (path: string) => statSync(join(file.folder, path)).mode & 0o777;
  expect([mode('.'), mode('a'), mode('a/b'), mode('a/b/x_0.log')]).toEqual([0o750, 0o750, 0o750, 0o640]);
});
