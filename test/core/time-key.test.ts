import { expect, test } from 'vitest';
import { TimeKey } from '../../src/core/time-key.ts';
import { parseZone, utcZone, type Zone } from '../../src/core/zone.ts';

const zone = (name: string) => parseZone(name) as Zone;
const sec = (text: string) => Date.parse(text) / 1000;

test.for([
  ['in UTC', 86_400, utcZone, '2023-11-14T22:13:20Z', '2023-11-14T00:00:00Z'],
  ['east of it', 86_400, zone('+0900'), '2023-11-14T22:13:20Z', '2023-11-15T00:00:00+09:00'],
  ['before 1970', 86_400, utcZone, '1969-12-31T23:00:00Z', '1969-12-31T00:00:00Z'],
  [
    'on the day the clock goes forward',
    86_400,
    zone('America/New_York'),
    '2024-03-10T12:00:00-04:00',
    '2024-03-10T00:00:00-05:00',
  ],
  ['before it does', 86_400, zone('America/New_York'), '2024-03-10T01:00:00-05:00', '2024-03-10T00:00:00-05:00'],
  [
    'on the day it goes back',
    86_400,
    zone('America/New_York'),
    '2024-11-03T12:00:00-05:00',
    '2024-11-03T00:00:00-04:00',
  ],
  [
    'where midnight does not exist',
    86_400,
    zone('America/Sao_Paulo'),
    '2018-11-04T12:00:00-02:00',
    '2018-11-04T01:00:00-02:00',
  ],
  ['an hour, in a zone of half hours', 3600, zone('Asia/Kolkata'), '2023-11-14T22:13:20Z', '2023-11-15T03:00:00+05:30'],
  ['a minute', 60, utcZone, '2023-11-14T22:13:20Z', '2023-11-14T22:13:00Z'],
] as const)('%s', ([, size, inZone, moment, start]) => {
  const key = new TimeKey(size, inZone);
  const expected = sec(start);
  expect(key.startOf(sec(moment))).toBe(expected);
  // What was asked before changes nothing.
  for (const other of [sec(moment) + size, sec(moment) - size, 0]) {
    key.startOf(other);
    expect(key.startOf(sec(moment))).toBe(expected);
  }
});

test('a day has one start, whatever moment of it is asked for', () => {
  for (const day of ['2024-03-10', '2024-11-03', '2024-06-01']) {
    const midnight = sec(
      `${day}T00:00:00${day.startsWith('2024-11') || day.startsWith('2024-06') ? '-04:00' : '-05:00'}`,
    );
    const hours = day === '2024-03-10' ? 23 : day === '2024-11-03' ? 25 : 24;
    const key = new TimeKey(86_400, zone('America/New_York'));
    const starts = new Set<number>();
    for (let minute = 0; minute < hours * 60; minute += 7) {
      starts.add(key.startOf(midnight + minute * 60));
    }
    expect([...starts]).toEqual([midnight]);
  }
});
