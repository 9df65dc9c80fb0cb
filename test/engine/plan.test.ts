// A configuration becomes a plan, or problems: what Fluentd refuses is refused, with the place.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attribute } from '../../src/config/element.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { plan } from '../../src/engine/plan.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('plan');
afterAll(() => temp.remove());

/** Plug-ins of the test's own, so that these tests do not depend on which there are. */
beforeAll(() => {
  const plugins = {
    'inputs/forward': '{ port: { type: "integer", desc: "A port.", default: "24224" } }',
    'outputs/stdout': '{ format: { type: "plugin", kind: "formatter", default: "json", desc: "A format." } }',
    'outputs/null': '{ password: { type: "string", desc: "A password.", secret: true } }',
    'outputs/relabel': '{}',
    'outputs/copy': '{ store: { type: "plugins", kind: "output", required: true, desc: "Outputs." } }',
    'filters/grep': '{}',
    'formatters/json': '{ add_newline: { type: "bool", desc: "A newline.", default: "true" } }',
  };
  const more: Readonly<Record<string, string>> = { 'outputs/relabel': 'reroutes: true, ' };
  for (const [path, options] of Object.entries(plugins)) {
    const [folder = '', type = ''] = path.split('/');
    mkdirSync(join(temp.path, folder), { recursive: true });
    const kind = folder.slice(0, -1);
    writeFileSync(
      join(temp.path, `${path}.mjs`),
      `export default { kind: "${kind}", type: "${type}", summary: "", ${more[path] ?? ''}options: ${options}, create() {} };\n`,
    );
  }
  writeFileSync(join(temp.path, 'outputs/broken.mjs'), 'import "no-such-package";\nexport default {};\n');
  writeFileSync(
    join(temp.path, 'outputs/wrong.mjs'),
    'export default { kind: "input", type: "wrong", options: {} };\n',
  );
  writeFileSync(join(temp.path, 'secret.mjs'), 'throw new Error("loaded from outside the folder");\n');
});

async function planOf(text: string, strict = false) {
  const file = join(temp.path, 'c.conf');
  writeFileSync(file, text);
  const list = new ProblemList();
  const { root, ok } = parseConfig(file, { env: {}, hostname: 'h', workerId: '' }, list.report);
  expect(ok).toBe(true);
  const secrets: Attribute[] = [];
  const registry = new Registry(pathToFileURL(`${temp.path}/`), '.mjs');
  const planned = await plan(root, registry, list.report, { strict, secret: (one) => secrets.push(one) });
  const problems = list.problems.map(({ severity, code, at }) => `${severity} ${code} ${at.line}:${at.column}`);
  return { plan: planned, problems, hints: list.problems.map(({ hint }) => hint), secrets };
}

test('sources, filters, matches and labels in their order', async () => {
  const { plan: planned, problems } = await planOf(`
<source>
  @type forward
  @id in
  @label @A
  port 1
</source>
<source>
  @type forward
</source>
<filter a.**>
  @type grep
</filter>
<match a.** b>
  @type stdout
</match>
<label @A>
  <match>
    @type relabel
    @label @B
  </match>
</label>
<label @B>
  <match>
    @type null
  </match>
</label>
<match **>
  @type null
</match>
`);
  expect(problems).toEqual([]);
  expect(planned.inputs).toMatchObject([
    { id: 'in', label: '@A', options: { port: 1 }, definition: { type: 'forward' } },
    { id: 'forward@c.conf:8', label: '@ROOT', options: { port: 24224 }, element: { at: { line: 8 } } },
  ]);
  expect([...planned.labels.keys()]).toEqual(['@ROOT', '@A', '@B']);
  expect(planned.labels.get('@ROOT')).toMatchObject([
    { kind: 'filter', pattern: 'a.**', definition: { kind: 'filter', type: 'grep' } },
    {
      kind: 'match',
      pattern: 'a.** b',
      definition: { type: 'stdout' },
      options: { format: { type: 'json', options: { add_newline: true } } },
    },
    { kind: 'match', pattern: '**', definition: { type: 'null' } },
  ]);
  expect(planned.labels.get('@A')).toMatchObject([{ kind: 'match', pattern: '**', label: '@B' }]);
});

