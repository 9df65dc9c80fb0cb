// Names that senders make: none leads out of the folder, and nothing that lies in the folder is written through.
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { batchOf, entry } from '../formatters/harness.ts';
import { filesIn } from './file-cases.ts';
import { lines, startFile, type TestFile } from './file-harness.ts';

const started: TestFile[] = [];

async function start(body: string): Promise<TestFile> {
  const file = await startFile(body);
  started.push(file);
  return file;
}

afterEach(async () => {
  for (const file of started.splice(0)) {
    await file.stop();
    file.remove();
  }
});

const hostile: readonly (readonly [tag: string, name: string])[] = [
  ['../x', '%2E%2E/x_0.log'],
  ['/etc/x', '%2Fetc/x_0.log'],
  ['a/..', 'a/.._0.log'],
  ['a/../..', 'a/%2E%2E/.._0.log'],
  ['..', '.._0.log'],
  ['.', '._0.log'],
  ['', '_0.log'],
  ['a//b', 'a/b_0.log'],
  ['nul\0', 'nul%00_0.log'],
  ['back\\..\\slash', 'back%5C..%5Cslash_0.log'],
  ['esc\u001b[31m', 'esc%1B[31m_0.log'],
  ['line\nfeed', 'line%0Afeed_0.log'],
  ['csi\u009b', 'csi%C2%9B_0.log'],
  ['bidi\u202e', 'bidi%E2%80%AE_0.log'],
  ['division\u2215slash', 'division\u2215slash_0.log'],
  ['docker.lib/nginx:1.25.web.5780a95f0026', 'docker.lib/nginx:1.25.web.5780a95f0026_0.log'],
];

describe('a tag in a name', () => {
  test.for(hostile)('%j', async ([tag, name]) => {
    const file = await start(`path DIR/$\{tag}\n<buffer tag>\n</buffer>`);
    await file.send(tag, 1, 1);
    expect(file.files()).toEqual({ [name]: lines(1) });
    expect(readdirSync(dirname(file.folder))).toEqual(['data']);
  });

  test.for(['..', '.', '', 'a/..', '../..', '/'])(
    '%j is no folder and no way up where the tag is the whole name',
    async (tag) => {
      const file = await start(`path DIR/$\{tag}\nappend true\nadd_path_suffix false\n<buffer tag>\n</buffer>`);
      await file.send(tag, 1, 1);
      expect(Object.values(file.files())).toEqual([lines(1)]);
      expect(readdirSync(dirname(file.folder))).toEqual(['data']);
    },
  );

  test('two values that make a way up only together are harmless too', async () => {
    const file = await start(`path DIR/$\{a}$\{b}/x\n<buffer a,b>\n</buffer>`);
    await file.send('t', 1, { a: '.', b: '.' }, { a: '../', b: '/..' });
    expect(Object.keys(file.files()).sort()).toEqual(['%2E%2E/%2F../x_0.log', '%2E%2E/x_0.log']);
  });

  test('10 KB, in one part or in thousands, become names that a file system takes, and stay apart', async () => {
    const file = await start(`path DIR/$\{tag}\n<buffer tag>\n</buffer>`);
    const tags = ['x'.repeat(10_240), `${'x'.repeat(10_240)}y`, 'é'.repeat(5_000), 'a/'.repeat(5_000), '%'.repeat(300)];
    for (const tag of tags) {
      await file.send(tag, 1, 1);
    }
    expect(Object.values(file.files())).toEqual(tags.map(() => lines(1)));
    expect(file.counter('forebay_file_refused_bytes_total')).toBe(0);
  });

  test('times of all sizes become names', async () => {
    const file = await start('path DIR/app\n<buffer time>\ntimekey 1d\ntimekey_use_utc true\n</buffer>');
    for (const sec of [0, 2 ** 31, 2 ** 32 - 1]) {
      await file.send('t', sec, 1);
    }
    expect(Object.keys(file.files())).toEqual(['app.19700101_0.log', 'app.20380119_0.log', 'app.21060207_0.log']);
    for (const sec of ['-1', '-9223372036854775808', '18446744073709551615', '253402300800']) {
      const bytes = Buffer.concat([entry({ kind: 'int', sec }, Buffer.from([0x80]))]);
      await file.output.emit(batchOf('t', bytes, 1, [Uint8Array.of(1)]));
    }
    const names = Object.keys(file.files());
    expect(names).toHaveLength(7);
    expect(names).toContain('app.19691231_0.log');
    expect(names).toContain('app.100000101_0.log');
  });
});

describe('what lies in the folder', () => {
  const outside = (file: TestFile) => join(dirname(file.folder), 'outside');

  async function planted(body: string, plant: (file: TestFile) => void): Promise<TestFile> {
    const file = await start(body);
    mkdirSync(file.folder, { recursive: true });
    mkdirSync(outside(file));
    writeFileSync(join(outside(file), 'secret'), 'secret');
    plant(file);
    return file;
  }

  const secret = (file: TestFile) => filesIn(outside(file));

  test('a symbolic link in place of a folder is not followed, and others are served', async () => {
    const file = await planted(`path DIR/$\{tag}/log\n<buffer tag>\n</buffer>`, (each) => {
      symlinkSync(outside(each), join(each.folder, 'evil'));
    });
    await file.send('evil', 1, 1);
    await file.send('good', 1, 2);
    expect(secret(file)).toEqual({ secret: 'secret' });
    expect(file.files()).toEqual({ 'good/log_0.log': lines(2) });
    expect(file.counter('forebay_file_refused_bytes_total')).toBe(lines(1).length);
    expect(file.context.logged.map(({ msg }) => msg).join()).toContain('evil is a symbolic link');
  });

  test.for(['symbolic', 'hard', 'dangling'])(
    'a %s link in place of a file is not written through: the next name is taken',
    async (kind) => {
      const body = `path DIR/$\{tag}\nappend true\n<buffer tag>\n</buffer>`;
      const file = await planted(body, (each) => {
        const [target, link] = [join(outside(each), 'secret'), join(each.folder, 't.log')];
        if (kind === 'hard') {
          linkSync(target, link);
        } else {
          symlinkSync(kind === 'dangling' ? join(outside(each), 'new') : target, link);
        }
      });
      await file.send('t', 1, 1);
      await file.send('u', 1, 2);
      expect(secret(file)).toEqual({ secret: 'secret' });
      expect(readFileSync(join(file.folder, 't_1.log'), 'utf8')).toBe(lines(1));
      expect(readFileSync(join(file.folder, 'u.log'), 'utf8')).toBe(lines(2));
    },
  );

  test('a numbered file is never one that was there, be it a link or a folder', async () => {
    const file = await planted(`path DIR/app\n<buffer []>\n</buffer>`, (each) => {
      symlinkSync(join(outside(each), 'secret'), join(each.folder, 'app_0.log'));
      mkdirSync(join(each.folder, 'app_1.log'));
    });
    await file.send('t', 1, 1);
    expect(secret(file)).toEqual({ secret: 'secret' });
    expect(file.files()).toEqual({ 'app_2.log': lines(1) });
  });

  test('a link that the configuration names is followed', async () => {
    const file = await planted('path DIR/all\nappend true\n<buffer []>\n</buffer>', (each) => {
      symlinkSync(join(outside(each), 'target'), join(each.folder, 'all.log'));
    });
    await file.send('t', 1, 1);
    expect(secret(file)).toEqual({ secret: 'secret', target: lines(1) });
  });
});
