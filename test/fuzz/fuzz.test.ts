// The short form of the fuzzing: a few hundred mutants a target, the same in each run. `npm run fuzz` goes on for as long as it is told.
import { expect, test } from 'vitest';
import { fuzz } from './loop.ts';
import { fuzzTargets } from './targets.ts';

// The patience of a machine that does much else beside: what stands still for good is still found.
test.each(fuzzTargets(20_000).map((target) => [target.name, target] as const))('%s', async (_name, target) => {
  const { finding, attempts, share, summary } = await fuzz(target, { seed: 1124, seconds: 40, attempts: 300 });
  expect(
    finding,
    finding === undefined ? '' : `${Buffer.from(finding.bytes).toString('hex')}\n${summary}`,
  ).toBeUndefined();
  expect(attempts).toBeGreaterThan(100);
  expect(share).toBeGreaterThanOrEqual(target.share);
});
