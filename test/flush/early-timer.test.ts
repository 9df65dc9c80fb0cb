// The system's timers count from the beginning of a turn of the event loop, so they call early by as long as the turn took until they were set.
import { expect, test } from 'vitest';
import { batchOf, begin, emit, running, start, testOutputs } from './harness.ts';

test.each([
  ['flush_interval', '<buffer []>\nflush_mode interval\nflush_interval 2s\n</buffer>', begin],
  ['timekey', '<buffer time>\ntimekey 10\ntimekey_wait 2\n</buffer>', begin - 10],
])('a chunk is delivered though the timer for its %s called early', async (_, buffer, time) => {
  const tests = testOutputs();
  const { clock } = tests;
  const after = clock.after.bind(clock);
  let early = 0;
  clock.after = (ms, call) => {
    early += ms > 1 ? 1 : 0;
    return after(ms > 1 ? ms - 0.7 : ms, call);
  };
  const started = running(await start(`<match **>\n@type chunks\n${buffer}\n</match>`, tests));
  expect(await emit(started, tests, batchOf('t', [[time, { n: 1 }]]))).toBeUndefined();
  await clock.go(60_000);
  expect(early).toBeGreaterThan(0);
  expect(tests.writes.map(({ records, at }) => [records, at])).toEqual([[1, 2]]);
  await started.output.stop(AbortSignal.abort());
});
