// Mistakes in a configuration in YAML, each with its code and its place; and the places of what is right.
import { afterAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../../support/temp.ts';
import { yamlReader } from '../../support/yaml.ts';

const temp = tempFolder('yaml-mistakes');
afterAll(() => temp.remove());
const parse = yamlReader(temp);

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
