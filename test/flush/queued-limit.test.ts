// How many chunks may be queued for their age while the output is busy.
import { expect, test } from 'vitest';
import { batchOf, begin, running, start, testOutputs } from './harness.ts';

test.each([
  ['', 1, 1],
  ['flush_thread_count 2', 1, 0],
  ['queued_chunks_limit_size 2', 2, 0],
])('of three chunks that are due at once as many are queued as may be (%s)', async (option, queued, staged) => {
  const tests = testOutputs();
  const config = `<match **>\n@type primary\nwrite_takes 10\n<buffer tag>\nflush_interval 1\n${option}\n</buffer>\n</match>`;
  const run = running(await start(config, tests));
  for (const tag of ['a', 'b', 'c']) {
    await run.output.emit(batchOf(tag, [[begin, { n: 1 }]]));
  }
  await tests.clock.go(2000);
  expect(run.output.state.flusher.queued).toHaveLength(queued);
  expect(run.output.state.staged).toHaveLength(staged);
  await tests.clock.go(60_000);
  expect(tests.writes).toHaveLength(3);
  await run.output.stop(AbortSignal.abort());
});