test.each([
  ['an empty configuration', '', []],
  ['a source without @type', '<source>\nport 1\n</source>\n', ['error CONFIG_TYPE_MISSING 1:1']],
  ['a match without @type', '<match **>\n</match>\n', ['error CONFIG_TYPE_MISSING 1:1']],
  ['an empty @type', '<match **>\n@type\n</match>\n', ['error CONFIG_UNKNOWN_TYPE 2:6']],
  ['an unknown output', '<match **>\n@type nosuch\n</match>\n', ['error CONFIG_UNKNOWN_TYPE 2:7']],
  ['an unknown input', '<source>\n@type nosuch\n</source>\n', ['error CONFIG_UNKNOWN_TYPE 2:7']],
  ['an unknown filter', '<filter **>\n@type nosuch\n</filter>\n', ['error CONFIG_UNKNOWN_TYPE 2:7']],
  [
    'an unknown formatter',
    '<match **>\n@type stdout\n<format>\n@type nosuch\n</format>\n</match>\n',
    ['error CONFIG_UNKNOWN_TYPE 4:7'],
  ],
  [
    'an unknown section',
    '<match **>\n@type null\n<foo>\nbar 1\n</foo>\n</match>\n',
    ['warning CONFIG_UNKNOWN_SECTION 3:1'],
  ],
  ['an unknown parameter at the top', 'foo 1\n', ['warning CONFIG_UNKNOWN_OPTION 1:1']],
  ['an unknown section at the top', '<sorce>\n@type forward\n</sorce>\n', ['warning CONFIG_UNKNOWN_SECTION 1:1']],
  ['the old spelling of @type', '<match **>\ntype null\n</match>\n', ['warning CONFIG_OPTION_DEPRECATED 2:1']],
  [
    'a relabel to a missing label',
    '<match **>\n@type relabel\n@label @NO\n</match>\n',
    ['error CONFIG_LABEL_UNKNOWN 3:8'],
  ],
  ['a relabel without a label', '<match **>\n@type relabel\n</match>\n', ['error CONFIG_LABEL_MISSING 1:1']],
  [
    'a store that relabels without a label, and one to a missing label',
    '<match **>\n@type copy\n<store>\n@type relabel\n</store>\n<store>\n@type relabel\n@label @NO\n</store>\n</match>\n',
    ['error CONFIG_LABEL_MISSING 3:1', 'error CONFIG_LABEL_UNKNOWN 8:8'],
  ],
  ['a copy without a store', '<match **>\n@type copy\n</match>\n', ['error CONFIG_SECTION_REQUIRED 1:1']],
  ['a store without @type', '<match **>\n@type copy\n<store>\n</store>\n</match>\n', ['error CONFIG_TYPE_MISSING 3:1']],
  [
    'a store of an unknown type',
    '<match **>\n@type copy\n<store>\n@type nosuch\n</store>\n</match>\n',
    ['error CONFIG_UNKNOWN_TYPE 4:7'],
  ],
  [
    'an @id twice, once in a store',
    '<match a>\n@type null\n@id x\n</match>\n<match b>\n@type copy\n<store>\n@type null\n@id x\n</store>\n</match>\n',
    ['error CONFIG_ID_REPEATED 9:5'],
  ],
  [
    'a label that leads to itself',
    '<label @A>\n<match a>\n@type null\n</match>\n<match>\n@type relabel\n@label @A\n</match>\n</label>\n',
    ['error CONFIG_LABEL_LOOP 5:1'],
  ],
  [
    'labels that lead to each other, through a store',
    '<match **>\n@type relabel\n@label @A\n</match>\n<label @A>\n<match **>\n@type copy\n<store>\n@type null\n</store>\n<store>\n@type relabel\n@label @ROOT\n</store>\n</match>\n</label>\n',
    ['error CONFIG_LABEL_LOOP 11:1'],
  ],
  [
    'labels that lead to each other for some tags only',
    '<label @A>\n<match a>\n@type relabel\n@label @B\n</match>\n</label>\n<label @B>\n<match b>\n@type relabel\n@label @A\n</match>\n</label>\n',
    [],
  ],
  [
    'a source with a missing label',
    '<source>\n@type forward\n@label @NO\n</source>\n',
    ['error CONFIG_LABEL_UNKNOWN 3:8'],
  ],
  [
    'a missing label where it has no meaning',
    '<match **>\n@type null\n@label @NO\n</match>\n',
    ['warning CONFIG_LABEL_UNKNOWN 3:8'],
  ],
  [
    'a label without a name',
    '<label>\n<match **>\n@type null\n</match>\n</label>\n',
    ['error CONFIG_LABEL_NAMELESS 1:1'],
  ],
  ['a label without a match', '<label @A>\n</label>\n', ['error CONFIG_LABEL_WITHOUT_MATCH 1:1']],
  [
    'a label twice',
    '<label @A>\n<match **>\n@type null\n</match>\n</label>\n<label @A>\n<match **>\n@type null\n</match>\n</label>\n',
    ['error CONFIG_LABEL_REPEATED 6:1'],
  ],
  [
    'a label named @ROOT',
    '<label @ROOT>\n<match **>\n@type null\n</match>\n</label>\n',
    ['error CONFIG_LABEL_RESERVED 1:1'],
  ],
  ['a label without @ in its name', '<label A>\n<match **>\n@type null\n</match>\n</label>\n', []],
  [
    'a source in a label',
    '<label @A>\n<source>\n@type forward\n</source>\n<match>\n@type null\n</match>\n</label>\n',
    ['warning CONFIG_UNKNOWN_SECTION 2:1'],
  ],
  [
    'a pattern that is no regular expression',
    '<match /(/>\n@type null\n</match>\n',
    ['error TAG_PATTERN_REGEXP_INVALID 1:1'],
  ],
  [
    'the same @id twice',
    '<match a>\n@type null\n@id x\n</match>\n<match b>\n@type null\n@id x\n</match>\n',
    ['error CONFIG_ID_REPEATED 7:5'],
  ],
  ['an empty @id', '<match a>\n@type null\n@id\n</match>\n<match b>\n@type null\n@id\n</match>\n', []],
  ['text for an integer', '<source>\n@type forward\nport abc\n</source>\n', ['warning CONFIG_VALUE_DOUBTFUL 3:6']],
  [
    'text for an integer, strict',
    '<source>\n@type forward\nport abc\n</source>\n<system>\nstrict_config_value true\n</system>\n',
    ['error CONFIG_VALUE_INVALID 3:6'],
  ],
  ['a log level that is none', '<system>\nlog_level loud\n</system>\n', ['error CONFIG_VALUE_INVALID 2:11']],
  ['two <system> sections', '<system>\n</system>\n<system>\n</system>\n', ['error CONFIG_SECTION_REPEATED 3:1']],
  ['a <worker> section', '<worker 0>\n<match **>\n@type null\n</match>\n</worker>\n', []],
  ['a worker that is not there', '<worker 1>\n</worker>\n', ['error CONFIG_WORKER_SECTION 1:1']],
  ['workers that are not all there', '<worker 0-1>\n</worker>\n', ['error CONFIG_WORKER_SECTION 1:1']],
  ['a worker without a number', '<worker>\n</worker>\n', ['error CONFIG_WORKER_SECTION 1:1']],
  ['a worker whose number is none', '<worker x>\n</worker>\n', ['error CONFIG_WORKER_SECTION 1:1']],
  [
    'workers the wrong way round',
    '<system>\nworkers 4\n</system>\n<worker 2-1>\n</worker>\n',
    ['error CONFIG_WORKER_SECTION 4:1'],
  ],
  [
    'what may not stand in <worker>',
    '<worker 0>\nx 1\n<system>\n</system>\n</worker>\n',
    ['warning CONFIG_UNKNOWN_OPTION 2:1', 'error CONFIG_WORKER_SECTION 3:1'],
  ],
  ['no workers at all', '<system>\nworkers 0\n</system>\n', ['error CONFIG_VALUE_INVALID 2:9']],
  [
    'a security section that is not understood',
    '<source>\n@type forward\n<security>\nshared_key x\n</security>\n</source>\n',
    ['error CONFIG_UNKNOWN_SECTION 3:1'],
  ],
  ['a plug-in that cannot be loaded', '<match>\n@type broken\n</match>\n', ['error CONFIG_PLUGIN_BROKEN 2:7']],
  ['a file that defines another plug-in', '<match>\n@type wrong\n</match>\n', ['error CONFIG_PLUGIN_BROKEN 2:7']],
])('%s', async (_, text, expected) => {
  expect((await planOf(text)).problems).toEqual(expected);
});

