// A process that only appends: `feeder.ts FOLDER CODEC SYNC COUNT`. Batch N has one event of the number N or a few hundred of it; its number is
// printed when the chunk has taken charge of it, and the code of what is logged. For tests that kill it.

import { pino } from 'pino';
import type { Sync } from '../../src/chunks/chunk-writer.ts';
import type { Codec } from '../../src/chunks/format.ts';
import { tagFromText } from '../../src/core/batch.ts';
import { batchOf, noKeys, openStore } from './store.ts';

const [folder = '', codec = 'none', sync = 'none', from = '0', count = '0'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${(JSON.parse(line) as { readonly code?: string }).code ?? ''}\n`);
const log = pino({ level: 'info' }, { write: say });
const { store } = await openStore(folder, { codec: codec as Codec, sync: sync as Sync, syncInterval: 50, log });
const tags = ['a', 'b', 'c'].map(tagFromText);
const chunks = tags.map(() => store.create(noKeys));
const waiting: Promise<void>[] = [];
const end = Number(from) + Number(count);
for (let n = Number(from); n < end; n++) {
  const place = n % 3;
  const size = n % 17 === 0 ? 30_000 : n % 5 === 0 ? 2000 : 10;
  const batch = batchOf(n, 1, { size, ...(tags[place] === undefined ? {} : { tag: tags[place] }) });
  const held = chunks[place]?.append(batch);
  waiting.push(Promise.resolve(held).then(() => void process.stdout.write(`${n}\n`)));
  if (waiting.length >= 32) {
    await waiting.shift();
  }
  if (n % 500 === 499) {
    waiting.push(chunks[place]?.seal() ?? Promise.resolve());
    chunks[place] = store.create(noKeys);
  }
}
await Promise.all(waiting);
await store.close();
process.stdout.write('end\n');
