// Every case of vectors/parsers.json whose parser is there, through the configuration's own reader.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Counters } from '../../src/core/counters.ts';
import { createParser, ParsedRecords } from '../../src/plugin/parser.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { planText } from '../engine/harness.ts';
import { inZone, testContext } from '../formatters/harness.ts';
import { differencesOf } from '../support/differences.ts';

interface VectorRecord {
  readonly time: { readonly sec: number; readonly nsec: number } | null;
  readonly record?: null;
  readonly record_msgpack_hex?: string;
}

interface ParserCase {
  readonly name: string;
  readonly config: string;
  readonly text?: string;
  readonly text_hex?: string;
  readonly TZ?: string;
  readonly out?: readonly VectorRecord[];
  readonly raised?: { readonly message: string };
  readonly refused?: unknown;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/parsers.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly ParserCase[];
};
const known = new Registry().known('parser');
const typeOf = ({ config }: ParserCase) => /@type (\S+)/.exec(config)?.[1] ?? '';
// One case is of a parser that nobody has.
const running = cases.filter((each) => known.includes(typeOf(each)) || each.refused !== undefined);
const differences = differencesOf('parsers.json');
const met = new Set<string>();
const now = 1_700_000_000_000;

async function run(each: ParserCase): Promise<unknown> {
  const { plan } = await planText(
    `<filter **>\n@type parser\nkey_name log\n${each.config}\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule === undefined) {
    return { refused: true };
  }
  const context = { ...testContext(), counters: new Counters(), clock: { now: () => now } };
  const parser = createParser(context, rule.options['parse'] as Parameters<typeof createParser>[1]);
  const text = each.text_hex === undefined ? Buffer.from(each.text ?? '') : Buffer.from(each.text_hex, 'hex');
  const parsed = new ParsedRecords();
  // Behind other bytes, as in a batch.
  const bytes = Buffer.concat([Buffer.from('{"x":'), text, Buffer.from('}')]);
  parser.parse(bytes, 5, 5 + text.length, parsed);
  return parsed.list.map(({ start, end, timed, sec, nsec, fault }) => ({
    time: timed ? { sec, nsec } : null,
    record: fault ?? Buffer.from(parsed.bytes.bytes.subarray(start, end)).toString('hex'),
  }));
}

function expected(each: ParserCase): unknown {
  const difference = differences.get(each.name);
  if (difference !== undefined) {
    met.add(each.name);
    return difference.ours;
  }
  if (each.refused !== undefined) {
    return { refused: true };
  }
  const records = (each.out ?? []).map(({ time, record, record_msgpack_hex }) => ({
    time,
    record: record === null ? 'PARSE_UNMATCHED' : record_msgpack_hex,
  }));
  return each.raised === undefined ? records : [...records, { time: null, record: faultOf(each.raised.message) }];
}

function faultOf(message: string): string {
  if (/^invalid byte sequence/i.test(message)) {
    return 'PARSE_ENCODING';
  }
  return /quote/i.test(message) ? 'PARSE_MALFORMED' : 'PARSE_TIME';
}

describe(`${running.length} of ${cases.length} cases`, () => {
  test.for(running.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
    expect(await inZone(each.TZ ?? 'UTC', () => run(each))).toEqual(expected(each));
  });
});

test('all cases run', () => {
  expect(running).toHaveLength(cases.length);
});

afterAll(() => {
  expect([...differences.keys()].filter((name) => !met.has(name))).toEqual([]);
});
