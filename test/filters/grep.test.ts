// What grep does with whole batches, beside what Fluentd's vectors say of single events.
import { beforeEach, describe, expect, test } from 'vitest';
import { tagFromText } from '../../src/core/batch.ts';
import { packInteger } from '../../src/msgpack/pack.ts';
import type { Filter, FilterContext } from '../../src/plugin/filter.ts';
import { packString } from '../../src/plugin/inject-values.ts';
import { planText } from '../engine/harness.ts';
import { batchOf, entry, testContext } from '../formatters/harness.ts';
import { eventsOf } from '../forward/harness.ts';

// In one turn of the event loop, expressions have so much time and no more.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

async function make(body: string, context: FilterContext = testContext()): Promise<Filter> {
  const { plan, problems } = await planText(
    `<source>\n@type forward\n</source>\n<filter **>\n@type grep\n${body}\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'filter') {
    throw new Error(JSON.stringify(problems));
  }
  return rule.definition.create(context, rule.options);
}

/** `{"n": number, "log": text}` for each. */
function events(list: readonly (readonly [number, string])[]): Buffer[] {
  return list.map(([n, log]) => {
    const packed = Buffer.alloc(9);
    const number = packed.subarray(0, packInteger(packed, 0, n));
    const record = [
      Buffer.from([0x82]),
      packString(Buffer.from('n')),
      number,
      packString(Buffer.from('log')),
      packString(Buffer.from(log)),
    ];
    return entry({ kind: 'int', sec: n }, Buffer.concat(record));
  });
}

const tag = tagFromText('t');

test('a batch that loses nothing is passed on as the same object', async () => {
  const grep = await make('<regexp>\nkey log\npattern /./\n</regexp>');
  const batch = batchOf(
    tag,
    Buffer.concat(
      events([
        [1, 'a'],
        [2, 'b'],
      ]),
    ),
    2,
  );
  expect(grep.filter(batch)).toBe(batch);
});

test('one that loses events keeps its tag, origin and acks, and its number is that of the first event left', async () => {
  const grep = await make('<exclude>\nkey log\npattern no\n</exclude>');
  const acks = [Buffer.from('id')];
  const list = events([
    [1, 'no'],
    [2, 'a'],
    [3, 'no'],
    [4, 'no'],
    [5, 'b'],
    [6, 'no'],
  ]);
  const batch = { ...batchOf(tag, Buffer.concat(list), 6, acks), seq: 100 };
  const before = Buffer.from(batch.entries);
  const left = grep.filter(batch);
  expect(left).toEqual({
    ...batch,
    entries: Buffer.concat([list[1] as Buffer, list[4] as Buffer]),
    count: 2,
    seq: 101,
  });
  expect(left?.tag).toBe(tag);
  expect(Buffer.compare(batch.entries, before)).toBe(0);
});

test('what was given out before stays as it was', async () => {
  const grep = await make('<exclude>\nkey log\npattern no\n</exclude>');
  const first = grep.filter(
    batchOf(
      tag,
      Buffer.concat(
        events([
          [1, 'no'],
          [2, 'yes'],
        ]),
      ),
      2,
    ),
  );
  const before = Buffer.from(first?.entries ?? []);
  grep.filter(
    batchOf(
      tag,
      Buffer.concat(
        events([
          [3, 'no'],
          [4, 'other'],
        ]),
      ),
      2,
    ),
  );
  expect(Buffer.compare(first?.entries ?? Buffer.alloc(0), before)).toBe(0);
});

test('a batch of more events than are looked at together is filtered through, words and expressions alike', async () => {
  const list = Array.from(
    { length: 5_000 },
    (_, n) => [n, `line ${n} ${n % 7 === 0 ? 'GET' : 'PUT'} ${'x'.repeat(n % 50)}`] as const,
  );
  const batch = batchOf(tag, Buffer.concat(events(list)), list.length);
  const words = await make('<regexp>\nkey log\npattern /GET/\n</regexp>\n<exclude>\nkey n\npattern /7/\n</exclude>');
  const expression = await make(
    '<regexp>\nkey log\npattern /\\d+ +G.T x*$/\n</regexp>\n<exclude>\nkey n\npattern /\\d*7\\d*/\n</exclude>',
  );
  const expected = list.filter(([n]) => n % 7 === 0 && !String(n).includes('7')).map(([n]) => n);
  for (const grep of [words, expression]) {
    const left = grep.filter(batch);
    const numbers = eventsOf(left ?? batch).map(({ time }) => Number.parseInt(time.replace(/^c[cd]/, ''), 16));
    expect(numbers).toEqual(expected);
  }
});

test('an expression with look-around that has no end for one text keeps that event, and decides the others', async () => {
  const context = testContext();
  const grep = await make('<exclude>\nkey log\npattern /^(?=a)(a+)+$/\n</exclude>', context);
  const list = events([
    [1, 'aaa'],
    [2, `${'a'.repeat(40)}b`],
    [3, 'b'],
    [4, 'aa'],
  ]);
  const left = grep.filter(batchOf(tag, Buffer.concat(list), 4));
  expect(left?.entries).toEqual(Buffer.concat(list.slice(1, 3)));
  grep.filter(batchOf(tag, Buffer.concat(list), 4));
  expect(context.logged).toMatchObject([{ level: 40, code: 'FILTER_GREP_DEADLINE', tag: 't' }]);
  const labels = { id: 'test', code: 'FILTER_GREP_DEADLINE' };
  expect(context.counters.get('forebay_filter_errors_total', labels).value).toBe(2);
});

describe('what is wrong with conditions is said with its place', () => {
  test.each([
    [
      'a key twice',
      '<regexp>\nkey a\npattern x\n</regexp>\n<regexp>\npattern y\nkey a\n</regexp>',
      'CONFIG_GREP_KEY_REPEATED 9:5',
    ],
    [
      'a key twice, once numbered',
      'exclude1 a x\n<exclude>\nkey a\npattern x\n</exclude>',
      'CONFIG_GREP_KEY_REPEATED 5:5',
    ],
    [
      'a key twice, once in <and>',
      '<regexp>\nkey a\npattern x\n</regexp>\n<and>\n<regexp>\nkey a\npattern x\n</regexp>\n</and>',
      'CONFIG_GREP_KEY_REPEATED 9:5',
    ],
    [
      'two kinds in <or>',
      '<or>\n<regexp>\nkey a\npattern x\n</regexp>\n<exclude>\nkey b\npattern x\n</exclude>\n</or>',
      'CONFIG_GREP_MIXED 3:1',
    ],
    ['a key that is no way', '<regexp>\nkey $.a[\npattern x\n</regexp>', 'CONFIG_FIELD_PATH 4:5'],
    ['a numbered one without a pattern', 'regexp3 a', 'CONFIG_VALUE_INVALID 3:9'],
    ['a numbered one with a broken pattern', 'regexp20 a (', 'CONFIG_VALUE_INVALID 3:10'],
    ['no key', '<regexp>\npattern x\n</regexp>', 'CONFIG_OPTION_REQUIRED 3:1'],
  ])('%s', async (_, body, expected) => {
    const { plan, problems } = await planText(`<filter **>\n@type grep\n${body}\n</filter>\n`);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code, at }) => `${code} ${at.line}:${at.column}`)).toEqual([expected]);
    expect(plan).toBeUndefined();
  });

  test('the same key may stand in conditions of different kinds', async () => {
    const grep = await make(
      '<regexp>\nkey log\npattern a\n</regexp>\n<exclude>\nkey log\npattern b\n</exclude>\n<or>\n<regexp>\nkey log\npattern c\n</regexp>\n<regexp>\nkey n\npattern 1\n</regexp>\n</or>',
    );
    const list = events([
      [1, 'a'],
      [2, 'a'],
      [3, 'ac'],
      [1, 'ab'],
      [1, 'c'],
    ]);
    expect(grep.filter(batchOf(tag, Buffer.concat(list), 5))?.entries).toEqual(
      Buffer.concat([list[0] as Buffer, list[2] as Buffer]),
    );
  });
});
