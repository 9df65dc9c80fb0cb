// Threats A1 to A3 and A26: what events do to the names and contents of files, and what disks do. Each against the real process, with an
// honest sender beside it.
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
import { tempFolder } from '../support/temp.ts';
import { attackWith, besiege } from './siege.ts';

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
    await besiege({ rules, memory: 300 }, async ({ port, codes, honest, forebay }) => {
      const before = openDescriptors(forebay.pid);
      const tags = ['soft', 'hard', 'A', 'a', ...Array.from({ length: 2000 }, (_, n) => `t${n}`)];
      await attackWith(port, Buffer.concat(tags.map((tag) => encode([tag, seconds, { log: 'x' }]))), 1_000);
      await expect.poll(() => readdirSync(logs).length, { timeout: 30_000 }).toBe(tags.length);
      await honest(20);
      expect(readFileSync(secret, 'utf8')).toBe('untouched');
      expect(readdirSync(temp.path).sort()).toEqual(['logs', 'secret']);
      expect(openDescriptors(forebay.pid)).toBeLessThan(before + 40);
      expect(codes()).toContain('FILE_REFUSED');
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
