// `npm run fuzz -- [--minutes N] [--seed N] [--only REGEX]`: tries mutants on every target, the time shared out among them, and prints what
// became of them. Exits with 1 where something was found; the bytes lie in test/.tmp/fuzz then.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/project.ts';
import { type Fuzzing, fuzz } from './loop.ts';
import { fuzzTargets } from './targets.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    only: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const only = new RegExp(values.only);
const targets = fuzzTargets(1_000).filter(({ name }) => only.test(name));
const seconds = (Number(values.minutes) * 60) / targets.length;
console.log(`seed ${seed}, ${targets.length} targets, ${seconds.toFixed(0)} s each`);
let failed = targets.length === 0;
for (const target of targets) {
  const result = await fuzz(target, { seed, seconds, attempts: Number.POSITIVE_INFINITY });
  console.log(describe(target.name, result));
  if (result.finding !== undefined) {
    const folder = join(projectRoot, 'test', '.tmp', 'fuzz');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${target.name}-${seed}.bin`);
    writeFileSync(file, result.finding.bytes);
    console.log(`${result.finding.message}\n  the bytes: ${file}`);
  }
  failed ||= result.finding !== undefined || result.share < target.share;
}
process.exitCode = failed ? 1 : 0;

function describe(name: string, { attempts, outcomes, share, summary, seconds: took }: Fuzzing): string {
  const counted = [...outcomes].sort(([, a], [, b]) => b - a).map(([what, count]) => `${what} ${count}`);
  return `${name}: ${attempts} mutants in ${took.toFixed(0)} s, ${(share * 100).toFixed(0)} % past the first look (${counted.join(', ')})\n  ${summary}`;
}
