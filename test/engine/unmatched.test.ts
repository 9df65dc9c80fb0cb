import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { tagFromText } from '../../src/core/batch.ts';
import { Counters } from '../../src/core/counters.ts';
import { ownOrigin } from '../../src/engine/own-log.ts';
import { Unmatched } from '../../src/engine/unmatched.ts';
import { batchOf } from '../formatters/harness.ts';

const batch = (tag: string, count = 1): Batch => batchOf(tagFromText(tag), Buffer.alloc(0), count);

function unmatched(counters = new Counters()) {
  const logged: { readonly code: string; readonly tag: string; readonly label?: string }[] = [];
  const log = pino({ base: null }, { write: (line: string) => logged.push(JSON.parse(line)) });
  return { counters, logged, unmatched: new Unmatched(counters, log) };
}

test('each tag is counted in its label, and said once', () => {
  const { counters, logged, unmatched: nobodys } = unmatched();
  nobodys.take(batch('a', 2), '@ROOT');
  nobodys.take(batch('a', 3), '@ROOT');
  nobodys.take(batch('a', 1), '@X');
  expect(nobodys.list).toEqual([
    { tag: 'a', label: '@ROOT', events: 5 },
    { tag: 'a', label: '@X', events: 1 },
  ]);
  expect(logged.map(({ code, tag, label }) => [code, tag, label])).toEqual([
    ['EVENTS_UNMATCHED', 'a', undefined],
    ['EVENTS_UNMATCHED', 'a', '@X'],
  ]);
  expect(counters.get('forebay_unmatched_events_total').value).toBe(6);
  expect(counters.get('forebay_unmatched_tag_events_total', { tag: 'a' }).value).toBe(5);
});

test('of a flood of tags the first are counted each, the others together, and the log stays short', () => {
  const { counters, logged, unmatched: nobodys } = unmatched();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5_000; i++) {
      nobodys.take(batch(`t${i}`), '@ROOT');
    }
  }
  nobodys.take(batch('x'.repeat(100_000)), '@ROOT');
  expect(nobodys.list).toHaveLength(101);
  expect(nobodys.list[0]).toEqual({ tag: '', label: '', events: 9_801 });
  expect(logged).toHaveLength(101);
  expect(counters.get('forebay_unmatched_events_total').value).toBe(10_001);
  expect(counters.list().length).toBeLessThan(110);
});

test('the own log is not said: it would speak of itself', () => {
  const { counters, logged, unmatched: nobodys } = unmatched();
  nobodys.take({ ...batch('fluent.info'), origin: ownOrigin }, '@FLUENT_LOG');
  expect([logged, nobodys.list]).toEqual([[], []]);
  expect(counters.get('forebay_unmatched_events_total').value).toBe(1);
});
