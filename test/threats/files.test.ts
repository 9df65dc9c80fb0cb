// Threats A1 to A3 and A26: what events do to the names and contents of files, and what disks do. Each against the real process, with an
// honest sender beside it. Of A26, a clock that jumps and folders that may not be written are in test/outputs, buffers in test/buffers. Feeds
// from files, from Docker and from audit (A28 to A30) do not exist: their tests come with them.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { openDescriptors } from '../bench/proc.ts';
import { startForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';
import { attackWith, besiege, openWith } from './siege.ts';

const seconds = 1_700_000_000;
const stdoutToo = '<match honest>\n  @type stdout\n</match>\n';
const fileRule = (path: string, keys: string, more = '') =>
  `${stdoutToo}<match **>\n  @type file\n  path ${path}\n  append true\n${more}  <buffer ${keys}>\n  </buffer>\n</match>\n`;

/** All files below a folder, links not followed. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('A1 tags and fields that climb, are absolute, hold NUL, or are 10 KB long stay inside the log folder', async () => {
  const temp = tempFolder('threat');
  const logs = join(temp.path, 'logs');
  mkdirSync(logs);
  try {
    await besiege({ rules: fileRule(`${logs}/\${tag}/\${name}/x`, 'tag,name') }, async ({ port, honest }) => {
      const parts = [
        '../x',
        '/etc/x',
        'a/..',
        '..',
        '.',
        'nul\0byte',
        'back\\slash',
        'x'.repeat(10_000),
        '',
        'slash\u2215',
        '%2e%2e',
        '~',
        '\u0000',
        'a\nb',
      ];
      const messages = parts.flatMap((tag) => parts.map((name) => encode([tag, seconds, { name, log: 'inside' }])));
      await attackWith(
        port,
        Buffer.concat([...messages, encode(['end', seconds, { name: 'end' }, { chunk: 'e' }])]),
        3_000,
      );
      await honest(20);
      const files = filesBelow(temp.path);
      expect(files.length).toBeGreaterThan(parts.length);
      for (const file of files) {
        expect(relative(realpathSync(logs), realpathSync(file)).startsWith('..')).toBe(false);
      }
    });
  } finally {
    temp.remove();
  }
});

test('A2 planted links are not written through, and endless tags hold few files open', async () => {
  const temp = tempFolder('threat');
  const secret = join(temp.path, 'secret');
  const logs = join(temp.path, 'logs');
  mkdirSync(join(logs, 'hard'), { recursive: true });
  writeFileSync(secret, 'untouched');
  symlinkSync(temp.path, join(logs, 'soft'));
  linkSync(secret, join(logs, 'hard', 'secret.log'));
  try {
    const rules = fileRule(`${logs}/\${tag}/secret`, 'tag', '  open_files_limit 16\n');
    await besiege({ rules, memory: 300 }, async ({ port, codes, honest, metrics, forebay }) => {
      const before = openDescriptors(forebay.pid);
      const tags = ['soft', 'hard', 'A', 'a', ...Array.from({ length: 2000 }, (_, n) => `t${n}`)];
      await attackWith(port, Buffer.concat(tags.map((tag) => encode([tag, seconds, { log: 'x' }]))), 1_000);
      await expect.poll(() => readdirSync(logs).length, { timeout: 30_000 }).toBe(tags.length);
      await honest(20);
      expect(readFileSync(secret, 'utf8')).toBe('untouched');
      expect(readdirSync(temp.path).sort()).toEqual(['logs', 'secret']);
      expect(openDescriptors(forebay.pid)).toBeLessThan(before + 40);
      expect(codes()).toContain('FILE_REFUSED');
      expect(Number(/forebay_file_closed_early_total\{[^}]*\} (\d+)/.exec(await metrics())?.[1])).toBeGreaterThan(1900);
    });
  } finally {
    temp.remove();
  }
});

test('A2 names that differ by case alone are files of their own, or one file with all lines', async () => {
  const temp = tempFolder('threat');
  try {
    await besiege({ rules: fileRule(`${temp.path}/\${tag}`, 'tag') }, async ({ port, honest }) => {
      const tags = ['App', 'app', 'APP', 'Äpp', 'äpp'];
      await attackWith(port, Buffer.concat(tags.map((tag) => encode([tag, seconds, { said: tag }]))), 500);
      const text = () => filesBelow(temp.path).map((file) => [file, readFileSync(file, 'utf8')] as const);
      await expect
        .poll(() => text().flatMap(([, all]) => all.split('\n').filter(Boolean)).length, { timeout: 20_000 })
        .toBe(tags.length);
      await honest(5);
      // Where the file system tells case apart, no line is in a file of another name.
      for (const [file, all] of text().length === tags.length ? text() : []) {
        const [tag = ''] = tags.filter((each) => all.includes(`"${each}"`));
        expect(tags.filter((each) => all.includes(`"${each}"`))).toHaveLength(1);
        expect(/^[a-z]/i.test(tag) ? relative(temp.path, file).startsWith(tag) : true).toBe(true);
      }
    });
  } finally {
    temp.remove();
  }
});

test('A3 a newline or a tab in a tag or a field forges no line', async () => {
  const temp = tempFolder('threat');
  try {
    const rules = `${stdoutToo}<match **>\n  @type copy\n  <store>\n    @type file\n    path ${temp.path}/all\n    append true\n  </store>\n  <store>\n    @type file\n    path ${temp.path}/csv\n    append true\n    <format>\n      @type csv\n      fields log\n    </format>\n  </store>\n</match>\n`;
    await besiege({ rules }, async ({ port, honest }) => {
      const forged = 'x\n2023-11-14T22:13:20+00:00\tadmin\t{"forged":true}\r\n\t"=cmd|calc"';
      await attackWith(
        port,
        Buffer.concat([encode([forged, seconds, { log: forged }]), encode(['plain', seconds, { log: '=1+1' }])]),
        500,
      );
      await honest(20);
      const names = readdirSync(temp.path);
      const text = readFileSync(join(temp.path, names.find((name) => name.startsWith('all')) ?? ''), 'utf8');
      expect(text.split('\n').filter(Boolean)).toHaveLength(2);
      expect(text.split('\n').filter((each) => each.includes('\tadmin\t'))).toEqual([]);
      expect(statSync(join(temp.path, names.find((name) => name.startsWith('csv')) ?? '')).size).toBeGreaterThan(0);
    });
  } finally {
    temp.remove();
  }
});

test('A26 a disk that is full holds up its own file alone, and gets all when there is room again', async (context) => {
  const temp = tempFolder('threat');
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', temp.path], { encoding: 'utf8' });
  if (mount.status !== 0) {
    console.error(`skipped: a full disk: no file system can be mounted here (${mount.stderr.trim()})`);
    temp.remove();
    context.skip();
  }
  try {
    await besiege({ rules: fileRule(`${temp.path}/log`, '') }, async ({ port, codes, honest }) => {
      const count = 1_000;
      const events = Array.from({ length: count }, (_, n) => encode(['full', seconds, { n, log: 'x'.repeat(1_000) }]));
      await attackWith(port, Buffer.concat(events), 500);
      await expect.poll(codes, { timeout: 20_000 }).toContain('FILE_WRITE_FAILED');
      await honest(20);
      execFileSync('mount', ['-o', 'remount,size=16m', temp.path]);
      const numbers = () =>
        filesBelow(temp.path)
          .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
          .flatMap((line) => /"n":(\d+),/.exec(line)?.[1] ?? [])
          .map(Number);
      await expect.poll(() => numbers().length, { timeout: 60_000 }).toBe(count);
      expect(numbers()).toEqual(Array.from({ length: count }, (_, n) => n));
      expect(codes()).toContain('FILE_WRITTEN_AGAIN');
    });
  } finally {
    execFileSync('umount', ['-l', temp.path]);
    temp.remove();
  }
});

test('A26 after kill -9 in the middle of writing, what was acked is there, and no line is joined to another', async () => {
  const temp = tempFolder('threat');
  const source = '<source>\n  @type forward\n  bind 127.0.0.1\n  port PORT\n</source>\n';
  const config = `${source}<match **>\n  @type file\n  path ${temp.path}/log\n  append true\n</match>\n`;
  try {
    const acked = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const forebay = await startForebay({ config });
      const socket = await openWith(forebay.port, new Uint8Array(0));
      const enough = Promise.withResolvers<void>();
      let seen = '';
      socket.on('data', (data) => {
        seen += data.toString('latin1');
        for (const [chunk] of seen.matchAll(/r\d+n\d+;/g)) acked.add(chunk);
        seen = seen.slice(-20);
        if (acked.size >= (round + 1) * 200) enough.resolve();
      });
      for (let n = 0; n < 3_000; n++) {
        const chunk = `r${round}n${n};`;
        socket.write(encode(['app', seconds, { chunk, log: 'x'.repeat(500) }, { chunk }]));
      }
      await enough.promise;
      forebay.signal('SIGKILL');
      await forebay.exited;
      await forebay.stop();
      socket.destroy();
    }
    const forebay = await startForebay({ config });
    await attackWith(forebay.port, encode(['app', seconds, { chunk: 'last', log: '' }, { chunk: 'last' }]), 2_000);
    expect(await forebay.stop()).toBe(0);
    const lines = filesBelow(temp.path).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    const whole = lines.filter((line) => line.endsWith('}'));
    expect(whole.filter((line) => (line.match(/"chunk":/g) ?? []).length !== 1)).toEqual([]);
    const there = new Set(whole.flatMap((line) => /"chunk":"([^"]+)"/.exec(line)?.[1] ?? []));
    expect([...acked].filter((chunk) => !there.has(chunk))).toEqual([]);
    expect(there.has('last')).toBe(true);
    expect(acked.size).toBeGreaterThanOrEqual(600);
  } finally {
    temp.remove();
  }
});
