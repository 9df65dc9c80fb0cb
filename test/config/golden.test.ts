// What a person sees of each mistake in a configuration: the text of `forebay check`, one file in golden/ for each code. A code without a file
// here fails; after a change on purpose, `npx vitest run test/config/golden.test.ts -u` writes the files anew.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { tempFolder } from '../support/temp.ts';

interface GoldenCase {
  /** The main file, and others beside it. DIR is their folder. */
  readonly text: string | Buffer;
  readonly files?: Readonly<Record<string, string>>;
  /** Whether it is in the YAML form. */
  readonly yaml?: true;
  /** Plug-ins of the user's. */
  readonly plugins?: string;
  /** Whether the folder is also where the program's own plug-ins are looked for. */
  readonly ownPlugins?: true;
}

const source = '<source>\n  @type forward\n  bind 127.0.0.1\n</source>\n';
const all = '<match **>\n  @type stdout\n</match>\n';
const store = '  <store>\n    @type stdout\n  </store>\n';
const filter = (type: string, body: string) => `<filter **>\n  @type ${type}\n${body}\n</filter>\n${all}`;
const chain = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}.conf`, `@include ${i + 1}.conf\n`]));

const cases: Readonly<Record<string, GoldenCase>> = {
  CONFIG_END_TAG_INVALID: { text: '<match **>\n  @type null\n</mat ch>\n' },
  CONFIG_END_TAG_TRAILING: { text: '<match **>\n  @type null\n</match> junk\n' },
  CONFIG_END_TAG_UNMATCHED: { text: '<match **>\n  @type null\n</filter>\n' },
  CONFIG_ESCAPE_INVALID: { text: '<match **>\n  @type null\n  @id "a\\q"\n</match>\n' },
  CONFIG_EXPRESSION_MISPLACED: { text: '<match **>\n  @type null\n  x ["#{use_nil}"]\n</match>\n' },
  CONFIG_EXPRESSION_UNCLOSED: { text: '<match **>\n  @type null\n  @id "#{ENV[\'X\']"\n</match>\n' },
  CONFIG_EXPRESSION_UNKNOWN: { text: '<match **>\n  @type null\n  @id "#{`id`}"\n</match>\n' },
  CONFIG_FIELD_PATH: { text: filter('grep', "  <regexp>\n    key $.a['b']\n    pattern x\n  </regexp>") },
  CONFIG_FILE_BOM: { text: `\ufeff${all}` },
  CONFIG_FILE_LINK: {
    text: `<match **>\n  @type file\n  path DIR/$\{tag}\n  symlink_path DIR/current\n  <buffer tag>\n  </buffer>\n</match>\n`,
  },
  CONFIG_FILE_NOT_UTF8: { text: Buffer.from('# \xe9t\xe9\n', 'latin1') },
  CONFIG_FILE_TOO_LARGE: { text: '@include large.conf\n', files: { 'large.conf': '#'.repeat(5_000_000) } },
  CONFIG_FILE_TWICE: {
    text: '<match a>\n  @type file\n  path DIR/x\n</match>\n<match b>\n  @type file\n  path DIR/x\n</match>\n',
  },
  CONFIG_FILE_UNREADABLE: { text: '@include DIR/folder*\n', files: { 'folder/x': '' } },
  CONFIG_GREP_KEY_REPEATED: {
    text: filter(
      'grep',
      '  <regexp>\n    key a\n    pattern x\n  </regexp>\n  <regexp>\n    key a\n    pattern y\n  </regexp>',
    ),
  },
  CONFIG_GREP_MIXED: {
    text: filter(
      'grep',
      '  <and>\n    <regexp>\n      key a\n      pattern x\n    </regexp>\n    <exclude>\n      key b\n      pattern y\n    </exclude>\n  </and>',
    ),
  },
  CONFIG_ID_REPEATED: {
    text: '<match a>\n  @type null\n  @id x\n</match>\n<match b>\n  @type null\n  @id x\n</match>\n',
  },
  CONFIG_INCLUDE_BACKUP: { text: '@include *.conf\n', files: { 'x.old.conf': '' } },
  CONFIG_INCLUDE_EMPTY: { text: `${all}@include` },
  CONFIG_INCLUDE_LOOP: {
    text: '@include a.conf\n',
    files: { 'a.conf': '@include b.conf\n', 'b.conf': '@include a.conf\n' },
  },
  CONFIG_INCLUDE_NO_MATCH: { text: `@include conf.d/nope.conf\n${all}` },
  CONFIG_INCLUDE_REMOTE: { text: '<match **>\n  @include https://example.org/x.conf\n</match>\n' },
  CONFIG_INCLUDE_TOO_DEEP: { text: '@include 0.conf\n', files: chain },
  CONFIG_INCLUDE_TOO_MANY: { text: `@include {a,b}${'{a,b}'.repeat(19)}\n` },
  CONFIG_JSON_INCOMPLETE: { text: filter('record_transformer', '  <record>\n    a {"b":\n  </record>') },
  CONFIG_KEEP_KEYS: { text: filter('record_transformer', '  keep_keys a,b') },
  CONFIG_LABEL_LOOP: {
    text: '<label @A>\n  <match **>\n    @type relabel\n    @label @B\n  </match>\n</label>\n<label @B>\n  <match **>\n    @type relabel\n    @label @A\n  </match>\n</label>\n',
  },
  CONFIG_LABEL_MISSING: { text: `<match **>\n  @type relabel\n</match>\n<label @A>\n${all}</label>\n` },
  CONFIG_LABEL_NAMELESS: { text: `<label>\n${all}</label>\n` },
  CONFIG_LABEL_REPEATED: { text: `<label @A>\n${all}</label>\n<label @A>\n${all}</label>\n` },
  CONFIG_LABEL_RESERVED: { text: `<label @ROOT>\n${all}</label>\n` },
  CONFIG_LABEL_UNKNOWN: {
    text: `<match **>\n  @type relabel\n  @label @CLEAN\n</match>\n<label @CLEN>\n${all}</label>\n`,
  },
  CONFIG_LABEL_WITHOUT_MATCH: { text: `${source.replace('bind', '@label @A\n  bind')}<label @A>\n</label>\n` },
  CONFIG_NO_DEFAULT: { text: '<match **>\n  @type file\n  path "#{use_default}"\n</match>\n' },
  CONFIG_OPTION_DEPRECATED: { text: '<match **>\n  type stdout\n</match>\n' },
  CONFIG_OPTION_IGNORED: {
    text: '<match **>\n  @type file\n  path DIR/x\n  <buffer time>\n    flush_mode immediate\n    retry_forever true\n  </buffer>\n</match>\n',
  },
  CONFIG_OPTION_NIL: { text: '<match **>\n  @type file\n  path "#{use_nil}"\n</match>\n' },
  CONFIG_OPTION_REFUSED: {
    text: `${source.replace('bind', 'deny_keepalive true\n  send_keepalive_packet true\n  bind')}${all}`,
  },
  CONFIG_OPTION_REPEATED: { text: `${source.replace('bind', 'port 1\n  port 2\n  bind')}${all}` },
  CONFIG_OPTION_REQUIRED: { text: '<match **>\n  @type file\n</match>\n' },
  CONFIG_PLACEHOLDER_UNKNOWN: {
    text: filter('record_transformer', `  <record>\n    pod $\{record["kubernetes"]["pod"]}\n  </record>`),
  },
  CONFIG_PLUGIN_BROKEN: {
    text: '<match **>\n  @type torn\n</match>\n',
    ownPlugins: true,
    files: { 'outputs/torn.mjs': "import 'nowhere';" },
  },
  CONFIG_RECORD_JSON: { text: filter('record_transformer', '  <record>\n    a "{b"\n  </record>') },
  CONFIG_RESERVED_PREFIX: { text: '<match **>\n  @type null\n  @foo 1\n</match>\n' },
  CONFIG_RUBY: {
    text: filter('record_transformer', `  enable_ruby\n  <record>\n    a $\{record["a"].upcase}\n  </record>`),
  },
  CONFIG_SECTION_REPEATED: {
    text: '<match **>\n  @type stdout\n  <format>\n  </format>\n  <format>\n  </format>\n</match>\n',
  },
  CONFIG_SECTION_REQUIRED: { text: '<match **>\n  @type copy\n</match>\n' },
  CONFIG_SECTION_TOO_DEEP: { text: '<a>\n'.repeat(1_000) },
  CONFIG_SECTION_UNCLOSED: { text: '<match **>\n  @type null\n' },
  CONFIG_STORE_FIRST: { text: `<match **>\n  @type copy\n${store.replace('>', ' ignore_if_prev_success>')}</match>\n` },
  CONFIG_STORE_WEIGHTS: {
    text: `<match **>\n  @type roundrobin\n${store.replace('stdout', 'stdout\n    weight 0')}</match>\n`,
  },
  CONFIG_STORE_WORD: { text: `<match **>\n  @type copy\n${store.replace('>', ' ignore_errors>')}</match>\n` },
  CONFIG_STRING_UNCLOSED: { text: '<match **>\n  @type null\n  @id "a\n</match>\n' },
  CONFIG_TAG_TRAILING: { text: '<match **> junk\n  @type null\n</match>\n' },
  CONFIG_TAG_UNCLOSED: { text: '<match **\n  @type null\n</match>\n' },
  CONFIG_SECRET_EMPTY: {
    text: `<source>
  @type forward
  bind 127.0.0.1
  <security>
    self_hostname logs.example
    shared_key "#{ENV['NOT_SET']}"
    shared_keys ["new", ""]
    <user>
      username alice
      password ""
    </user>
    <client>
      network 10.0.0.0/8
      shared_key ""
    </client>
  </security>
