// Options that are declared once are read out of elements: values, defaults, sections, plug-ins, and what is said about the rest.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Attribute } from '../../src/config/element.ts';
import { type Options, p } from '../../src/config/options.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { readOptions } from '../../src/config/reader.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('reader');
afterAll(() => temp.remove());

const formatters: Readonly<Record<string, Options>> = {
  stdout: { output_type: p.string({ desc: 'What to print.', default: 'json' }) },
  csv: {
    fields: p.array({ desc: 'Names.', required: true }),
    delimiter: p.string({ desc: 'Between.', default: ',' }),
  },
};

async function read<const O extends Options>(body: string, options: O, strict = false) {
  const file = join(temp.path, 'main.conf');
  writeFileSync(file, `<match>\n${body}\n</match>\n`);
  const list = new ProblemList();
  const { root } = parseConfig(file, { env: {}, hostname: 'h', workerId: '' }, list.report);
  expect(list.problems).toEqual([]);
  const secrets: Attribute[] = [];
  const [element] = root.elements;
  if (element === undefined) {
    throw new Error('no section');
  }
  const values = await readOptions(element, options, {
    strict,
    report: list.report,
    resolve: async (kind, type) => {
      const found = kind === 'formatter' ? formatters[type] : undefined;
      return (
        found && {
          kind,
          options: found,
          check(values, section, report) {
            if (values['delimiter'] === '') {
              report({ code: 'CHECKED', severity: 'error', at: section.at, text: 'No delimiter.', hint: 'Add one.' });
            }
          },
        }
      );
    },
    known: () => Object.keys(formatters),
    idOf: (section, type) => section.attributes.get('@id')?.value?.toString() ?? `${type}@${section.at.line}`,
    secret: (attribute) => secrets.push(attribute),
  });
  const problems = list.problems.map(({ code, severity, at }) => `${severity} ${code} ${at.line}:${at.column}`);
  return {
    values,
    problems,
    hints: list.problems.map(({ hint }) => hint),
    texts: list.problems.map(({ text }) => text),
    secrets,
  };
}

const options = {
  limit: p.size({ desc: 'A limit.', default: '8m' }),
  wait: p.time({ desc: 'A time.' }),
  on: p.bool({ desc: 'A switch.', default: 'false' }),
  mode: p.enum({ desc: 'A mode.', values: ['lazy', 'immediate'], default: 'lazy', aliases: ['old_mode'] }),
};

test('values are converted, and defaults stand in for what is absent', async () => {
  expect(await read('wait 5s\non\nmode immediate', options)).toMatchObject({
    values: { limit: 8 * 1024 * 1024, wait: 5, on: true, mode: 'immediate' },
    problems: [],
  });
  expect((await read('', options)).values).toEqual({ limit: 8388608, wait: undefined, on: false, mode: 'lazy' });
});

test('an unknown option is a warning with the nearest name', async () => {
  const { problems, hints } = await read('limti 1\n@id x\n  zzz 1', options);
  expect(problems).toEqual(['warning CONFIG_UNKNOWN_OPTION 2:1', 'warning CONFIG_UNKNOWN_OPTION 4:3']);
  expect(hints[0]).toBe('Did you mean limit?');
});

test('a missing option that is required is an error where the section begins', async () => {
  const { problems } = await read('', { path: p.string({ desc: 'A path.', required: true }) });
  expect(problems).toEqual(['error CONFIG_OPTION_REQUIRED 1:1']);
});

describe('texts that mean nothing', () => {
  test('are read as Fluentd reads them, with a warning', async () => {
    expect(await read('limit abc', options)).toMatchObject({
      values: { limit: 0 },
      problems: ['warning CONFIG_VALUE_DOUBTFUL 2:7'],
    });
  });

  test('are errors with strict values', async () => {
    expect((await read('limit abc', options, true)).problems).toEqual(['error CONFIG_VALUE_INVALID 2:7']);
  });

  test('are errors where Fluentd finds no value in them', async () => {
    expect((await read('on maybe', options)).problems).toEqual(['error CONFIG_VALUE_INVALID 2:4']);
    expect(await read('on maybe', { on: p.bool({ desc: 'A switch.' }) })).toMatchObject({
      values: { on: undefined },
      problems: ['warning CONFIG_VALUE_DOUBTFUL 2:4'],
    });
    expect((await read('mode fast', options)).problems).toEqual(['error CONFIG_VALUE_INVALID 2:6']);
  });
});

test('use_nil and use_default', async () => {
  expect(await read('limit "#{use_default}"\nwait "#{use_nil}"', options)).toMatchObject({
    values: { limit: 8388608, wait: undefined },
    problems: [],
  });
  expect((await read('limit "#{use_nil}"', options)).problems).toEqual(['error CONFIG_OPTION_NIL 2:7']);
  const required = { path: p.string({ desc: 'A path.', required: true }) };
  expect((await read('path "#{use_default}"', required)).problems).toEqual(['error CONFIG_NO_DEFAULT 2:6']);
  expect((await read('path "#{use_nil}"', required)).problems).toEqual(['error CONFIG_OPTION_NIL 2:6']);
});

