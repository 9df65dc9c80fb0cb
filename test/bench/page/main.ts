// `npm run bench:page`: measures the page and prints its table. `-- --runs 5` takes the medians of so many, `--write` puts them into RESULTS.md,
// `--short` looks at a tenth of it all, `--minutes 30` is the long run with a query on, `--readers` ten readers of which one stands still; test/bench/page/kernel.ts
// measures the worker's engine alone.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../support/project.ts';
import { longBars, longRun, readers } from './long.ts';
import { backlog, type Figures, intake, keeping, share, steady } from './measures.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    readers: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

/** What a figure is to be: `<` or `>` and the bar of the design. */
const bars: Readonly<Record<string, string>> = {
  'events/s into the page': '> 1000000',
  'page CPU s per 1 M events': '< 0.8',
  '500 k/s, query on: dropped': '< 1',
  'events kept': '> 9999999',
  'bytes of memory per kept event': '< 130',
  'search of 1 M, ms, median': '< 15',
  'search of 1 M, ms, worst': '< 40',
  'search of 10 M, ms, median': '< 250',
  '50 k/s, query on: frame p95, ms': '< 20',
  '50 k/s, query on: frames over 25 ms, %': '< 1',
  '50 k/s, query on: long tasks': '< 1',
  '50 k/s: line sent to in the page p99, ms': '< 20',
  '100/s: line sent to in the page p99, ms': '< 12',
  'backlog of 1 M searchable after, s': '< 1',
  'server CPU s per 1 M events and viewer': '< 0.1',
  ...longBars,
};

const part = values.short ? 0.1 : 1;
const query = 'level>=warn handled';
const suite: Readonly<Record<string, () => Promise<Figures>>> = {
  intake: () => intake(part),
  live: () => steady(500_000, 10 * part + 1, query),
  busy: () => steady(50_000, 20 * part + 1, query),
  plain: () => steady(50_000, 20 * part + 1, ''),
  quiet: () => steady(100, 20 * part + 1, ''),
  backlog: () => backlog(1_000_000 * part),
  keeping: () => keeping(10_000_000 * part),
};

async function main(): Promise<void> {
  if (values.minutes !== undefined) {
    print(await longRun(Number(values.minutes), console.log));
    return;
  }
  if (values.readers) {
    print(await readers(values.short ? 5 : 30));
    return;
  }
  const found = new Map<string, number[]>();
  const runs = Number(values.runs);
  const before = loadNow();
  for (let run = 0; run < runs; run++) {
    for (const [name, measure] of Object.entries(suite)) {
      if (name.includes(values.only)) {
        for (const [figure, value] of Object.entries(await measure())) {
          found.set(figure, [...(found.get(figure) ?? []), value]);
        }
        console.error(`${name}, run ${run + 1} of ${runs}`);
      }
    }
  }
  const table = tableOf(found);
  console.log(table);
  if (values.write) {
    writeFileSync(
      join(projectRoot, 'test', 'bench', 'page', 'RESULTS.md'),
      report(table, runs, [before, loadNow()], values.short),
    );
  }
}

/** Processes that ran or wanted to, over the last minute. */
function loadNow(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function tableOf(found: ReadonlyMap<string, readonly number[]>): string {
  const rows = [...found].map(([name, all]) => {
    const median = share(all, 0.5);
    const spread = all.length > 1 ? `${text(Math.min(...all))} to ${text(Math.max(...all))}` : '';
    return `| ${name} | ${text(median)} | ${spread} | ${verdict(name, median)} |`;
  });
  return ['| | median | spread | bar |', '|---|---|---|---|', ...rows].join('\n');
}

function verdict(name: string, value: number): string {
  const [sign = '', limit = ''] = bars[name]?.split(' ') ?? [];
  if (sign === '') {
    return '';
  }
  const isHeld = sign === '<' ? value < Number(limit) : value > Number(limit);
  return `${sign} ${text(Number(limit))} ${isHeld ? 'held' : 'missed'}`;
}

function text(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 1 ? 3 : Math.abs(value) < 100 ? 1 : 0 });
}

/** The exit code is 1 where a bar is missed. */
function print(figures: Figures): void {
  for (const [name, value] of Object.entries(figures)) {
    const held = verdict(name, value);
    console.log(`${name}: ${text(value)}${held === '' ? '' : ` (${held})`}`);
    process.exitCode = held.endsWith('missed') ? 1 : (process.exitCode ?? 0);
  }
}

function report(table: string, runs: number, loads: readonly string[], short: boolean): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: projectRoot }).trim();
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `# What the benchmark of the page measured

Written by \`npm run bench:page -- --runs ${runs}${short ? ' --short' : ''} --write\`; not edited by hand.

Machine: ${model}, ${cpus().length} cores, ${process.platform} ${process.arch}, Chromium and collector and sender on it together  
Node: ${process.version}  
Commit: ${commit}, ${new Date().toISOString().slice(0, 10)}  
Load average: ${loads[0]} before, ${loads[1]} at the end; of that the benchmark itself is two or three${short ? '  \nShort: a tenth of what the bars are about, to see that it runs' : ''}

Medians of ${runs} with their spread; each run has a fresh collector and a fresh browser, plain http, no shared memory. Lines have 100 bytes in
records of 220, of 12 containers, a thousand a chunk. Facets and histogram are on in all of it, a query where it says so. The bare page
only adds up the numbers in the heads of the blocks: it is the floor of this machine, at this load, with collector and sender on it, and where it is
below a bar, no page holds that bar here. What the page reaches of it is in a line of its own. Events into a page are the highest steady rate at
which nothing is dropped and no backlog grows.

${table}
`;
}

await main();