</source>
${all}`,
  },
  CONFIG_TLS_FILES: {
    text: `<source>\n  @type forward\n  bind 127.0.0.1\n  <transport tls>\n    cert_path DIR/nope.pem\n    private_key_path DIR/nope.key\n  </transport>\n</source>\n${all}`,
  },
  CONFIG_TYPE_MISSING: { text: '<match **>\n</match>\n' },
  CONFIG_UNKNOWN_OPTION: { text: `${source.replace('bind', 'prot 24224\n  bind')}${all}` },
  CONFIG_UNKNOWN_SECTION: { text: '<match **>\n  @type stdout\n  <formt>\n  </formt>\n</match>\n' },
  CONFIG_UNKNOWN_TYPE: { text: '<match a>\n  @type stdot\n</match>\n<match b>\n  @type elasticsearch\n</match>\n' },
  CONFIG_VALUE_DOUBTFUL: { text: `${source.replace('bind', 'port 24224x\n  bind')}${all}` },
  CONFIG_VALUE_INVALID: {
    text: '<match **>\n  @type stdout\n  <format>\n    @type out_file\n    timezone Mars/Base\n  </format>\n</match>\n',
  },
  CONFIG_VALUE_TRAILING: { text: '<match **>\n  @type null\n  @id "a" b\n</match>\n' },
  CONFIG_WORKER_SECTION: { text: `<worker 3>\n${all}</worker>\n` },
  CONFIG_YAML_ALIAS: { yaml: true, text: 'config:\n  - match: *all\n' },
  CONFIG_YAML_FORM: { yaml: true, text: 'config:\n  source:\n    $type: forward\n' },
  CONFIG_YAML_SYNTAX: { yaml: true, text: 'config:\n  - source:\n      @type: forward\n' },
  CONFIG_YAML_TAG: { yaml: true, text: 'config:\n  - match:\n      $tag: !fluent/str a.b\n      $type: stdout\n' },
  CONFIG_YAML_TOO_MUCH: {
    yaml: true,
    text: `${Array.from(
      { length: 6 },
      (_, i) =>
        `x-${i}: &a${i} [${
          i === 0
            ? '1'
            : Array(10)
                .fill(`*a${i - 1}`)
                .join(', ')
        }]\n`,
    ).join('')}config:\n  - match:\n      hosts: *a5\n`,
  },
  LINT_FILTER_UNREACHABLE: {
    text: `${source}<match app.**>\n  @type null\n</match>\n<filter app.web>\n  @type stdout\n</filter>\n${all}`,
  },
  LINT_LABEL_UNUSED: { text: `${source}${all}<label @OLD>\n${all}</label>\n` },
  LINT_LISTENER_OPEN: { text: `<source>\n  @type forward\n</source>\n${all}` },
  LINT_MATCH_UNREACHABLE: { text: `${source}${all}<match docker.**>\n  @type null\n</match>\n` },
  PLUGIN_FOLDER_BROKEN: { text: all, plugins: 'plugins', files: { 'plugins/a.mjs': 'export default {};' } },
  PLUGIN_RUBY: { text: all, plugins: 'plugins', files: { 'plugins/filter_x.rb': '' } },
  TAG_PATTERN_EMPTY: { text: '<match "  ">\n  @type null\n</match>\n' },
  TAG_PATTERN_REGEXP_INVALID: { text: '<match /(/>\n  @type null\n</match>\n' },
  TAG_PATTERN_REGEXP_UNCLOSED: { text: '<match /a>\n  @type null\n</match>\n' },
  TAG_PATTERN_TOO_DEEP: { text: `<match ${'{'.repeat(101)}a${'}'.repeat(101)}>\n  @type null\n</match>\n` },
  TAG_PATTERN_UNCLOSED_BRACE: { text: '<match {a,b>\n  @type null\n</match>\n' },
};

/** Codes in the sources that no configuration meets: those of the running program, and of options that a plug-in finds wrong as it is made. */
const elsewhere = new Set([
  'CONFIG_INVALID',
  'CONFIG_INVALID_VALUE',
  'CONFIG_MISSING_OPTION',
  'TAG_PATTERN_DEADLINE',
  'TAG_PATTERN_INVALID',
]);

const temp = tempFolder('golden');
afterAll(() => temp.remove());

async function checked({ text, files = {}, yaml, plugins, ownPlugins }: GoldenCase): Promise<string> {
  const main = yaml === true ? 'my.yaml' : 'my.conf';
  rmSync(temp.path, { recursive: true });
  for (const [path, content] of Object.entries({ ...files, [main]: text })) {
    mkdirSync(join(temp.path, dirname(path)), { recursive: true });
    writeFileSync(join(temp.path, path), typeof content === 'string' ? content.replaceAll('DIR', temp.path) : content);
  }
  let output = '';
  await check({
    file: join(temp.path, main),
    json: false,
    hostname: 'host.example',
    env: {},
    ...(ownPlugins === true ? { registry: new Registry(pathToFileURL(`${temp.path}/`), '.mjs') } : {}),
    plugins: plugins === undefined ? [] : [join(temp.path, plugins)],
    write: (part) => {
      output += part;
    },
  });
  // Which plug-ins there are changes with each new one.
  return output.replaceAll(temp.path, 'DIR').replace(/Known are: [\w, ]+\./g, 'Known are: ….');
}

test.for(Object.entries(cases))('%s', async ([code, each]) => {
  const text = await checked(each);
  expect(text).toContain(`[${code}]`);
  await expect(text).toMatchFileSnapshot(`golden/${code}.txt`);
});

test('every code that a configuration can meet has a text here', () => {
  const sources = new URL('../../src/', import.meta.url);
  const found = new Set(
    readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('page'))
      .flatMap(
        (path) =>
          readFileSync(new URL(path, sources), 'utf8').match(/\b(?:CONFIG|LINT|TAG_PATTERN|PLUGIN)_[A-Z0-9_]+\b/g) ??
          [],
      ),
  );
  expect([...found].filter((code) => !elsewhere.has(code) && !Object.hasOwn(cases, code)).sort()).toEqual([]);
  const files = readdirSync(new URL('golden/', import.meta.url)).map((name) => name.replace('.txt', ''));
  expect(files.sort()).toEqual(Object.keys(cases).sort());
});
