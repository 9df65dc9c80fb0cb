// Times as text: strftime as Ruby writes it, zones with their summer times and odd pasts, and the kept text of a second.
import { describe, expect, test } from 'vitest';
import { FloatTime, TimeFormat, UnixTime } from '../../src/core/time-format.ts';
import { localZone, parseZone, utcZone, type Zone } from '../../src/core/zone.ts';
import { inZone } from '../formatters/harness.ts';

const sec = 1700000000; // Tuesday, 2023-11-14 22:13:20 UTC

function zone(name: string): Zone {
  const found = parseZone(name);
  if (found === undefined) {
    throw new Error(`no zone ${name}`);
  }
  return found;
}

describe('strftime', () => {
  test.for([
    ['%Y %C %y %m %d %e %j', '2023 20 23 11 14 14 318'],
    ['%H %k %I %l %M %S %p %P', '22 22 10 10 13 20 PM pm'],
    ['%L %N %3N %6N %12N %1N', '123 123456789 123 123456 123456789000 1'],
    ['%z %:z %::z %:::z %Z', '+0000 +00:00 +00:00:00 +00 UTC'],
    ['%a %A %b %B %h %u %w', 'Tue Tuesday Nov November Nov 2 2'],
    ['%U %W %V %G %g %s', '46 46 46 2023 23 1700000000'],
    ['%F %T %D %R %r', '2023-11-14 22:13:20 11/14/23 22:13 10:13:20 PM'],
    ['%c|%x|%X|%v|%+', 'Tue Nov 14 22:13:20 2023|11/14/23|22:13:20|14-NOV-2023|Tue Nov 14 22:13:20 UTC 2023'],
    ['%-d %_m %05d %^a %#p %10A %-H', '14 11 00014 TUE pm    Tuesday 22'],
    ['100%% %n%t|', '100% \n\t|'],
    ['%iso8601 %Q % %', '%iso8601 %Q % %'],
    ['é %Y 日本 %N', 'é 2023 日本 123456789'],
    ['', ''],
  ] as const)('%s', ([format, text]) => {
    expect(new TimeFormat(format, utcZone).text(sec, 123456789)).toBe(text);
  });

  test.for([
    [1672531200, '2022-W52 00 01'], // 2023-01-01, a Sunday
    [1609459200, '2020-W53 00 00'], // 2021-01-01
    [1735603200, '2025-W01 52 53'], // 2024-12-31
  ] as const)('weeks at the turn of a year: %d', ([at, text]) => {
    expect(new TimeFormat('%G-W%V %W %U', utcZone).text(at, 0)).toBe(text.replace('52 53', '53 52'));
  });

  test.for([
    [-1, '1969-12-31 23:59:59'],
    [-2300000000, '1897-02-11 15:06:40'],
    [1709164800, '2024-02-29 00:00:00'],
    [951868800, '2000-03-01 00:00:00'],
    [253402300800, '10000-01-01 00:00:00'],
    [-62167219201, '-0001-12-31 23:59:59'],
    [9007199254740991, '285428751-11-12 07:36:31'],
  ] as const)('the calendar at %d', ([at, text]) => {
    expect(new TimeFormat('%Y-%m-%d %H:%M:%S', utcZone).text(at, 0)).toBe(text);
  });

  test('the calendar agrees with Date on every day of two centuries', () => {
    const format = new TimeFormat('%Y-%m-%dT%H:%M:%S.000Z', utcZone);
    for (let at = -3_000_000_000; at < 4_000_000_000; at += 86_399) {
      expect(format.text(at, 0)).toBe(new Date(at * 1000).toISOString());
    }
  });

  test('seconds beyond the safe integers are exact', () => {
    const format = new TimeFormat('%F %T %s', utcZone);
    format.render(Number(2n ** 63n - 1n), 0, 2n ** 63n - 1n);
    const text = Buffer.from(format.bytes.subarray(0, format.length)).toString();
    expect(text).toBe('292277026596-12-04 15:30:07 9223372036854775807');
  });
});

describe('a kept second', () => {
  test('only digits of the fraction change within it, and a copy can be patched', () => {
    const format = new TimeFormat('%S.%N|%L', utcZone);
    const text = () => Buffer.from(format.bytes.subarray(0, format.length)).toString();
    expect(format.render(sec, 5, undefined)).toBe(true);
    const copy = Buffer.from(format.bytes);
    expect(format.render(sec, 999_999_999, undefined)).toBe(false);
    format.patch(copy);
    format.patch(format.bytes);
    expect([text(), copy.toString('utf8', 0, format.length)]).toEqual(['20.999999999|999', '20.999999999|999']);
    expect(format.render(sec + 1, 999_999_999, undefined)).toBe(true);
    expect(text()).toBe('21.999999999|999');
  });

  test('nanoseconds beyond a second carry over', () => {
    expect(new TimeFormat('%s.%N', utcZone).text(sec, 4_294_967_295)).toBe('1700000004.294967295');
  });
});

