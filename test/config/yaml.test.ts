// Fluentd's configuration in YAML: the same tree as the other form, with the place of everything in the YAML file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { elementToJson } from '../../src/config/element-json.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { parseYamlConfig } from '../../src/config/yaml/parse.ts';
import { plainValue } from '../../src/config/yaml/scalar.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('yaml');
afterAll(() => temp.remove());
let count = 0;

function parse(text: string, files: Readonly<Record<string, string>> = {}, main = 'main.yaml') {
  const folder = join(temp.path, String(count++));
  for (const [name, content] of Object.entries({ ...files, [main]: text })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const list = new ProblemList();
  const surroundings = { env: { VEC_HOME: '/home/v' }, hostname: 'host.example', workerId: '' };
  const read = main.endsWith('.conf') ? parseConfig : parseYamlConfig;
  const parsed = read(join(folder, main), surroundings, list.report);
  return {
    ...parsed,
    json: elementToJson(parsed.root, new Set()),
    problems: list.problems.map(({ code, severity, at }) => [code, severity, at.line, at.column]),
    hints: list.problems.map(({ hint }) => hint),
  };
}

/** Each pair is the same configuration in both forms. */
const pairs: Readonly<Record<string, readonly [yaml: string, conf: string]>> = {
  'sources, filters and matches': [
    `
config:
  - source:
      $type: forward
      port: 24224
  - filter:
      $tag: myapp.access
      $type: record_transformer
      record:
        host_param: !fluent/s "#{Socket.gethostname}"
  - match:
      $tag: myapp.access
      $type: file
      path: /var/log/fluent/access
`,
    `
<source>
  @type forward
  port 24224
</source>
<filter myapp.access>
  @type record_transformer
  <record>
    host_param "#{Socket.gethostname}"
  </record>
</filter>
<match myapp.access>
  @type file
  path /var/log/fluent/access
</match>
`,
  ],
  'system, labels and workers': [
    `
system:
  workers: 4
  log:
    format: json
config:
  - source:
      $type: forward
      $label: '@SYSTEM'
      $id: in
      $log_level: debug
  - label:
      $name: '@SYSTEM'
      config:
        - match:
            $tag: '**'
            $type: stdout
  - worker:
      $arg: 0-1
      config:
        - source:
            $type: unix
`,
    `
<system>
  workers 4
  <log>
    format json
  </log>
</system>
<source>
  @type forward
  @label @SYSTEM
  @id in
  @log_level debug
</source>
<label @SYSTEM>
  <match **>
    @type stdout
  </match>
</label>
<worker 0-1>
  <source>
    @type unix
  </source>
</worker>
`,
  ],
  'sections in a list, arguments, arrays and hashes': [
    `
config:
  - match:
      $tag: [a.*, b.**]
      $type: copy
      store:
        - $type: stdout
          $arg: ignore_error
        - $type: file
          path: x
          buffer:
            $arg: [tag, time]
            timekey: 1d
          inject: {}
  - filter:
      $type: record_transformer
      remove_keys: [a, 1, true, null]
      nested: [[a], [b]]
      map: !fluent/json {k: v, k1: 10, k2: [yes, ~, 1.5]}
      empty: []
`,
    `
<match a.* b.**>
  @type copy
  <store ignore_error>
    @type stdout
  </store>
  <store>
    @type file
    path x
    <buffer tag,time>
      timekey 1d
    </buffer>
    <inject>
    </inject>
  </store>
</match>
<filter>
  @type record_transformer
  remove_keys ["a",1,true,null]
  nested [["a"],["b"]]
  map {"k":"v","k1":10,"k2":[true,null,1.5]}
  empty []
</filter>
`,
  ],
  texts: [
    `
config:
  - source:
      $type: x
      plain: some text # not this
      double: "a\\tb"
      single: 'it''s'
      block: |-
        one
        two
      folded: >-
        one
        two
      escape: !fluent/s 'tab\\tend'
      home: !fluent/s "#{ENV['VEC_HOME']}/x"
      nil: !fluent/s "#{use_nil}"
      keeps: !fluent/s "#{use_default}"
      str: !!str 012
      nothing:
`,
    `
<source>
  @type x
  plain some text
  double "a\\tb"
  single it's
  block "one\\ntwo"
  folded one two
  escape "tab\\tend"
  home "#{ENV['VEC_HOME']}/x"
  nil "#{use_nil}"
  keeps "#{use_default}"
  str 012
  nothing "#{use_nil}"
</source>
`,
  ],
  'anchors, aliases and merges': [
    `
x-common: &common
  flush_interval: 5s
  chunk_limit_size: 1m
config:
  - match:
      $tag: a
      $type: file
      buffer: &buffer
        $type: file
        <<: *common
        flush_interval: 1s
  - match:
      $tag: b
      $type: file
      buffer: *buffer
  - match:
      $tag: c
      $type: file
      buffer:
        <<: [*common, {flush_interval: 9s, total_limit_size: 1g}]
`,
    `
<match a>
  @type file
  <buffer>
    @type file
    flush_interval 1s
    chunk_limit_size 1m
  </buffer>
</match>
<match b>
  @type file
  <buffer>
    @type file
    flush_interval 1s
    chunk_limit_size 1m
  </buffer>
</match>
<match c>
  @type file
  <buffer>
    flush_interval 5s
    total_limit_size 1g
    chunk_limit_size 1m
  </buffer>
</match>
`,
  ],
  'several sections in one item, in the order of Fluentd': [
    'config:\n- match: {$tag: a, $type: stdout}\n  filter: {$type: grep}\n  source: {$type: forward}\n',
    '<source>\n@type forward\n</source>\n<filter>\n@type grep\n</filter>\n<match a>\n@type stdout\n</match>\n',
  ],
  'nothing but a system section': ['system:\n  log_level: warn\nconfig:\n', '<system>\nlog_level warn\n</system>\n'],
  'an empty mapping': ['{}\n', ''],
};

describe('both forms give the same tree', () => {
  test.for(Object.entries(pairs))('%s', ([, [yaml, conf]]) => {
    const inYaml = parse(yaml);
    const inConf = parse(conf, {}, 'main.conf');
    expect(inYaml.problems).toEqual([]);
    expect(JSON.stringify(inYaml.json)).toBe(JSON.stringify(inConf.json));
  });
});

describe('included files', () => {
  const one = '- match:\n    $tag: one\n    $type: stdout\n';
  const two = '- match:\n    $tag: two\n    $type: stdout\n';
  const tags = (json: ReturnType<typeof parse>['json']) => json.elements.map(({ arg }) => arg);

  test('a list of sections takes its place in the list, files in the order of their names', () => {
    const { json, problems } = parse('config:\n- !include d/*.yaml\n- match:\n    $tag: last\n', {
      'd/b.yaml': two,
      'd/a.yaml': one,
    });
    expect(problems).toEqual([]);
    expect(tags(json)).toEqual(['one', 'two', 'last']);
  });

  test('a file may be all of the configuration, and includes from its own folder', () => {
    const { json } = parse('config: !include d/a.yaml\n', { 'd/a.yaml': `${one}- !include b.yaml\n`, 'd/b.yaml': two });
    expect(tags(json)).toEqual(['one', 'two']);
  });

  test('a mapping is merged into a section, and keeps its places', () => {
    const { root, problems } = parse(
      'config:\n- match:\n    $tag: a\n    buffer:\n      $type: file\n      <<: !include buffer.yaml\n',
      { 'buffer.yaml': 'flush_interval: 5s\ntotal_limit_size: 100m\n' },
    );
    expect(problems).toEqual([]);
    const attribute = root.elements[0]?.elements[0]?.attributes.get('total_limit_size');
    expect(attribute).toMatchObject({ value: '100m', at: { line: 2, column: 1 }, valueAt: { line: 2, column: 19 } });
    expect(attribute?.at.file).toMatch(/buffer\.yaml$/);
  });

  test('the folder that system names is read behind the file', () => {
    const { json, problems } = parse('system:\n  config_include_dir: d\nconfig: []\n', {
      'd/a.yml': `config:\n${one}`,
      'd/b.conf': '<match x>\n',
    });
    expect(problems).toEqual([]);
    expect(tags(json)).toEqual(['', 'one']);
  });

  test.for<[string, string, Record<string, string>]>([
    ['CONFIG_INCLUDE_REMOTE', 'config:\n- !include https://example.org/x.yaml\n', {}],
    ['CONFIG_INCLUDE_NO_MATCH', 'config:\n- !include no/*.yaml\n', {}],
    ['CONFIG_INCLUDE_EMPTY', 'config:\n- !include\n', {}],
    ['CONFIG_INCLUDE_LOOP', 'config:\n- !include a.yaml\n', { 'a.yaml': '- !include main.yaml\n' }],
  ])('%s', ([code, text, files]) => {
    expect(parse(text, files).problems).toMatchObject([
      [code, expect.anything(), expect.anything(), expect.anything()],
    ]);
  });
});

describe('places', () => {
  test('of sections, names and values', () => {
    const { root } = parse('config:\n  - source:\n      $type: forward\n      \'port\': "24224"\n');
    const [source] = root.elements;
    expect(source?.at).toMatchObject({ line: 2, column: 5 });
    expect(source?.attributes.get('port')).toMatchObject({
      at: { line: 4, column: 7 },
      valueAt: { line: 4, column: 15 },
    });
  });

  test('inside a text with expressions', () => {
    expect(parse('config:\n- source:\n    a: !fluent/s "é 😀 #{boo}"\n').problems).toEqual([
      ['CONFIG_EXPRESSION_UNKNOWN', 'error', 3, 23],
    ]);
  });
});

describe('mistakes', () => {
  test.for<[string, string, string, number, number]>([
    ['nothing at all', '', 'CONFIG_YAML_FORM', 1, 1],
    ['a list', '- source: {}\n', 'CONFIG_YAML_FORM', 1, 1],
    ['config as a mapping', 'config:\n  source:\n    $type: x\n', 'CONFIG_YAML_FORM', 1, 1],
    ['an item that is a word', 'config:\n- source\n', 'CONFIG_YAML_FORM', 2, 3],
    ['a section with nothing below it', 'config:\n- source:\n', 'CONFIG_YAML_FORM', 2, 3],
    ['sections that are a list', 'config:\n- source:\n  - $type: a\n', 'CONFIG_YAML_FORM', 2, 3],
    ['a tag that is a mapping', 'config:\n- match:\n    $tag: {a: b}\n', 'CONFIG_YAML_FORM', 3, 11],
    ['a word among sections', 'config:\n- match:\n    store:\n    - $type: a\n    - b\n', 'CONFIG_YAML_FORM', 5, 7],
    ['a list as a name', '? [a]\n: b\n', 'CONFIG_YAML_FORM', 1, 3],
    ['a merge of a word', 'config:\n- match:\n    <<: a\n', 'CONFIG_YAML_FORM', 3, 5],
    ['a source at the top level', 'source:\n  $type: x\n', 'CONFIG_UNKNOWN_SECTION', 1, 1],
    ['an unknown section', 'config:\n- macth:\n    $type: x\n', 'CONFIG_UNKNOWN_SECTION', 2, 3],
    ['system in the list', 'config:\n- system: {}\n', 'CONFIG_UNKNOWN_SECTION', 2, 3],
    ['a tag of another kind', 'config:\n- source:\n    a: !ruby/object x\n', 'CONFIG_YAML_TAG', 3, 21],
    ['a text tag before a list', 'config:\n- source:\n    a: !fluent/s [b]\n', 'CONFIG_YAML_TAG', 3, 18],
    ['an alias of nothing', 'config: *a\n', 'CONFIG_YAML_ALIAS', 1, 9],
    ['an alias inside itself', 'config: &a\n- *a\n', 'CONFIG_YAML_ALIAS', 2, 3],
    ['a section twice', 'config:\n- match: {$tag: a}\n  match: {$tag: b}\n', 'CONFIG_OPTION_REPEATED', 3, 3],
    ['an escape', 'config:\n- source:\n    a: !fluent/s x\\q\n', 'CONFIG_ESCAPE_INVALID', 3, 20],
    ['a second document', 'config:\n---\nconfig:\n', 'CONFIG_YAML_SYNTAX', 2, 1],
    ['@type', 'config:\n- source:\n    @type: x\n', 'CONFIG_YAML_SYNTAX', 3, 5],
    ['a tab', 'config:\n\t- a\n', 'CONFIG_YAML_SYNTAX', 2, 1],
    ['an open string', 'config: "a\n', 'CONFIG_YAML_SYNTAX', 2, 1],
  ])('%s', ([, text, code, line, column]) => {
    const { problems, ok } = parse(text);
    expect(ok).toBe(false);
    expect(problems).toEqual([[code, 'error', line, column]]);
  });

  test('where the form is the other one, the hint says so', () => {
    expect(parse('<source>\n  @type forward\n</source>\n').hints[0]).toContain('.conf');
  });

  test('@label without quotes: the hint has the name for it', () => {
    expect(parse('config:\n- source:\n    $label: @A\n').hints[0]).toContain('$label');
  });

  test('a value twice, a number that is no number, and a tag without its ! are warnings', () => {
    const { problems, ok, root } = parse(
      'config:\n- match:\n    a: 1\n    a: 2\n    b: 12:30\n    c: fluent/s "x"\nfoo: 1\n',
    );
    expect(ok).toBe(true);
    expect(root.elements[0]?.attributes.get('a')?.value).toBe('2');
    expect(problems).toEqual([
      ['CONFIG_OPTION_REPEATED', 'warning', 4, 5],
      ['CONFIG_VALUE_DOUBTFUL', 'warning', 5, 8],
      ['CONFIG_VALUE_DOUBTFUL', 'warning', 6, 8],
      ['CONFIG_UNKNOWN_SECTION', 'warning', 7, 1],
    ]);
  });

  test('aliases that write out to a billion parts end at the bound', () => {
    const levels = (open: string, close: string) =>
      Array.from({ length: 12 }, (_, i) => {
        const before =
          i === 0
            ? `${open}1${close}`
            : `${open}${Array(10)
                .fill(`*a${i - 1}`)
                .join(', ')}${close}`;
        return `x-${i}: &a${i} ${before}\n`;
      }).join('');
    expect(parse(`${levels('[', ']')}config:\n- source:\n    a: *a11\n`).problems).toEqual([
      ['CONFIG_YAML_TOO_MUCH', 'error', 1, 10],
    ]);
    const nested = Array.from({ length: 12 }, (_, i) => {
      const inner = i === 0 ? 'v: 1' : Array.from({ length: 10 }, (_, k) => `k${k}: *b${i - 1}`).join(', ');
      return `x-${i}: &b${i} {${inner}}\n`;
    }).join('');
    expect(parse(`${nested}config:\n- source: *b11\n`).problems).toEqual([
      ['CONFIG_YAML_TOO_MUCH', 'error', expect.any(Number), expect.any(Number)],
    ]);
  });

  test('brackets without end are refused', () => {
    expect(parse(`config: ${'['.repeat(100_000)}`).problems[0]?.[0]).toBe('CONFIG_YAML_SYNTAX');
    expect(parse(`config:\n${'- '.repeat(100_000)}`).problems[0]?.[0]).toBe('CONFIG_YAML_SYNTAX');
  });
});

describe('plain scalars are what Psych makes of them', () => {
  test.for<[string, unknown, string | null]>([
    ['', null, null],
    ['~', null, null],
    ['Null', null, null],
    ['yes', true, 'true'],
    ['Off', false, 'false'],
    ['y', 'y', 'y'],
    ['123', 123, '123'],
    ['-1', -1, '-1'],
    ['+1', 1, '1'],
    ['1_000', 1000, '1000'],
    ['1,000', 1000, '1000'],
    ['0x1f', 31, '31'],
    ['0b101', 5, '5'],
    ['014', 12, '12'],
    ['0o14', 12, '12'],
    ['089', '089', '089'],
    ['1:30', 90, '90'],
    ['-1:30', -90, '-90'],
    ['1.5', 1.5, '1.5'],
    ['1.0', 1, '1.0'],
    ['1.5e+3', 1500, '1500.0'],
    ['1e3', '1e3', '1e3'],
    ['.5', 0.5, '0.5'],
    ['.', '.', '.'],
    ['.inf', 'Infinity', 'Infinity'],
    ['-.inf', '-Infinity', '-Infinity'],
    ['.nan', 'NaN', 'NaN'],
    [':sym', 'sym', 'sym'],
    [':"a b"', 'a b', 'a b'],
    [':', ':', ':'],
    ['8m', '8m', '8m'],
    ['2024-01-31', '2024-01-31', '2024-01-31'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['99999999999999999999', '99999999999999999999', '99999999999999999999'],
  ])('%s', ([source, json, text]) => {
    const { doubt: _, ...value } = plainValue(source);
    expect(value).toEqual({ json, text });
  });
});

test('whatever the text: nothing is thrown', () => {
  const whole = pairs['texts']?.[0] ?? '';
  const all = Object.values(pairs).map(([yaml]) => yaml);
  const piece = fc.constantFrom(
    '!include x',
    '&a ',
    '*a',
    '<<: ',
    '!fluent/s ',
    '!fluent/json ',
    '"#{',
    '}',
    '[',
    ']',
    '{',
    '- ',
    ': ',
    '\n',
    '  ',
    '\t',
    '---\n',
    '%YAML 1.2\n',
    '|\n',
    '?',
    '\ud800',
    '\0',
    '@',
    '$tag',
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...all, whole),
      fc.array(fc.tuple(fc.nat(), fc.nat(12), fc.oneof(piece, fc.string({ maxLength: 4 }))), { maxLength: 4 }),
      (text, edits) => {
        let mutated = text;
        for (const [at, length, insert] of edits) {
          const start = at % (mutated.length + 1);
          mutated = mutated.slice(0, start) + insert + mutated.slice(start + length);
        }
        const { ok, problems } = parse(mutated);
        expect(ok).toBe(!problems.some(([, severity]) => severity === 'error'));
      },
    ),
    { numRuns: 200 },
  );
});
