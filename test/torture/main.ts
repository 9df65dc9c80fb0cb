// Torture: `npm run torture -- [--kills N] [--seconds S] [--sync none|interval|always] [--compress gzip|zstd] [--seed N]`. Senders with acks, the
// real program with a file buffer, and a receiver that is slow, down, or lies; the disk fails (shim.c) and is full, and the program is killed again and again.
// At the end each acked event must have come out at least once. Needs gcc; all of it happens on the loopback device and in a temporary folder.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../bench/running.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { isPortFree } from '../support/ports.ts';
import { projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { ackOrder } from './ack-order.ts';
import { chances } from './chances.ts';
import { moods, Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { errno, Shim } from './shim.ts';
import { mountSmallDisk } from './small-disk.ts';
import { forgetUnsynced } from './unsynced.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '900' },
    sync: { type: 'string', default: 'none' },
    compress: { type: 'string', default: 'text' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const kills = Number(values.kills);
const end = performance.now() + Number(values.seconds) * 1000;
const chance = chances(Number(values.seed));
/** The bound for the program's memory, MB. */
const memoryLimit = 250;
const senderCount = 3;
/** What the buffer's disk holds, where one can be mounted for it, MB: less than total_limit_size. */
const diskSize = 12;
/** What the disk does for the life of one process. */
const weathers = [
  [],
  [],
  [`write ${errno.ENOSPC} 3`, `open ${errno.ENOSPC} 3`],
  ['short 2'],
  [`write ${errno.EIO} 5`, `sync ${errno.EIO} 4`, 'short 7'],
] as const;

/** After all kills, what was acked has so long to come out, s. */
const drainTime = 120;

exitOnSignals();
const temp = tempFolder('torture');
const buffer = join(temp.path, 'buffer');
mkdirSync(buffer);
const unmount = mountSmallDisk(buffer, diskSize);
let clean = false;
/** Nothing is left behind, however it ends: processes that still run are killed by then. */
process.once('exit', () => {
  if (clean) return;
  unmount?.();
  temp.remove();
});
setTimeout(
  () => {
    console.log(`FAILED: it is not done ${drainTime + 30} s after its time; again with --seed ${values.seed}`);
    process.exit(1);
  },
  (Number(values.seconds) + drainTime + 30) * 1000,
).unref();
const shim = new Shim(temp.path, buffer);
const receiver = new Receiver();
const receiverPort = await receiver.start();
const port = await ownPort();
const config = `
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type torture
  port ${receiverPort}
  <buffer tag>
    @type file
    path ${buffer}
    sync ${values.sync}
    sync_interval 0.2
    compress ${values.compress}
    chunk_limit_size 1m
    total_limit_size 64m
    flush_interval 1s
    flush_thread_count 2
    retry_wait 0.1
    retry_max_interval 1
    retry_forever true
  </buffer>
</match>
`;
let peak = 0;
let forgotten = 0;
/** Acked events of which the bytes were found in a chunk at a kill, and those whose ack came before a sync that covers them. */
let ordered = 0;
const tooEarly: number[] = [];
let numbers = 0;

/** Below those of other tests: one of them that listened there while the program is down would ack what it never sees. */
async function ownPort(): Promise<number> {
  for (;;) {
    const found = 10_000 + Math.floor(Math.random() * 5_000);
    if (await isPortFree(found)) return found;
  }
}

function start(): Promise<Forebay> {
  const args = ['-p', join(projectRoot, 'test', 'plugins')];
  return startForebay({ config, args, ports: [port], env: shim.env });
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(chance() * list.length)] as T;
}

/** The most that the process has had in memory, MB. */
function notePeak({ pid }: Forebay): void {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  peak = Math.max(peak, Number(kilobytes) / 1024);
}

async function kill(forebay: Forebay): Promise<void> {
  notePeak(forebay);
  forebay.signal('SIGKILL');
  await forebay.exited;
  await forebay.stop();
  if (values.sync === 'always') {
    if (values.compress === 'text') {
      const acks = senders.flatMap(({ acked, ackedAt }) =>
        acked.map((event, index) => [event, ackedAt[index] ?? 0n] as const),
      );
      const { seen, early } = ackOrder(shim.log, buffer, new Map(acks));
      ordered += seen;
      tooEarly.push(...early);
    }
    forgotten += forgetUnsynced(shim.log, buffer, chance).bytes;
  }
}

console.log(
  `seed ${values.seed}, ${kills} kills or ${values.seconds} s, sync ${values.sync}, compress ${values.compress}`,
);
const senders: Sender[] = [];
let killed = 0;
try {
  for (; killed < kills && performance.now() < end; killed++) {
    receiver.mood = pick(moods);
    shim.follow(...pick(weathers));
    const forebay = await start();
    while (senders.length < senderCount) {
      senders.push(new Sender(port, () => numbers++, chance));
    }
    await delay(50 + chance() * 1500);
    await kill(forebay);
    if (killed % 20 === 19) {
      const acked = senders.reduce((sum, sender) => sum + sender.acked.length, 0);
      console.log(
        `${killed + 1} kills, ${acked} events acked, ${receiver.events} delivered, peak ${peak.toFixed(0)} MB`,
      );
    }
  }
  receiver.mood = 'calm';
  shim.follow();
  const last = await start();
  await Promise.all(senders.map((sender) => sender.finish()));
  const acked = senders.flatMap((sender) => sender.acked);
  for (const deadline = performance.now() + drainTime * 1000; performance.now() < deadline; await delay(200)) {
    if (acked.every((event) => receiver.has(event))) break;
  }
  notePeak(last);
  const code = await last.stop();
  const missing = acked.filter((event) => !receiver.has(event));
  const unsure = senders.reduce((sum, sender) => sum + sender.unsure, 0);
  console.log(`kills: ${killed}`);
  console.log(`events acked: ${acked.length}, missing: ${missing.length}`);
  console.log(`sent again after a kill, and there twice: ${receiver.resent} of ${unsure} that were not acked then`);
  console.log(`delivered again, because the delivery was not known: ${receiver.redelivered}`);
  console.log(`forgotten by the disk: ${forgotten} bytes`);
  if (values.sync === 'always' && values.compress === 'text') {
    console.log(
      `acks behind a sync that covers their bytes: ${ordered - tooEarly.length} of ${ordered} that were looked at`,
    );
  }
  console.log(`memory peak: ${peak.toFixed(0)} MB, exit code ${code}`);
  const fine =
    missing.length === 0 && tooEarly.length === 0 && receiver.resent <= unsure && peak < memoryLimit && code === 0;
  console.log(fine ? 'All is there.' : `FAILED; again with --seed ${values.seed}`);
  process.exitCode = fine ? 0 : 1;
} finally {
  await receiver.stop();
  unmount?.();
  temp.remove();
  clean = true;
}
