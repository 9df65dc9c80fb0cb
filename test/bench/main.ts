// `npm run bench`: sends each workload to the collector, to the floor and to any peers, and prints what each cost, beside the bars. What it
// takes is in `usage`. Exits with 1 where something failed or events were lost, with 3 where all went well but a bar was missed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/project.ts';
import { measureAuth } from './auth.ts';
import { grepCosts, highestPeak, limits, tlsRatios, verdicts } from './bars.ts';
import { measureIdle } from './idle.ts';
import { floorKeepsPace, latencyEvents, measureLatency } from './latency.ts';
import { measurePauses, medianPauses, type Pauses } from './pause.ts';
import { head, provenance } from './provenance.ts';
import { type Measured, report } from './report.ts';
import { type Entrant, entrantsOf, floorsOf, nameOf, rowsOf, runRow, summarize } from './rows.ts';
import { exitOnSignals } from './running.ts';
import { floor, forebay, peer, type Subject } from './subjects.ts';
import { buildTools, type Tools } from './tools.ts';
import { buildWorkload } from './workloads.ts';

const usage = `npm run bench -- [options]
  --all            every workload to every output, not only the rows that have a bar
  --only REGEX     only rows whose name matches, such as 'message to file', of all of them
  --count N        events of a row (1000000; workloads of large events take a share of it)
  --runs N         runs of a row (3)
  --peer NAME=CMD  another program beside ours; {port}, {out} and {target} in the command; may be repeated
  --idle           idle CPU and memory, start, short connections; alone, or with the three below
  --pause          pauses and memory with five times --count events at full speed
  --auth           throughput with authentication and without, as pairs of runs
  --latency        latency from socket to file
  --json           prints one JSON document
  --write          writes test/bench/RESULTS.md, which a whole run does anyway`;

exitOnSignals();
const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    help: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    count: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    peer: { type: 'string', multiple: true, default: [] },
    idle: { type: 'boolean', default: false },
    pause: { type: 'boolean', default: false },
    auth: { type: 'boolean', default: false },
    latency: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const count = positive('--count', values.count);
const runs = positive('--runs', values.runs);
const rows = rowsOf(values.all || values.only !== '').filter((row) => new RegExp(values.only).test(nameOf(row)));
const named = values.idle || values.pause || values.auth || values.latency;
const whole = !named && values.only === '';
/** What could not be measured or was counted wrong. */
const failures: string[] = [];
const measured: Measured = { results: [], latencies: [], pauses: [], auth: [], idle: undefined, leftOut: [] };
const say = (text: string) => {
  if (!values.json) console.log(text);
};
const failed = (text: string) => {
  failures.push(text);
  say(`FAILED ${text}`);
};

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0 && number <= 1e9) return number;
  throw new Error(`${name} takes a whole number from 1 to 1000000000, not ${text}`);
}

async function load(tools: Tools): Promise<void> {
  const plain = (subject: Subject): Entrant => ({ subject, variant: 'plain' });
  const peers = values.peer.map(peer).map(plain);
  for (const row of rows) {
    const ours = entrantsOf(row, forebay(), tools, (text) => measured.leftOut.push(text));
    for (const each of await runRow(row, [...ours, ...floorsOf(row, floor(tools)), ...peers], {
      count,
      runs,
      tools,
      failed,
    })) {
      const summary = summarize(each);
      if (summary === undefined) continue;
      measured.results.push(summary);
      const { subject, cpu, rate } = summary;
      say(`${nameOf(summary)}, ${subject}: ${cpu.toFixed(3)} CPU s per 1 M, ${Math.round(rate)} events/s`);
    }
  }
}

