// What the worker's engine costs by itself, without browser, socket and painting: processor time, which a busy machine changes least.
// `node test/bench/page/kernel.ts [MILLIONS] [RUNS]` prints it: taking events in, and each search of them.
import { parseArgs } from 'node:util';
import { Engine } from '../../../src/page/columns/engine.ts';
import { loadKernel } from '../../../src/page/columns/kernel.ts';
import { frameOfEntries } from '../../page/engine.ts';
import { entriesOf } from './load.ts';
import { queries, share } from './measures.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [millions = 2, runs = 5] = positionals.map(Number);

/** Ms of this process's own time. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const frames = Array.from({ length: 40 }, (_, n) => {
  const { tag, entries } = entriesOf(n);
  return frameOfEntries(entries, { tag });
});
const engine = new Engine(loadKernel(), { events: 20e6, bytes: 3e9 }, () => Date.now());
const parts: number[] = [];
for (let part = 0; part < millions; part++) {
  const begin = cpu();
  for (let n = 0; n < 1000; n++) {
    engine.frame(frames[n % frames.length] ?? new Uint8Array(0), 0);
    if (n % 20 === 0) {
      engine.update();
    }
  }
  parts.push(cpu() - begin);
}
console.log(`taking in 1 M: ${share(parts, 0.5).toFixed(0)} ms (${parts.map((one) => one.toFixed(0)).join(', ')})`);

let generation = 0;
const all: number[] = [];
for (const query of queries) {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = cpu();
    engine.filter(query, Date.now(), ++generation, Number.POSITIVE_INFINITY);
    while (engine.running) {
      engine.work(performance.now() + 8);
      engine.update();
    }
    engine.update();
    times.push((cpu() - begin) / millions);
  }
  all.push(share(times, 0.5));
  console.log(`${query}: ${share(times, 0.5).toFixed(1)} ms for 1 M, ${engine.search.shown} shown`);
}
console.log(`median of all: ${share(all, 0.5).toFixed(1)} ms for 1 M, worst ${Math.max(...all).toFixed(1)} ms`);
