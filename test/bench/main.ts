// `npm run bench -- [--only REGEX] [--count N] [--runs N] [--peer NAME=COMMAND]… [--idle] [--json] [--write]`: sends each workload to the
// collector, to the floor and to any peers, and prints what each cost. Exits with 1 where one failed, lost events or missed its limit.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/project.ts';
import { type IdleResult, measureIdle } from './idle.ts';
import { measure, type Result } from './measure.ts';
import { head, idleTable, loadTable, provenance } from './report.ts';
import { floor, forebay, peer, type Subject, type Target, targets } from './subjects.ts';
import { buildTools, type Tools } from './tools.ts';
import { buildWorkload, workloadNames } from './workloads.ts';

/** CPU seconds per million events that the collector may use on two shared cores; held where a million or more are sent. */
const limits: Readonly<Record<string, number>> = { 'message null': 0.18, 'message stdout': 0.6, 'message file': 0.6 };
const notes = `Figures of one run, the median of several. \`CPU s\` is user and system time of the program alone, by the scheduler's count,
without its start. \`events/s\` counts from the first byte sent to the last event out, on one connection over loopback; output goes to a
file in memory. Every event is counted in the output (to null: by the program's own counter, where it has one); what the collector prints is also compared with what it should print. \`floor\` is
a C program that reads the same bytes and writes as many, and understands nothing. All events have 270 bytes in Message mode; \`packed\`,
\`forward\` and \`fluent-bit\` carry 1,000 a chunk.`;

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    only: { type: 'string', default: '' },
    count: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    peer: { type: 'string', multiple: true, default: [] },
    idle: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const count = positive('--count', values.count);
const runs = positive('--runs', values.runs);
const only = new RegExp(values.only);
/** What could not be measured or was counted wrong, and what was measured and is over its limit. */
const failures: string[] = [];
const missed: string[] = [];
const say = (text: string) => {
  if (!values.json) console.log(text);
};

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0 && number <= 1e9) return number;
  throw new Error(`${name} takes a whole number from 1 to 1000000000, not ${text}`);
}

/** The run with the median CPU time, or undefined where one failed. */
async function best(subject: Subject, name: string, target: Target, tools: Tools): Promise<Result | undefined> {
  const workload = buildWorkload(name, count);
  const results: Result[] = [];
  for (let run = 0; run < runs; run++) {
    try {
      results.push(await measure(subject, workload, target, tools));
    } catch (error) {
      failures.push((error as Error).message);
      say(`FAILED ${(error as Error).message}`);
      return undefined;
    }
  }
  return results.sort((a, b) => a.cpu - b.cpu)[Math.floor(runs / 2)];
}

async function load(): Promise<Result[]> {
  const tools = buildTools();
  const results: Result[] = [];
  try {
    const subjects = [forebay(tools), floor(tools), ...values.peer.map(peer)];
    for (const name of workloadNames) {
      for (const target of targets) {
        if (!only.test(`${name} ${target}`)) continue;
        for (const subject of subjects) {
          const result = await best(subject, name, target, tools);
          if (result === undefined) continue;
          results.push(result);
          say(
            `${name} to ${target}, ${subject.name}: ${result.cpu.toFixed(3)} CPU s per 1 M, ${Math.round(result.rate)} events/s`,
          );
          const limit = limits[`${name} ${target}`];
          if (subject.name === 'forebay' && limit !== undefined && count >= 1_000_000 && result.cpu > limit) {
            missed.push(`${name} to ${target}: ${result.cpu.toFixed(3)} CPU s per 1 M events, the limit is ${limit}`);
          }
        }
      }
    }
  } finally {
    tools.folder.remove();
  }
  return results;
}

const results = values.idle && values.only === '' ? [] : await load();
let idle: IdleResult | undefined;
if (values.idle || values.only === '') {
  idle = await measureIdle({ starts: 10, connections: 20_000, restSeconds: 2 });
  missed.push(...idle.problems.map((problem) => `idle: ${problem}`));
}
const from = provenance(args);
const tables = [results.length > 0 ? loadTable(results) : '', idle === undefined ? '' : idleTable(idle)].filter(
  Boolean,
);
if (missed.length > 0) tables.push(`Over the limit:\n${missed.map((each) => `- ${each}`).join('\n')}`);
if (values.json) console.log(JSON.stringify({ ...from, results, idle, failures, missed }, null, 2));
else console.log(`\n${head(from)}\n\n${tables.join('\n\n')}`);
const whole = !values.idle && values.only === '' && count >= 1_000_000;
if ((whole || values.write) && failures.length === 0) {
  const text = `# What the benchmark measured\n\nWritten by \`npm run bench\`; not edited by hand.\n\n${head(from)}\n\n${notes}\n\n${tables.join('\n\n')}\n`;
  writeFileSync(join(projectRoot, 'test', 'bench', 'RESULTS.md'), text);
}
for (const failure of [...failures, ...missed]) console.error(`FAILED ${failure.split('\n')[0]}`);
process.exitCode = failures.length + missed.length > 0 ? 1 : 0;
