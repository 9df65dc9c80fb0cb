// `forebay check`: what people and scripts see of a configuration's problems.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { vectorsFolder } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('check');
afterAll(() => temp.remove());

/** Plug-ins of the test's own. */
const registry = new Registry(pathToFileURL(`${temp.path}/`), '.mjs');
beforeAll(() => {
  for (const [kind, type, options] of [
    ['input', 'forward', '{ port: { type: "integer", desc: "A port.", default: "24224" } }'],
    ['output', 'stdout', '{}'],
    ['output', 'null', '{ pin: { type: "string", desc: "A secret.", secret: true } }'],
  ]) {
    mkdirSync(join(temp.path, `${kind}s`), { recursive: true });
    writeFileSync(
      join(temp.path, `${kind}s`, `${type}.mjs`),
      `export default { kind: "${kind}", type: "${type}", summary: "", options: ${options}, create() {} };\n`,
    );
  }
});

async function run(text: string, options: { json?: boolean; strict?: boolean; env?: Record<string, string> } = {}) {
  const file = join(temp.path, 'c.conf');
  writeFileSync(file, text);
  let output = '';
  const code = await check({
    file,
    json: false,
    registry,
    hostname: 'host.example',
    ...options,
    write: (part) => {
      output += part;
    },
  });
  return { code, output: output.replaceAll(temp.path, 'DIR') };
}

const good = '<source>\n  @type forward\n</source>\n<match **>\n  @type stdout\n</match>\n';

test('a good configuration gives 0', async () => {
  expect(await run(good)).toEqual({ code: 0, output: 'DIR/c.conf: no problems.\n' });
});

test('each problem has its place, its line with a caret, and what to do', async () => {
  const { code, output } = await run(
    '<source>\n\t@type forwrd\n</source>\n<match **>\n  @type stdout\n  prot 1\n</match>\n',
  );
  expect(code).toBe(2);
  expect(output).toBe(`DIR/c.conf:2:8: error: There is no input of type "forwrd". [CONFIG_UNKNOWN_TYPE]
   2 |  @type forwrd
     |        ^
  Did you mean forward?

DIR/c.conf:6:3: warning: The option prot has no meaning in <match>. [CONFIG_UNKNOWN_OPTION]
   6 |   prot 1
     |   ^
  Remove it, or check its spelling.

DIR/c.conf: 1 error and 1 warning.
`);
});

test('the caret stands under what was read last before the text made no sense', async () => {
  const { code, output } = await run('<match **>\n  @type stdout\n  path "a"b\n');
  expect(code).toBe(2);
  expect(output).toContain('   3 |   path "a"b\n     |          ^\n');
  expect(output).toContain(':3:12: error: The section <match> that begins on line 1 is not closed');
  expect(output).toContain('   3 |   path "a"b\n     |            ^\n');
});

test('a problem in an included file shows that file', async () => {
  writeFileSync(join(temp.path, 'part.inc'), '\nfoo 1\n');
  expect((await run(`@include part.inc\n${good}`)).output).toContain('DIR/part.inc:2:1: warning');
});

test('a file that is not there', async () => {
  let output = '';
  const code = await check({
    file: join(temp.path, 'nope.conf'),
    json: false,
    registry,
    write: (text) => (output += text),
  });
  expect(code).toBe(2);
  expect(output).toContain('nope.conf:1:1: error: ');
  expect(output).toContain('there is no such file');
});

test('strict makes errors of warnings, but not of what is only named', async () => {
  const text = `${good}<system>\nworkers 2\n</system>\n`;
  expect((await run(text)).code).toBe(0);
  expect((await run(text, { strict: true })).code).toBe(0);
  expect((await run(`foo 1\n${good}`)).code).toBe(0);
  const { code, output } = await run(`foo 1\n${good}`, { strict: true });
  expect(code).toBe(2);
  expect(output).toContain(':1:1: error: The option foo');
});

test('nothing in a configuration steers the terminal', async () => {
  const { output } = await run('a\u001b[2J\u009b1m \u0007\u202ex\n');
  for (const sign of ['\u001b', '\u009b', '\u0007', '\u202e']) {
    expect(output).not.toContain(sign);
  }
  expect(output).toContain('   1 | a␛[2J');
});

