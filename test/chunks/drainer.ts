// A process that reads all chunks of a folder and prints the numbers of their events, then `end`: `drainer.ts FOLDER`. For disks that fail it.
import { decodeMulti } from '@msgpack/msgpack';
import { pino } from 'pino';
import { openStore } from './store.ts';

const say = (line: string) => process.stdout.write(`${(JSON.parse(line) as { readonly code?: string }).code ?? ''}\n`);
const { store, chunks } = await openStore(process.argv[2] ?? '', { log: pino({ level: 'info' }, { write: say }) });
for (const chunk of chunks) {
  for await (const { entries } of chunk.batches()) {
    for (const event of decodeMulti(entries)) {
      process.stdout.write(`${(event as [number, { n: number }])[1].n}\n`);
    }
  }
}
await store.close();
process.stdout.write('end\n');
