// What Fluentd makes of configuration texts: every case of the shared vectors, and what Forebay says where it refuses one.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { elementToJson } from '../../src/config/element-json.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { vectorsFolder } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly parsed?: unknown;
  readonly error?: { readonly at?: { readonly file: string; readonly line: number; readonly column: number } };
}

const { cases } = JSON.parse(readFileSync(join(vectorsFolder, 'config.json'), 'utf8')) as { cases: readonly Case[] };
const differences = (
  JSON.parse(readFileSync(join(vectorsFolder, 'differences.json'), 'utf8')) as {
    file: string;
    case: string;
    ours: unknown;
  }[]
).filter(({ file }) => file === 'config.json');

const temp = tempFolder('config');
afterAll(() => temp.remove());
let count = 0;

function parse(text: string, files: Readonly<Record<string, string>> = {}, env: Record<string, string> = {}) {
  const folder = join(temp.path, String(count++));
  for (const [name, content] of Object.entries({ ...files, 'main.conf': text })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const list = new ProblemList();
  const surroundings = { env: { VEC_HOME: '/home/v', ...env }, hostname: 'host.example', workerId: '' };
  const parsed = parseConfig(join(folder, 'main.conf'), surroundings, list.report);
  const errors = list.problems.filter(({ severity }) => severity === 'error');
  return { folder, ...parsed, json: elementToJson(parsed.root, new Set()), problems: list.problems, errors };
}

describe('texts as Fluentd reads them', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', (name, { text, files, parsed, error }) => {
    const result = parse(text, files);
    const difference = differences.find((one) => one.case === name);
    if (difference !== undefined) {
      expect({ codes: result.errors.map(({ code }) => code) }).toEqual(difference.ours);
      return;
    }
    if (parsed !== undefined) {
      expect(result.errors).toEqual([]);
      expect(JSON.stringify(result.json)).toBe(JSON.stringify(parsed));
      return;
    }
    expect(result.ok).toBe(false);
    const [first] = result.errors;
    if (error?.at !== undefined) {
      expect({ ...first?.at, file: basename(first?.at.file ?? '') }).toEqual(error.at);
    }
  });
});

describe('places', () => {
  test('parameters and sections know where they stand, in characters', () => {
    const { root } = parse('<match 😀.**>\n  @type stdout\n  😀key  "value"\n</match>\n');
    const [match] = root.elements;
    expect(match?.at).toMatchObject({ line: 1, column: 1 });
    expect(match?.attributes.get('@type')).toMatchObject({
      at: { line: 2, column: 3 },
      valueAt: { line: 2, column: 9 },
    });
    expect(match?.attributes.get('😀key')?.valueAt).toMatchObject({ line: 3, column: 9 });
  });

  test('what comes from an included file has the place there', () => {
    const { folder, root } = parse('@include d/a.conf\n', { 'd/a.conf': '\n<source>\n</source>\n' });
    expect(root.elements[0]?.at).toEqual({ file: join(folder, 'd/a.conf'), line: 2, column: 1 });
  });
});