test('of a long line the part around the column is shown', async () => {
  const { output } = await run(`a "${'x'.repeat(5_000)}" y${'z'.repeat(5_000)}\n`);
  const [, line = '', caret = ''] = output.split('\n');
  expect(line.length).toBeLessThan(120);
  expect(line[caret.indexOf('^')]).toBe('"');
});

describe('--json', () => {
  test('prints the tree and the problems', async () => {
    const { code, output } = await run(`foo "#{ENV['X']}"\nbar "#{use_default}"\nbaz "#{use_nil}"\n${good}`, {
      json: true,
      env: { X: 'from env' },
    });
    expect(code).toBe(0);
    const { parsed, problems } = JSON.parse(output);
    expect(parsed).toEqual({
      name: 'ROOT',
      arg: '',
      attrs: { foo: 'from env', bar: { $default: true }, baz: null },
      elements: [
        { name: 'source', arg: '', attrs: { '@type': 'forward' }, elements: [] },
        { name: 'match', arg: '**', attrs: { '@type': 'stdout' }, elements: [] },
      ],
    });
    expect(problems).toHaveLength(3);
    expect(problems[0]).toEqual({
      code: 'CONFIG_UNKNOWN_OPTION',
      severity: 'warning',
      file: 'DIR/c.conf',
      line: 1,
      column: 1,
      text: expect.any(String),
      hint: expect.any(String),
    });
  });

  test('prints the tree where only its meaning is wrong, and null where the text is', async () => {
    const meaning = await run('<match>\n@type nope\n</match>\n', { json: true });
    expect(meaning.code).toBe(2);
    expect(JSON.parse(meaning.output)).toMatchObject({ parsed: { name: 'ROOT' }, problems: [{ line: 2, column: 7 }] });
    const text = await run('<match>\n', { json: true });
    expect(text.code).toBe(2);
    expect(JSON.parse(text.output)).toMatchObject({ parsed: null, problems: [{ code: 'CONFIG_SECTION_UNCLOSED' }] });
  });

  test.each(
    (
      JSON.parse(readFileSync(join(vectorsFolder, 'config.json'), 'utf8')) as {
        cases: { name: string; text: string; parsed?: unknown; files?: unknown; ruby?: boolean }[];
      }
    ).cases
      .filter(({ parsed, files, ruby }) => parsed !== undefined && files === undefined && ruby !== true)
      .map(({ name, text, parsed }) => [name, text, parsed] as const),
  )('the tree of: %s', async (_, text, parsed) => {
    expect(JSON.parse((await run(text, { json: true })).output).parsed).toEqual(parsed);
  });
});

describe('secrets', () => {
  const secretText = '<match>\n  @type null\n  pin hunter1\n  my_password hunter2\n  shared_key hunter3\n</match>\n';

  test('are masked in the tree', async () => {
    const { output } = await run(secretText, { json: true });
    expect(output).not.toContain('hunter');
    expect(JSON.parse(output).parsed.elements[0].attrs).toEqual({
      '@type': 'null',
      pin: 'xxxxxx',
      my_password: 'xxxxxx',
      shared_key: 'xxxxxx',
    });
  });

  test('are masked in the line that is shown', async () => {
    const { output } = await run(secretText);
    expect(output).toContain('   4 |   my_password xxxxxx\n');
    expect(output).not.toContain('hunter');
  });
});

test('ten thousand lines are read and checked in proportion to their number', async () => {
  const section =
    '<match app.**>\n  @type null\n  pin "a#{ENV[\'X\']}b" # a comment\n  <x>\n  </x>\n</match>\n\n\n\n\n';
  const file = join(temp.path, 'long.conf');
  writeFileSync(file, section.repeat(1_000));
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    const { plan, problems, dropped } = await loadPlan(file, { registry });
    times.push(performance.now() - started);
    expect(plan?.labels.get('@ROOT')).toHaveLength(1_000);
    expect(problems.length + dropped).toBe(1_000);
  }
  console.log(`10,000 lines read and checked in ${Math.min(...times).toFixed(0)} ms`);
  // The bar is 200 ms; what grows with the square of the lines would take minutes.
  expect(Math.min(...times)).toBeLessThan(5_000);
});
