// `npm run bench:start`: how long the whole program takes to start with 10,000 chunks in the folder of a buffer, until its port is open.
import { join } from 'node:path';
import { batchOf, noKeys, openStore } from '../chunks/store.ts';
import { startForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';
import { exitOnSignals } from './running.ts';

const chunks = 10_000;
/** Seconds. */
const bar = 3;

exitOnSignals();
const temp = tempFolder('start');
try {
  const { store } = await openStore(join(temp.path, 'buffer'));
  for (let n = 0; n < chunks; n++) {
    const chunk = store.create({ ...noKeys, variables: new Map([['key', String(n)]]) });
    await chunk.append(batchOf(n, 1));
  }
  await store.close();
  const output = `@type file\npath ${temp.path}/out/\${key}\n`;
  const buffer = `@type file\npath ${temp.path}/buffer\nflush_mode interval\nflush_interval 1h\nflush_at_shutdown false\n`;
  const config = `<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n${output}<buffer key>\n${buffer}</buffer>\n</match>\n`;
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    const began = performance.now();
    const forebay = await startForebay({ config });
    times.push((performance.now() - began) / 1000);
    const found = forebay.stderr.text.some((line) => line.includes(`"chunks":${chunks}`));
    await forebay.stop();
    if (!found) throw new Error(`the program did not find its ${chunks} chunks`);
  }
  const [median = 0] = times.sort((a, b) => a - b).slice(1);
  console.log(
    `start with ${chunks} chunks: ${times.map((time) => time.toFixed(2)).join(', ')} s; the bar is below ${bar}`,
  );
  process.exitCode = median < bar ? 0 : 3;
} finally {
  temp.remove();
}