test('a parameter named label is an option of some plug-ins, and no @label', async () => {
  const { plan: planned, problems } = await planOf('<match **>\n@type null\nlabel @NO\n</match>\n');
  expect(problems).toEqual(['warning CONFIG_UNKNOWN_OPTION 3:1']);
  expect(planned.labels.get('@ROOT')?.[0]?.label).toBeUndefined();
});

test('all problems are found in one go', async () => {
  const { problems } = await planOf(
    '<source>\n@type forwrd\n</source>\n<match a>\n</match>\n<label @A>\n</label>\n<match b>\n@type null\nx 1\n</match>\n',
  );
  expect(problems).toHaveLength(4);
});

describe('<system>', () => {
  test('gives the log level, and names in one line what has no effect', async () => {
    const { plan: planned, problems } = await planOf(
      '<system>\nworkers 4\nlog_level debug\nroot_dir /x\n<log>\nformat json\n</log>\nwrokers 1\n</system>\n',
    );
    expect(planned.system?.logLevel).toBe('debug');
    expect(problems).toEqual(['warning CONFIG_UNKNOWN_OPTION 8:1', 'warning CONFIG_OPTION_IGNORED 5:1']);
  });
});

test('the nearest name of a plug-in is offered', async () => {
  expect((await planOf('<source>\n@type forwrd\n</source>\n')).hints).toEqual(['Did you mean forward?']);
});

test.each(['../secret', '..%2fsecret', '/etc/passwd', 'null.mjs', 'NULL', '__proto__', ''])(
  'the type "%s" never becomes a path',
  async (type) => {
    expect((await planOf(`<match>\n@type "${type}"\n</match>\n`)).problems).toEqual(['error CONFIG_UNKNOWN_TYPE 2:7']);
  },
);

test('values that are declared secret are told of', async () => {
  const { secrets } = await planOf('<match>\n@type null\npassword hunter2\n</match>\n');
  expect(secrets.map(({ value }) => value)).toEqual(['hunter2']);
});

test('ids that are made are never ones that are there', async () => {
  const { plan: planned, problems } = await planOf(
    '<match a>\n@type null\n</match>\n<match b>\n@type null\n@id null@c.conf:1\n</match>\n',
  );
  expect(problems).toEqual([]);
  expect(planned.labels.get('@ROOT')?.map(({ id }) => id)).toEqual(['null@c.conf:1#2', 'null@c.conf:1']);
});
