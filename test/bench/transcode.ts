// Nanoseconds per event of the stdout formatter, from msgpack bytes to text. By hand: `node test/bench/transcode.ts [events]`,
// with `node --cpu-prof` for a profile.
import { encode } from '@msgpack/msgpack';
import pino from 'pino';
import { tagFromText } from '../../src/core/batch.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { IoMemory } from '../../src/core/io-memory.ts';
import outFile from '../../src/formatters/out_file.ts';
import formatter from '../../src/formatters/stdout.ts';
import { loadWasm } from '../../src/msgpack/wasm.ts';
import type { FormatTarget, Formatter } from '../../src/plugin/formatter.ts';

const events = Number(process.argv[2] ?? 2_000_000);
const perBatch = 1000;
const perRound = 20_000;

function docker(index: number): Uint8Array {
  const record = encode({
    container_id: 'a1b2c3d4e5f60718293a4b5c6d7e8f900112233445566778899aabbccddeeff0',
    container_name: '/web-1',
    source: 'stdout',
    log: `172.17.0.1 - - [14/Nov/2023:22:13:${index % 60} +0000] GET /api/v1/items/${index} HTTP/1.1 200 612 - curl/7.88.1 rt=0.003 uct=0.000`,
  });
  const head = Buffer.from('92d7006553f100000bcd15', 'hex');
  head.writeUInt32BE(index, 7);
  return Buffer.concat([head, record]);
}

const io = new IoMemory();
const events1000 = Buffer.concat(Array.from({ length: perBatch }, (_, index) => docker(index)));
const entries = io.take(events1000.length);
entries.set(events1000);
const batch = {
  tag: tagFromText('docker.nginx.web-1.a1b2c3d4e5f6'),
  entries,
  count: perBatch,
  origin: { listener: 'bench', address: '', port: 0, name: undefined },
  seq: 0,
  arrived: 0,
  acks: undefined,
};
const context = {
  id: 'bench',
  log: pino({ enabled: false }),
  counters: new Counters(),
  clock: systemClock,
  hostname: 'bench',
  workerId: 0,
  io,
  wasm: loadWasm(io),
} as never;
const target: FormatTarget = { escape: 'tags', lines: true, color: false };
const area = { bytes: io.take(1024 * 1024), used: 0 };

/** The fastest of many short rounds: what else runs on the machine only makes a round slower. */
function run(name: string, made: Formatter, count: number): void {
  let best = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let round = 0; round < count; round += perRound) {
    const begin = process.hrtime.bigint();
    bytes = formatRound(made);
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / perRound);
  }
  const size = `${entries.length / perBatch} bytes in, ${(bytes / perRound).toFixed(0)} out`;
  console.log(`${name}: ${best.toFixed(0)} ns/event, ${size}`);
}

function formatRound(made: Formatter): number {
  let bytes = 0;
  for (let done = 0; done < perRound; done += perBatch) {
    for (let from = 0; from < entries.length; ) {
      const next = made.format(batch, from, area);
      if (next === from || next === entries.length) {
        bytes += area.used;
        area.used = 0;
      }
      from = next;
    }
  }
  return bytes;
}

const options = { output_type: 'json', add_newline: true, time_format: '%Y-%m-%d %H:%M:%S.%N %z' } as never;
run('stdout', formatter.create(context, options, target), events);
const fileOptions = {
  time_type: 'string',
  output_time: true,
  output_tag: true,
  delimiter: 'TAB',
  add_newline: true,
} as never;
run('out_file', outFile.create(context, fileOptions, { ...target, lines: false }), events);