async function latency(tools: Tools): Promise<void> {
  for (const row of rows.filter(({ target }) => target === 'file')) {
    const workload = buildWorkload(row.workload, latencyEvents);
    for (const subject of floorKeepsPace(workload) ? [forebay(), floor(tools)] : [forebay()]) {
      const result = await measureLatency(subject, workload, tools, 4);
      measured.latencies.push(result);
      const { p50, p99 } = result;
      say(`latency of ${row.workload}, ${subject.name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
    }
  }
}

async function pause(tools: Tools): Promise<void> {
  for (const name of ['message', 'packed']) {
    const workload = buildWorkload(name, 5 * count);
    const each: Pauses[] = [];
    for (let run = 0; run < runs; run++) {
      each.push(await measurePauses(forebay(), workload, tools));
      say(`pauses of ${name}: ${each[run]?.most.toFixed(1)} ms at most, ${each[run]?.peakMegabytes.toFixed(0)} MB`);
    }
    measured.pauses.push(medianPauses(each));
  }
}

async function auth(tools: Tools): Promise<void> {
  for (const name of ['message', 'packed']) {
    const cost = await measureAuth(forebay(), buildWorkload(name, count), tools, 20 * runs);
    measured.auth.push(cost);
    say(`authentication, ${name} to null: ${cost.percent.toFixed(1)} % of the throughput`);
  }
}

async function part(run: (tools: Tools) => Promise<void>, tools: Tools): Promise<void> {
  try {
    await run(tools);
  } catch (error) {
    failed((error as Error).message);
  }
}

/** Bars that are not met; those of CPU time and memory are held where enough events were sent to tell. */
function missed(): string[] {
  const { results, pauses, auth: auths, idle } = measured;
  const missing = (idle?.problems ?? []).map((problem) => `idle: ${problem}`);
  if (count < 1_000_000) return missing;
  for (const { row, cpu, moved, met } of verdicts(results)) {
    if (!met) missing.push(`${row.title}: ${cpu.toFixed(3)} CPU s per 1 M events, the bar is ${moved.toFixed(3)}`);
  }
  for (const { name, cost } of grepCosts(results)) {
    if (cost >= limits.grepSeconds) missing.push(`grep, ${name}: ${cost.toFixed(3)} CPU s per 1 M events more`);
  }
  for (const { name, ratio } of tlsRatios(results)) {
    if (ratio > limits.tlsRatio) missing.push(`TLS, ${name}: ${ratio.toFixed(2)} times the floor`);
  }
  for (const { workload, percent } of auths) {
    if (percent >= limits.authPercent)
      missing.push(`authentication, ${workload}: ${percent.toFixed(1)} % of throughput`);
  }
  for (const each of pauses) {
    if (each.most > limits.pauseMilliseconds) missing.push(`${each.workload}: a pause of ${each.most.toFixed(0)} ms`);
  }
  const peak = highestPeak(results, pauses);
  if (peak !== undefined && peak.megabytes >= limits.peakMegabytes) {
    missing.push(`${peak.name}: ${peak.megabytes.toFixed(0)} MB at most`);
  }
  return missing;
}

const from = provenance('bench', args);
const tools = buildTools();
try {
  if (!named) await part(load, tools);
  if (whole || values.latency) await part(latency, tools);
  if (whole || values.pause) await part(pause, tools);
  if (whole || values.auth) await part(auth, tools);
} finally {
  tools.folder.remove();
}
if (whole || values.idle) {
  await part(async () => {
    measured.idle = await measureIdle({ starts: 10, connections: 20_000, restSeconds: 2, idleSeconds: 10 });
  }, tools);
}
const short = missed();
const text = `${head(from)}\n\n${report(measured)}`;
if (values.json) console.log(JSON.stringify({ ...from, ...measured, failures, missed: short }, null, 2));
else console.log(`\n${text}`);
if (((whole && count >= 1_000_000) || values.write) && failures.length === 0) {
  const heading = '# What the benchmark measured\n\nWritten by `npm run bench`; not edited by hand.';
  writeFileSync(join(projectRoot, 'test', 'bench', 'RESULTS.md'), `${heading}\n\n${text}\n`);
}
for (const failure of failures) console.error(`FAILED ${failure.split('\n')[0]}`);
for (const each of short) console.error(`MISSED ${each}`);
process.exitCode = failures.length > 0 ? 1 : short.length > 0 ? 3 : 0;
