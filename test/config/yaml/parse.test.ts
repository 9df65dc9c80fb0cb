// Fluentd's configuration in YAML: the same tree as the other form, with the place of everything in the YAML file.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../../support/temp.ts';
import { yamlReader } from '../../support/yaml.ts';

const temp = tempFolder('yaml');
afterAll(() => temp.remove());
const parse = yamlReader(temp);

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