test('an older name is taken, the newer one wins', async () => {
  expect(await read('old_mode immediate', options)).toMatchObject({ values: { mode: 'immediate' }, problems: [] });
  expect((await read('old_mode immediate\nmode lazy', options)).values.mode).toBe('lazy');
});

test('what is out of date or without effect is named, the latter in one line', async () => {
  const { problems, texts } = await read('a 1\nb 2\nc 3', {
    a: p.integer({ desc: 'A.', deprecated: 'Use c.' }),
    b: p.integer({ desc: 'B.', ignored: 'the kernel does it.' }),
    c: p.integer({ desc: 'C.', ignored: 'never needed' }),
  });
  expect(problems).toEqual(['warning CONFIG_OPTION_DEPRECATED 2:1', 'warning CONFIG_OPTION_IGNORED 3:1']);
  expect(texts[1]).toBe('Taken without effect: b (the kernel does it), c (never needed).');
});

test('the spelling of the first years is out of date, unless the option is declared', async () => {
  expect((await read('type x\nid y', options)).problems).toEqual([
    'warning CONFIG_OPTION_DEPRECATED 2:1',
    'warning CONFIG_OPTION_DEPRECATED 3:1',
  ]);
  expect(await read('type x', { type: p.string({ desc: 'A type.' }) })).toMatchObject({
    values: { type: 'x' },
    problems: [],
  });
});

test('secrets are told of, and their texts are in no problem', async () => {
  const { secrets, texts, problems } = await read('key hunter2', { key: p.integer({ desc: 'A key.', secret: true }) });
  expect(secrets.map(({ value }) => value)).toEqual(['hunter2']);
  expect(problems).toEqual(['warning CONFIG_VALUE_DOUBTFUL 2:5']);
  expect(texts.join()).not.toContain('hunter2');
});

describe('sections', () => {
  const sections = {
    inject: p.section({ desc: 'One.', options: { tag_key: p.string({ desc: 'A key.', default: 'tag' }) } }),
    user: p.sections({ desc: 'Some.', options: { name: p.string({ desc: 'A name.', required: true }) } }),
  };

  test('once or several times', async () => {
    expect(await read('<user>\nname a\n</user>\n<inject>\n</inject>\n<user>\nname b\n</user>', sections)).toMatchObject(
      {
        values: { inject: { tag_key: 'tag' }, user: [{ name: 'a' }, { name: 'b' }] },
        problems: [],
      },
    );
    expect((await read('', sections)).values).toEqual({ inject: undefined, user: [] });
  });

  test('twice where once is meant, and unknown ones', async () => {
    expect((await read('<inject>\n</inject>\n<inject>\n</inject>', sections)).problems).toEqual([
      'error CONFIG_SECTION_REPEATED 4:1',
    ]);
    const { problems, hints } = await read('<usr>\n</usr>\n<user>\nnam a\n</user>', sections);
    expect(problems).toEqual([
      'error CONFIG_OPTION_REQUIRED 4:1',
      'warning CONFIG_UNKNOWN_OPTION 5:1',
      'warning CONFIG_UNKNOWN_SECTION 2:1',
    ]);
    expect(hints[2]).toBe('Did you mean user?');
  });

  test('an option written as a section: the hint has the value, in both forms', async () => {
    const options = { labels: p.hash({ desc: 'Labels.' }) };
    const { problems, hints } = await read('<labels>\na b\n</labels>', options);
    expect(problems).toEqual(['warning CONFIG_UNKNOWN_SECTION 2:1']);
    expect(hints[0]).toContain('!fluent/json');
  });

  test('an argument is one of the options, where the section has one', async () => {
    const transport = p.section({
      desc: 'How.',
      argument: 'protocol',
      options: {
        protocol: p.enum({ desc: 'What.', values: ['tcp', 'tls'], default: 'tcp' }),
        version: p.string({ desc: 'Which.' }),
      },
    });
    expect(await read('<transport tls>\nversion 1\n</transport>', { transport })).toMatchObject({
      values: { transport: { protocol: 'tls', version: '1' } },
      problems: [],
    });
    expect((await read('<transport>\n</transport>', { transport })).values.transport?.protocol).toBe('tcp');
    expect((await read('<transport quic>\n</transport>', { transport })).problems).toEqual([
      'error CONFIG_VALUE_INVALID 2:1',
    ]);
  });

  test('one that protects a connection is not passed over', async () => {
    expect((await read('<security>\n</security>', sections)).problems).toEqual(['error CONFIG_UNKNOWN_SECTION 2:1']);
    expect((await read('<transport tls>\n</transport>', {})).problems).toEqual(['error CONFIG_UNKNOWN_SECTION 2:1']);
  });
});