describe('zones', () => {
  test.for([
    ['+09:00', '2023-11-15T07:13:20+09:00'],
    ['-0330', '2023-11-14T18:43:20-03:30'],
    ['+09', '2023-11-15T07:13:20+09:00'],
    ['Asia/Kolkata', '2023-11-15T03:43:20+05:30'],
    ['America/Argentina/Buenos_Aires', '2023-11-14T19:13:20-03:00'],
  ] as const)('%s', ([name, text]) => {
    expect(new TimeFormat(undefined, zone(name)).text(sec, 0)).toBe(text);
    expect(new TimeFormat('%Z', zone(name)).text(sec, 0)).toBe('');
  });

  test.for(['JST', 'UTC', 'Bad/Zone', '+9', '9', '', 'Asia/Tokyo/a/b', '+09:0', 'a+09:00'])('%s is none', (name) => {
    expect(parseZone(name)).toBeUndefined();
  });

  test('without a format UTC is written as Z', () => {
    expect(new TimeFormat(undefined, utcZone).text(sec, 0)).toBe('2023-11-14T22:13:20Z');
  });

  test.for([
    // New York: 2023-11-05 06:00 UTC; Lord Howe, half an hour: 2023-09-30 15:30 UTC; St. John's, a minute past midnight: 2006-10-29 02:31 UTC
    ['America/New_York', 1699164000, -14400, -18000],
    ['Australia/Lord_Howe', 1696087800, 37800, 39600],
    ['America/St_Johns', 1162089060, -9000, -12600],
  ] as const)(
    '%s changes at its second, as a named zone and as that of the process',
    async ([name, at, before, after]) => {
      const named = zone(name);
      const local = await inZone(name, () => {
        const made = localZone();
        return [made.offsetAt(at - 1), made.offsetAt(at), made.offsetAt(at - 1)];
      });
      expect([named.offsetAt(at - 1), named.offsetAt(at), named.offsetAt(at - 1)]).toEqual([before, after, before]);
      expect(local).toEqual([before, after, before]);
    },
  );

  test('offsets of old have seconds', async () => {
    expect(zone('Asia/Kolkata').offsetAt(-2300000000)).toBe(19270);
    expect(await inZone('Asia/Kolkata', () => localZone().offsetAt(-2300000000))).toBe(19270);
    expect(zone('Africa/Monrovia').offsetAt(63593070 - 1)).toBe(-2670);
    expect(zone('Africa/Monrovia').offsetAt(63593070)).toBe(0);
  });

  test('times that no Date holds have the offset of the last one that does', async () => {
    expect(await inZone('Asia/Tokyo', () => localZone().offsetAt(1e18))).toBe(32400);
    expect(zone('Asia/Tokyo').offsetAt(-1e18)).toBe(33539);
  });

  test('the local zone has its abbreviations', async () => {
    const names = await inZone('America/New_York', () => [localZone().nameAt(sec), localZone().nameAt(1688000000)]);
    expect(names).toEqual(['EST', 'EDT']);
    expect(await inZone('UTC', () => localZone().nameAt(sec))).toBe('UTC');
    expect(await inZone('../../etc/passwd', () => localZone().nameAt(sec))).toMatch(/UTC|GMT/);
  });
});

describe('numbers of seconds', () => {
  const text = (
    time: FloatTime | UnixTime,
    at: number,
    nsec: number,
    exact: bigint | undefined,
    eventTime: boolean,
  ) => {
    time.render(at, nsec, exact, eventTime);
    return Buffer.from(time.bytes.subarray(0, time.length)).toString();
  };

  test('a float has nine digits, or .0 for an integer time', () => {
    expect(text(new FloatTime(), sec, 1, undefined, true)).toBe('1700000000.000000001');
    expect(text(new FloatTime(), sec, 0, undefined, false)).toBe('1700000000.0');
  });

  test('whole seconds are exact', () => {
    expect(text(new UnixTime(), -5, 7, undefined, true)).toBe('-5');
    expect(text(new UnixTime(), 2 ** 64, 0, 2n ** 64n - 1n, false)).toBe('18446744073709551615');
  });
});
