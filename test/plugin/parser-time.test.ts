// Times out of text: every case of vectors/parsers.json that is about nothing else, and what is tried where no format is said.
import { readFileSync } from 'node:fs';
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { utcZone } from '../../src/core/zone.ts';
import { ReadView } from '../../src/msgpack/view.ts';
import { zoneOf } from '../../src/plugin/formatter-options.ts';
import { TimeReader, type TimeSettings, timeTypes } from '../../src/plugin/parser-time.ts';
import { inZone } from '../formatters/harness.ts';

interface TimeCase {
  readonly name: string;
  readonly config: string;
  readonly text: string;
  readonly TZ?: string;
  readonly out?: readonly { readonly time: { readonly sec: number; readonly nsec: number } | null }[];
  readonly refused?: unknown;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/parsers.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly TimeCase[];
};
const now = () => 1_700_000_000_000;
const about = cases.filter(
  ({ config, refused }) =>
    config.includes('expression /^(?<time>.*)$/\n') && /\ntime_(?:format|type)/.test(config) && refused === undefined,
);

function read(value: unknown, settings: Partial<TimeSettings>): { sec: number; nsec: number } | undefined {
  const reader = new TimeReader({ type: 'string', format: undefined, fallbacks: [], zone: utcZone, now, ...settings });
  const from = new ReadView();
  from.set(encode(value));
  return reader.read(from, from.start) ? { ...reader.moment } : undefined;
}

function settingsOf(config: string): Partial<TimeSettings> {
  const option = (name: string) => new RegExp(`\\n${name} (.*)\\n`).exec(config)?.[1];
  const list = option('time_format_fallbacks') ?? '';
  return {
    type: timeTypes.find((type) => type === option('time_type')) ?? 'string',
    format: option('time_format'),
    fallbacks: list.startsWith('[') ? JSON.parse(list) : list.split(/, */).filter((one) => one !== ''),
    zone: zoneOf({
      timezone: option('timezone'),
      utc: option('utc') === undefined ? undefined : option('utc') === 'true',
      localtime: option('localtime') === undefined ? undefined : option('localtime') === 'true',
    }),
  };
}

describe(`${about.length} cases of parsers.json`, () => {
  test.for(about.map((each) => [each.name, each] as const))('%s', async ([, { config, text, TZ, out }]) => {
    const found = await inZone(TZ ?? 'UTC', () => read(text, settingsOf(config)));
    expect(found).toEqual(out?.[0]?.time ?? undefined);
  });

  test('are all of them', () => {
    expect(about.length).toBe(66);
  });
});

const moment = { sec: 1_577_934_245, nsec: 0 };

test.for([
  '2020-01-02T03:04:05Z',
  '2020-01-02T12:04:05+09:00',
  '2020-01-02T12:04:05+0900',
  '2020-01-02T03:04:05',
  '2020-01-02 03:04:05',
  '2020-01-02 03:04:05 UTC',
  '2020-01-02 12:04:05 +0900',
  '2020/01/02 03:04:05',
  '20200102T030405Z',
  'Thu, 02 Jan 2020 03:04:05 GMT',
  'Thu, 02 Jan 2020 12:04:05 +0900',
  'Thu Jan  2 03:04:05 2020',
  'Thu Jan  2 03:04:05 UTC 2020',
])('without a format %s is read', (text) => {
  expect(read(text, {})).toEqual(moment);
});

test('without a format a fraction is read, and what is no time is not', () => {
  expect(read('2020-01-02T03:04:05.123456789Z', {})).toEqual({ ...moment, nsec: 123_456_789 });
  expect(read('yesterday', {})).toBeUndefined();
  expect(read('', {})).toBeUndefined();
  expect(read(`2020-01-02${' '.repeat(1000)}`, {})).toBeUndefined();
  expect(read(5, {})).toBeUndefined();
});

test('the same text again gives the same moment, and a bad one between them none', () => {
  const reader = new TimeReader({ type: 'string', format: '%Y', fallbacks: [], zone: utcZone, now });
  const from = new ReadView();
  const answers = ['2020', 'x', '2020', '2020', '1970'].map((text) => {
    from.set(encode(text));
    return reader.read(from, from.start) && reader.moment.sec;
  });
  expect(answers).toEqual([1_577_836_800, false, 1_577_836_800, 1_577_836_800, 0]);
});

test('the hour that a zone leaves out, and the one that it has twice, give one moment', () => {
  const format = '%Y-%m-%d %H:%M:%S';
  const zone = zoneOf({ timezone: 'Europe/Berlin' });
  expect(read('2024-03-31 02:30:00', { format, zone })?.sec).toBeTypeOf('number');
  expect([1_729_989_000, 1_729_992_600]).toContain(read('2024-10-27 02:30:00', { format, zone })?.sec);
});
test('a year that no Date holds is no time, in any zone', () => {
  for (const timezone of ['America/New_York', '+09:00', undefined]) {
    const zone = timezone === undefined ? utcZone : zoneOf({ timezone, localtime: undefined, utc: undefined });
    expect(read('2020020-07-02 03:04:05', { format: '%Y-%m-%d %H:%M:%S', zone })).toBeUndefined();
  }
});