describe('errors', () => {
  test('all are found in one reading', () => {
    const { errors } = parse(
      '<source>\n@foo 1\na "x" y\nb "\\q"\n</sorce>\n<match a> junk\n@type null\n</match>\nc "#{system(\'id\')}"\n',
    );
    expect(errors.map(({ code, at }) => [code, at.line])).toEqual([
      ['CONFIG_RESERVED_PREFIX', 2],
      ['CONFIG_VALUE_TRAILING', 3],
      ['CONFIG_ESCAPE_INVALID', 4],
      ['CONFIG_END_TAG_UNMATCHED', 5],
      ['CONFIG_TAG_TRAILING', 6],
      ['CONFIG_EXPRESSION_UNKNOWN', 9],
    ]);
  });

  test('an unclosed section and an unclosed array say where they begin', () => {
    const [section] = parse('a 1\n<match x>\n@type null\n').errors;
    expect(section).toMatchObject({ code: 'CONFIG_SECTION_UNCLOSED', text: expect.stringContaining('line 2') });
    const [array] = parse('a 1\nb [1,\n 2,\n]\nc 2\n').errors;
    expect(array).toMatchObject({ code: 'CONFIG_JSON_INCOMPLETE', text: expect.stringContaining('begins on line 2') });
    expect(array?.text).toContain('line 4, column 1');
  });

  test('after a hundred no more are looked for', () => {
    expect(parse('a "x" y\n'.repeat(10_000)).errors).toHaveLength(100);
    expect(parse(`a [${'"#{x}",'.repeat(10_000)}1]\n`).errors).toHaveLength(100);
  });

  test('a file that is not there, not UTF-8, too large or a folder', () => {
    const list = new ProblemList();
    const surroundings = { env: {}, hostname: 'h', workerId: '' };
    const codes = (path: string) => {
      const found = new ProblemList();
      expect(parseConfig(path, surroundings, found.report).ok).toBe(false);
      return found.problems.map(({ code, at }) => [code, at.line, at.column]);
    };
    expect(codes(join(temp.path, 'nope.conf'))).toEqual([['CONFIG_FILE_UNREADABLE', 1, 1]]);
    expect(codes(temp.path)).toEqual([['CONFIG_FILE_UNREADABLE', 1, 1]]);
    expect(codes('/dev/zero')).toEqual([['CONFIG_FILE_TOO_LARGE', 1, 1]]);
    const file = join(temp.path, 'latin1.conf');
    writeFileSync(file, Buffer.from('a \ufffd\n\u00e9 b\u00e9 ', 'utf8'));
    expect(parseConfig(file, surroundings, list.report).ok).toBe(true);
    writeFileSync(file, Buffer.concat([Buffer.from('a \ufffd\n\u00e9 b'), Buffer.from([0xe9])]));
    expect(codes(file)).toEqual([['CONFIG_FILE_NOT_UTF8', 2, 4]]);
  });

  test('a byte order mark is named, and the rest is read', () => {
    const { errors, json } = parse('\ufeffa 1\n');
    expect(errors.map(({ code }) => code)).toEqual(['CONFIG_FILE_BOM']);
    expect(json.attrs).toEqual({ a: '1' });
  });

  test('a parameter that stands twice is a warning', () => {
    const { problems, json } = parse('a 1\na 2\n');
    expect(problems).toMatchObject([{ code: 'CONFIG_OPTION_REPEATED', severity: 'warning', at: { line: 2 } }]);
    expect(json.attrs).toEqual({ a: '2' });
  });

  test('sections in each other have a bound', () => {
    const { errors } = parse('<a>\n'.repeat(100_000));
    expect(errors.map(({ code }) => code)).toEqual(['CONFIG_SECTION_TOO_DEEP']);
  });
});

