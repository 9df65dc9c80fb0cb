// Loaded into the program (`node --import`): how long its event loop was held, in ms of the clock and of this thread's CPU time, since the file
// that LOOP_WATCH names was last removed. Written there twice in a second.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const file = process.env['LOOP_WATCH'] ?? '';
const interval = 2;
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
let cpu = 0;
let last = process.threadCpuUsage();
let told = 0;
setInterval(() => {
  const used = process.threadCpuUsage(last);
  cpu = Math.max(cpu, (used.user + used.system) / 1_000);
  if (performance.now() - told > 500) {
    told = performance.now();
    if (!existsSync(file)) {
      histogram.reset();
      cpu = 0;
    }
    writeFileSync(`${file}.new`, JSON.stringify({ clock: histogram.max / 1e6, cpu }));
    renameSync(`${file}.new`, file);
  }
  last = process.threadCpuUsage();
}, interval).unref();