describe('plug-ins in sections', () => {
  const plugin = {
    format: p.plugin({ desc: 'A format.', kind: 'formatter', default: 'stdout' }),
    delimiter: p.string({ desc: 'The own one.', default: ';' }),
  };

  test('the default, a section, and the old inline form', async () => {
    expect((await read('', plugin)).values.format).toMatchObject({
      kind: 'formatter',
      type: 'stdout',
      options: { output_type: 'json' },
    });
    expect((await read('<format>\noutput_type hash\n</format>', plugin)).values.format).toMatchObject({
      type: 'stdout',
      options: { output_type: 'hash' },
    });
    expect(await read('<format>\n@type csv\nfields a,b\n</format>', plugin)).toMatchObject({
      values: { format: { type: 'csv', options: { fields: ['a', 'b'], delimiter: ',' } }, delimiter: ';' },
      problems: [],
    });
    expect(await read('format csv\nfields a,b\ndelimiter |', plugin)).toMatchObject({
      values: { format: { type: 'csv', options: { fields: ['a', 'b'], delimiter: '|' } }, delimiter: '|' },
      problems: [],
    });
  });

  test('a section beside the inline form wins, and the latter is unknown', async () => {
    const { values, problems } = await read('format csv\n<format>\n@type stdout\n</format>', plugin);
    expect(values.format.type).toBe('stdout');
    expect(problems).toEqual(['warning CONFIG_UNKNOWN_OPTION 2:1']);
  });

  test('an unknown type, unknown and missing options in it', async () => {
    expect(await read('<format>\n@type cvs\n</format>', plugin)).toMatchObject({
      problems: ['error CONFIG_UNKNOWN_TYPE 3:7'],
      hints: ['Did you mean csv?'],
    });
    expect((await read('  format stdot', plugin)).problems).toEqual(['error CONFIG_UNKNOWN_TYPE 2:10']);
    expect((await read('<format>\n@type csv\nfield a\n</format>', plugin)).problems).toEqual([
      'error CONFIG_OPTION_REQUIRED 2:1',
      'warning CONFIG_UNKNOWN_OPTION 4:1',
    ]);
  });
});

test('names of every object are names like others', async () => {
  expect((await read('__proto__ 1\nconstructor 2\n<toString>\n</toString>', options)).problems).toEqual([
    'warning CONFIG_UNKNOWN_OPTION 2:1',
    'warning CONFIG_UNKNOWN_OPTION 3:1',
    'warning CONFIG_UNKNOWN_SECTION 4:1',
  ]);
});

test('a default that cannot be read is a mistake of the program', async () => {
  await expect(read('', { a: p.integer({ desc: 'A.', default: 'x' }) })).rejects.toThrow(TypeError);
});

describe('sections that name plug-ins', () => {
  const stores = { store: p.plugins({ desc: 'Places.', kind: 'formatter', required: true }) };

  test('each has its plug-in, id, label, words and place', async () => {
    const { values, problems } = await read(
      '<store>\n@type csv\nfields a,b\n@id one\n</store>\n<store some words>\n@type stdout\n@label @A\n</store>',
      stores,
    );
    expect(problems).toEqual([]);
    expect(values.store).toMatchObject([
      { kind: 'formatter', type: 'csv', id: 'one', arg: '', label: undefined, options: { fields: ['a', 'b'] } },
      { type: 'stdout', id: 'stdout@7', arg: 'some words', label: '@A', element: { at: { line: 7 } } },
    ]);
  });

  test.each([
    ['none', '', ['error CONFIG_SECTION_REQUIRED 1:1']],
    ['one without @type', '<store>\n</store>', ['error CONFIG_TYPE_MISSING 2:1']],
    ['an unknown type', '<store>\n@type nosuch\n</store>', ['error CONFIG_UNKNOWN_TYPE 3:7']],
    ['an option that is missing', '<store>\n@type csv\n</store>', ['error CONFIG_OPTION_REQUIRED 2:1']],
    ['another section', '<store>\n@type stdout\n</store>\n<stor>\n</stor>', ['warning CONFIG_UNKNOWN_SECTION 5:1']],
  ])('%s', async (_, body, expected) => {
    expect((await read(body, stores)).problems).toEqual(expected);
  });

  test('a plug-in checks its options where each is right by itself', async () => {
    const body = (fields: string) => `<store>\n@type csv\n${fields}\ndelimiter ""\n</store>`;
    expect((await read(body('fields a'), stores)).problems).toEqual(['error CHECKED 2:1']);
    expect((await read(body('#'), stores)).problems).toEqual(['error CONFIG_OPTION_REQUIRED 2:1']);
  });
});