describe('@include', () => {
  test('the folder that <system> names is read behind the file, with the folders in it', () => {
    const { json, problems } = parse('<system>\nconfig_include_dir d/\n</system>\n<match a>\n</match>\n', {
      'd/b.conf': '<match b>\n</match>\n',
      'd/e/c.conf': '<match c>\n</match>\n',
      'd/x.yaml': 'config:\n',
    });
    expect(problems).toEqual([]);
    expect(json.elements.map(({ arg }) => arg)).toEqual(['', 'a', 'b', 'c']);
    expect(parse('<system>\nconfig_include_dir ""\n</system>\n').problems).toEqual([]);
  });

  test('files that include each other are named', () => {
    const { errors, folder } = parse('@include a.conf\nx 1\n', {
      'a.conf': '@include d/b.conf\n',
      'd/b.conf': '@include ../main.conf\n',
    });
    expect(errors.map(({ code }) => code)).toEqual(['CONFIG_INCLUDE_LOOP']);
    expect(errors[0]?.at).toMatchObject({ file: join(folder, 'd/b.conf'), line: 1 });
    for (const name of ['main.conf', 'a.conf', 'd/b.conf']) {
      expect(errors[0]?.text).toContain(join(folder, name));
    }
  });

  test('depth and number have bounds', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${i}.conf`, `@include ${i + 1}.conf\n`] as const),
    );
    expect(parse('@include 0.conf\n', chain).errors.map(({ code }) => code)).toEqual(['CONFIG_INCLUDE_TOO_DEEP']);
    // Each file includes the next one three times: 3^12 files.
    const tree = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`${i}.conf`, `@include ${i + 1}.conf\n`.repeat(3)] as const),
    );
    expect(parse('@include 0.conf\n', tree).errors.map(({ code }) => code)).toEqual(['CONFIG_INCLUDE_TOO_MANY']);
  });

  test.each(['http://127.0.0.1/x.conf', 'https://example.org/x', 'ftp://x/y'])('%s is refused', (address) => {
    const { errors } = parse(`<source>\n  @include ${address}\n</source>\n`);
    expect(errors).toMatchObject([{ code: 'CONFIG_INCLUDE_REMOTE', at: { line: 2, column: 3 } }]);
  });

  test('patterns take what Dir.glob takes', () => {
    const files = Object.fromEntries(
      ['a.conf', 'b.conf', 'c1.conf', '.hidden.conf', 'd/e/f.conf', 'd/x.old.conf'].map((name) => [
        `c/${name}`,
        `"${name}" 1\n`,
      ]),
    );
    const taken = (pattern: string) => Object.keys(parse(`@include ${pattern}\n`, files).json.attrs);
    expect(taken('c/*.conf')).toEqual(['a.conf', 'b.conf', 'c1.conf']);
    expect(taken('c/?.conf')).toEqual(['a.conf', 'b.conf']);
    expect(taken('c/[b-c]*.conf')).toEqual(['b.conf', 'c1.conf']);
    expect(taken('c/[^a]*.conf')).toEqual(['b.conf', 'c1.conf']);
    expect(taken('c/{b,a}.conf')).toEqual(['a.conf', 'b.conf']);
    expect(taken('c/.*.conf')).toEqual(['.hidden.conf']);
    expect(taken('c/**/*.conf')).toEqual(['a.conf', 'b.conf', 'c1.conf', 'd/e/f.conf', 'd/x.old.conf']);
    expect(taken('c/*****a*****.conf')).toEqual(['a.conf']);
    expect(parse('@include c/d/*.conf\n', files).problems.map(({ code }) => code)).toEqual(['CONFIG_INCLUDE_BACKUP']);
    expect(parse('@include c/\u0000\n@include c/*\u0000\n').errors).toEqual([]);
    expect(parse(`@include c/${'x'.repeat(5_000)}\n`).errors).toEqual([]);
    expect(parse('@include c/nope.conf\n', files).problems.map(({ code }) => code)).toEqual([
      'CONFIG_INCLUDE_NO_MATCH',
    ]);
    expect(parse(`@include c/${'{a,b}'.repeat(20)}\n`).problems.map(({ code }) => code)).toEqual([
      'CONFIG_INCLUDE_TOO_MANY',
    ]);
  });

  test('a pipe is not waited for', () => {
    const pipe = join(temp.path, 'pipe.conf');
    execFileSync('/usr/bin/env', ['mkfifo', pipe]);
    expect(parse(`@include ${pipe}\n`).errors.map(({ code }) => code)).toEqual(['CONFIG_FILE_UNREADABLE']);
  });

  test('a folder is no configuration', () => {
    expect(parse('@include c/*\n', { 'c/d/e.conf': '' }).errors.map(({ code }) => code)).toEqual([
      'CONFIG_FILE_UNREADABLE',
    ]);
  });
});

describe('embedded expressions', () => {
  const env = { A: 'value', EMPTY: '', QUOTE: 'a","b' };
  const value = (code: string) => Object.values(parse(`a "${code}"\n`, {}, env).json.attrs)[0];

  test.each([
    ["#{ENV['A']}", 'value'],
    ['#{ENV["A"]}', 'value'],
    ["<#{ENV['A']}#{ENV['EMPTY']}>", '<value>'],
    ["#{ENV['NONE']}", ''],
    ["#{ ENV['NONE'] || 'd}d' }", 'd}d'],
    ["#{ENV['EMPTY'] || 'd'}", ''],
    ["#{ENV.fetch('A', 'd')}", 'value'],
    ['#{ENV.fetch("NONE","d")}', 'd'],
    ["#{ENV['NONE'] || use_nil}", null],
    ["x#{ENV['NONE'] || use_nil}", null],
    ["#{ENV['A'] || use_nil}", 'value'],
    ["#{ENV['NONE'] || use_default}", { $default: true }],
    ['#{use_nil}', null],
    ['#{use_default}', { $default: true }],
    ['#{hostname}-#{Socket.gethostname}-#{worker_id}.', 'host.example-host.example-.'],
    ["#{ENV['__proto__']}#{ENV['toString']}", ''],
  ])('%s', (code, expected) => {
    expect(value(code)).toEqual(expected);
  });

  test.each([
    'File.read("/etc/passwd")',
    '`id`',
    "ENV['A'].upcase",
    "ENV['A' + 'B']",
    'ENV["#{1}"]',
    "ENV['A'] || ENV['B'] || 'c'",
    "'text'",
    "ENV.fetch('A')",
    'hostname;exit',
    '',
  ])('#{%s} is refused, and what is understood is listed', (code) => {
    const { errors } = parse(`a "x#{${code}}y"\nb 1\n`, {}, env);
    expect(errors).toMatchObject([{ code: 'CONFIG_EXPRESSION_UNKNOWN', at: { line: 1, column: 5 } }]);
    expect(errors[0]?.hint).toContain("ENV.fetch('X', 'text')");
  });

  test('in a JSON value an expression stands for its text, and cannot be nil', () => {
    expect(parse('a ["#{ENV[\'QUOTE\']}"]\n', {}, env).json.attrs).toEqual({ a: '["a","b"]' });
    expect(parse('a ["x","#{ENV[\'A\']}#{"]\n', {}, env).json.attrs).toEqual({ a: '["x","value#{"]' });
    expect(parse('a ["#{use_nil}"]\n').errors.map(({ code }) => code)).toEqual(['CONFIG_EXPRESSION_MISPLACED']);
  });
});

describe('hostile texts', () => {
  const specials = [
    '"',
    "'",
    '\\',
    '#{',
    '}',
    '[',
    ']',
    '{',
    '<',
    '</',
    '>',
    '\n',
    '\r',
    '\r\n',
    '#',
    ' ',
    '\t',
    '@include ',
    '@',
    ',',
    '\u0000',
    '\ufeff',
    '😀',
    '\ud800',
    '//',
    '/*',
    "ENV['A']",
  ];
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(12),
    put: fc.oneof(fc.constantFrom(...specials), fc.string({ maxLength: 8 })),
    times: fc.nat(4),
  });

  test('whatever is done to a text, it is read to its end and only problems come of it', () => {
    const base = fc.constantFrom(...cases.map(({ text }) => text));
    fc.assert(
      fc.property(fc.array(base, { minLength: 1, maxLength: 3 }), fc.array(edit, { maxLength: 6 }), (texts, edits) => {
        let text = texts.join('\n');
        for (const { at, cut, put, times } of edits) {
          const offset = Math.floor(at * text.length);
          text = text.slice(0, offset) + put.repeat(times) + text.slice(offset + cut);
        }
        const { ok, problems, errors } = parse(text);
        expect(ok).toBe(errors.length === 0);
        const lines = text.toWellFormed().split('\n');
        for (const { at, code, text: said, hint } of problems) {
          expect(code).toMatch(/^CONFIG_[A-Z0-9_]+$/);
          expect(said.length * hint.length).toBeGreaterThan(0);
          expect(at.line).toBeLessThanOrEqual(lines.length);
          expect(at.column).toBeGreaterThan(0);
          expect(at.column).toBeLessThanOrEqual([...(lines[at.line - 1] ?? '')].length + 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['quotes', 'a "'],
    ['braces', 'a ["#{\''],
    ['expressions', 'a ["#{\'}",'],
    ['brackets', '['],
    ['blanks', ' '],
    ['comment signs', ' #'],
    ['tags', '<a #'],
    ['empty lines', '\r\n'],
    ['CRs', '\r'],
    ['emoji', '😀 '],
    ['digits', '1'],
  ])('a megabyte of %s takes no long time', (_, piece) => {
    for (const text of [
      `a ${piece.repeat(1_000_000 / piece.length)}`,
      `<x ${piece.repeat(1_000_000 / piece.length)}\n`,
    ]) {
      const started = performance.now();
      parse(text);
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  });
});
