// The pretty formatter: what people see, and that nothing of what containers print is obeyed by the terminal.
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { tagFromBytes } from '../../src/core/batch.ts';
import type { FormatTarget } from '../../src/plugin/formatter.ts';
import { batchOf, entry, formatAll, inZone, type MadeFormatter, makeFormatter } from './harness.ts';

const terminal: FormatTarget = { escape: 'all', lines: true, color: true };
const pipe: FormatTarget = { escape: 'tags', lines: true, color: false };
const time = { sec: 1700000000, nsec: 123456789 };
const container = { container_id: 'a'.repeat(64), container_name: '/web-1', source: 'stdout' };

async function pretty(target: FormatTarget, options = ''): Promise<MadeFormatter> {
  const made = await makeFormatter(`<format>\n@type pretty\n${options}\n</format>`, target);
  if ('refused' in made) {
    throw new Error(String(made.refused));
  }
  return made;
}

async function show(target: FormatTarget, record: object, options = '', tag = 'app.web'): Promise<string> {
  const batch = batchOf(tag, entry(time, Buffer.from(encode(record))));
  return await inZone('UTC', async () => formatAll(await pretty(target, options), batch).toString());
}

describe('without colours', () => {
  test('a container shows by its name, without id and stream', async () => {
    expect(await show(pipe, { ...container, log: 'GET / 200' })).toBe('22:13:20.123 web-1    |     GET / 200\n');
  });

  test('without a container the tag is the name, and other fields follow the text', async () => {
    const line = await show(pipe, { message: 'hi', user: 'a b', n: [1, 2], ok: true, e: '' });
    expect(line).toBe('22:13:20.123 app.web  |     hi  user="a b" n=[1,2] ok=true e=""\n');
  });

  test('a name that is no text is a field like others', async () => {
    expect(await show(pipe, { container_name: 5, container_id: 'a', log: 'x' })).toBe(
      '22:13:20.123 app.web  |     x  container_name=5 container_id=a\n',
    );
  });

  test('what came from stderr is marked', async () => {
    expect(await show(pipe, { ...container, source: 'stderr', log: 'x' })).toContain('web-1    !     x\n');
  });

  test('another source than the two streams is a field like others', async () => {
    expect(await show(pipe, { source: 'cron', log: 'x' })).toContain('|     x  source=cron\n');
  });

  test.for([
    [{ level: 'warning', log: 'x' }, 'WRN x\n'],
    [{ severity: 'CRITICAL', log: 'x' }, 'FTL x\n'],
    [{ level: 50, msg: 'pino' }, 'ERR pino\n'],
    [{ level: 'strange', log: 'x' }, '    x  level=strange\n'],
    [{ log: '2023/11/14 [error] 7#7: gone' }, 'ERR 2023/11/14 [error] 7#7: gone\n'],
    [{ log: '{"level":"debug","msg":"m"}' }, 'DBG {"level":"debug","msg":"m"}\n'],
    [{ log: 'INFO started' }, 'INF INFO started\n'],
    [{ log: 'no error here' }, '    no error here\n'],
  ] as const)('the level of %o', async ([record, end]) => {
    expect((await show(pipe, record)).slice('22:13:20.123 app.web  | '.length)).toBe(end);
  });

  test('the lines of a text stay one line in a pipe', async () => {
    expect(await show(pipe, { log: 'a\nb\r\n' })).toBe('22:13:20.123 app.web  |     a\\nb\n');
  });

  test('a record without a text shows its fields', async () => {
    expect(await show(pipe, { a: 1, b: null })).toBe('22:13:20.123 app.web  |     a=1 b=null\n');
  });

  test('more fields than fit are not shown, and a large text is whole', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index]));
    expect(await show(pipe, many)).toContain(' k63=63\n');
    const text = 'é'.repeat(200_000);
    expect(await show(pipe, { log: text })).toContain(text);
  });
});

describe('on a terminal', () => {
  const esc = String.fromCharCode(27);

  test('the lines of a text stand below each other', async () => {
    expect(await show({ ...terminal, color: false }, { log: 'a\nb' })).toBe(
      `22:13:20.123 app.web  |     a\n${' '.repeat(28)}b\n`,
    );
  });

  test('colours of the text go, its other controls are escaped', async () => {
    const log = `${esc}[31mred${esc}[0m ${esc}]0;title${String.fromCharCode(7)} ${String.fromCharCode(0x9b)}2J`;
    const line = await show({ ...terminal, color: false }, { log, [`${esc}k`]: `${esc}v` });
    expect(line).toBe('22:13:20.123 app.web  |     red \\u001b]0;title\\u0007 \\u009b2J  "\\u001bk"="\\u001bv"\n');
  });

  test('C1 controls as raw bytes outside UTF-8 are escaped in texts, fields, names and tags', async () => {
    const made = await inZone('UTC', () => pretty({ ...terminal, color: false }));
    const record = Buffer.from('82a36c6f67a29b4aa16ba19b', 'hex');
    const tag = tagFromBytes(Buffer.from('749b', 'hex'));
    expect(formatAll(made, batchOf(tag, entry(time, record))).toString('latin1')).toMatch(
      /t\\x9b +\| {5}\\x9bJ {2}k="\\u009b"\n$/,
    );
  });

  test('a name has the same colour in every line and every run', async () => {
    const lines = await Promise.all([1, 2].map((n) => show(terminal, { ...container, log: `${n}` })));
    const colors = lines.map((line) => line.split('web-1')[0]);
    expect(colors[0]).toBe(`22:13:20.123 ${esc}[96m`);
    expect(colors[1]).toBe(colors[0]);
  });

  test('color never and always are stronger than the target', async () => {
    expect(await show(terminal, { log: 'x' }, 'color never')).not.toContain(esc);
    expect(await show(pipe, { log: 'x' }, 'color always')).toContain(esc);
    expect(await show(pipe, { log: 'x' })).not.toContain(esc);
  });
});

test('the column of names widens with them, up to a bound', async () => {
  const made = await inZone('UTC', () => pretty(pipe));
  const lines = ['ab', 'a-longer-name', 'ab', 'x'.repeat(60)].map((name) => {
    const record = encode({ container_name: `/${name}`, log: 'x' });
    return formatAll(made, batchOf('t', entry(time, Buffer.from(record))))
      .toString()
      .indexOf('|');
  });
  expect(lines).toEqual([22, 27, 27, 74]);
});
