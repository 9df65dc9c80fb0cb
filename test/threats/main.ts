// Measures what an attack costs those beside it: `npm run siege [-- expressions | bombs | crowd …]`. Figures, not tests: on a busy machine the
// clock says little, so the CPU time of the program's main thread stands beside it.
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { Decoder, encode } from '@msgpack/msgpack';
import { residentMegabytes } from '../bench/proc.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';

const seconds = 1_700_000_000;
const temp = tempFolder('siege');

interface Held {
  readonly clock: number;
  readonly cpu: number;
}

interface Run {
  readonly forebay: Forebay;
  readonly port: number;
  /** What the loop was held since the last call, at most. */
  held(): Promise<Held>;
}

async function run(config: string, work: (run: Run) => Promise<void>): Promise<void> {
  const file = join(temp.path, 'loop.json');
  const watch = new URL('loop-watch.ts', import.meta.url).href;
  const forebay = await startForebay({
    config,
    args: ['--log-format', 'json'],
    env: { NODE_OPTIONS: `--import ${watch}`, LOOP_WATCH: file },
  });
  const held = async (): Promise<Held> => {
    await delay(1_500);
    const said = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Held) : { clock: 0, cpu: 0 };
    rmSync(file, { force: true });
    await delay(1_500);
    return said;
  };
  try {
    await held();
    await work({ forebay, port: forebay.port, held });
  } finally {
    await forebay.stop();
  }
}

const source = '<source>\n  @type forward\n  bind 0.0.0.0\n  port PORT\n</source>\n';
const ms = ({ clock, cpu }: Held) =>
  `loop held at most ${clock.toFixed(0)} ms by the clock, ${cpu.toFixed(0)} ms of CPU`;

/** Sends events with an ack each, one after the other, and says how many a second. */
class Sender {
  count = 0;
  slowest = 0;
  readonly #socket: Socket;
  #open = true;

  constructor(port: number, host = '127.0.0.1') {
    this.#socket = connect({ port, host, noDelay: true });
    this.#socket.on('error', () => undefined);
  }

  async run(): Promise<void> {
    await once(this.#socket, 'connect');
    const acks = new Decoder().decodeStream(this.#socket.iterator({ destroyOnReturn: false }));
    while (this.#open) {
      const begin = performance.now();
      this.#socket.write(encode(['honest', seconds, { log: 'honest' }, { chunk: `${this.count}` }]));
      if ((await acks.next()).done === true) break;
      this.count++;
      this.slowest = Math.max(this.slowest, performance.now() - begin);
    }
    this.#socket.destroy();
  }

  /** Acks in so many ms. */
  async rate(time: number): Promise<number> {
    const before = this.count;
    this.slowest = 0;
    const begin = performance.now();
    await delay(time);
    return ((this.count - before) / (performance.now() - begin)) * 1_000;
  }

  stop(): void {
    this.#open = false;
  }
}

async function expressions(): Promise<void> {
  const hostile = `${'a'.repeat(60)}!`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['grep, an automaton can', '@type grep\n<exclude>\nkey log\npattern /^(a+)+$/\n</exclude>', hostile],
    ['grep, look-around', '@type grep\n<exclude>\nkey log\npattern /^(?=a)(a+)+$/\n</exclude>', hostile],
    ['grep, one repetition', '@type grep\n<exclude>\nkey log\npattern /\\s+$/\n</exclude>', `a${' '.repeat(1_000)}!`],
    [
      'parser regexp',
      '@type parser\nkey_name log\nreserve_data true\n<parse>\n@type regexp\nexpression /^(?<x>(a+)+)$/\n</parse>',
      hostile,
    ],
    [
      'parser regexp, look-around',
      '@type parser\nkey_name log\nreserve_data true\n<parse>\n@type regexp\nexpression /^(?=a)(?<x>(a+)+)$/\n</parse>',
      hostile,
    ],
  ];
  for (const [what, filter, line] of cases) {
    const config = `${source}<filter hostile>\n${filter}\n</filter>\n<match **>\n  @type null\n</match>\n`;
    await run(config, async ({ port, held }) => {
      const sender = new Sender(port);
      const sending = sender.run();
      const socket = connect({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      const acks = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
      const entries = Array.from({ length: 1_000 }, (_, n) => [seconds, { log: n % 10 === 0 ? 'aaa' : line }]);
      const begin = performance.now();
      socket.write(encode(['hostile', entries, { chunk: 'h' }]));
      await acks.next();
      const took = performance.now() - begin;
      socket.destroy();
      console.log(`expressions: ${what}: 1,000 lines acked after ${took.toFixed(0)} ms; ${ms(await held())}`);
      sender.stop();
      await sending;
    });
  }
  const config = `${source}<match /(x+x+)+y/ /(?=x)(x+x+)+z/>\n  @type null\n</match>\n<match **>\n  @type null\n</match>\n`;
  await run(config, async ({ port, held }) => {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const tags = Array.from({ length: 1_000 }, (_, n) => encode([`${'x'.repeat(60)}${n}`, seconds, { log: '' }]));
    const last = encode(['last', seconds, { log: '' }, { chunk: 'last' }]);
    socket.write(Buffer.concat([...tags, last]));
    await once(socket, 'data');
    socket.destroy();
    console.log(`expressions: match: 1,000 tags; ${ms(await held())}`);
  });
}

/** A PackedForward message whose entries inflate to 10 GB; itself some MB, made without holding more. */
async function bomb(kind: 'gzip' | 'zstd'): Promise<Buffer> {
  const compress = kind === 'gzip' ? createGzip({ level: 9 }) : createZstdCompress();
  const parts: Buffer[] = [];
  compress.on('data', (part: Buffer) => parts.push(part));
  const ended = once(compress, 'end');
  const entry = encode([seconds, { log: 'x'.repeat(1_000_000) }]);
  for (let n = 0; n < 10_000; n++) {
    if (!compress.write(entry)) await once(compress, 'drain');
  }
  compress.end();
  await ended;
  return Buffer.from(encode(['bomb', Buffer.concat(parts), { compressed: kind, chunk: 'b' }]));
}

async function bombs(): Promise<void> {
  for (const kind of ['gzip', 'zstd'] as const) {
    const bytes = await bomb(kind);
    for (const limits of ['', '  decompression_ratio_limit 1000000\n  decompression_size_limit 20g\n']) {
      await run(
        `${source.replace('</source>', `${limits}</source>`)}<match **>\n  @type null\n</match>\n`,
        async ({ forebay, port, held }) => {
          const sender = new Sender(port);
          const sending = sender.run();
          const before = await sender.rate(3_000);
          await held();
          const memory = residentMegabytes(forebay.pid, 'VmHWM');
          const socket = connect({ port, host: '127.0.0.1' });
          socket.on('error', () => undefined).resume();
          await once(socket, 'connect');
          const rate = sender.rate(3_000);
          socket.write(bytes);
          const end = await Promise.race([
            once(socket, 'close').then(() => 'closed'),
            once(socket, 'data').then(() => 'acked'),
            delay(180_000, 'still open'),
          ]);
          const codes = forebay.stderr.text.flatMap((text) => /"code":"(\w+)"/.exec(text)?.[1] ?? []);
          const grown = residentMegabytes(forebay.pid, 'VmHWM') - memory;
          console.log(
            `bombs: ${kind}, ${bytes.length} bytes, ${limits === '' ? 'default limits' : 'limits off'}: ${end} (${codes.at(-1)}); ` +
              `memory +${grown.toFixed(0)} MB; ${ms(await held())}; sender ${before.toFixed(0)} then ${(await rate).toFixed(0)} acks/s`,
          );
          socket.destroy();
          sender.stop();
          await sending;
        },
      );
    }
  }
}

async function crowd(): Promise<void> {
  const idle = 10_000;
  const slow = 1_000;
  const config = `${source.replace('</source>', '  connections_limit 20000\n  connections_per_address_limit 5000\n</source>')}<match **>\n  @type null\n</match>\n`;
  await run(config, async ({ forebay, port, held }) => {
    const senders = Array.from({ length: 4 }, () => new Sender(port));
    const sending = senders.map((sender) => sender.run());
    const rate = async () =>
      (await Promise.all(senders.map((sender) => sender.rate(10_000)))).reduce((a, b) => a + b, 0);
    const cpu = async (work: () => Promise<number>) => {
      const before = cpuOf(forebay.pid);
      const acks = await work();
      return { acks, perAck: ((cpuOf(forebay.pid) - before) / (acks * 10)) * 1e6 };
    };
    await rate();
    const before = await cpu(rate);
    await held();
    const sockets: Socket[] = [];
    for (let n = 0; n < idle + slow; n++) {
      // Few ports for many connections: each address of the loopback network has its own.
      const localAddress = `127.0.1.${1 + (n % 8)}`;
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      socket.on('error', () => undefined);
      sockets.push(socket);
      if (n % 100 === 99) await Promise.all(sockets.slice(-100).map((one) => once(one, 'connect')));
    }
    const opening = await held();
    const message = Buffer.from(encode(['slow', seconds, { log: 'x'.repeat(1_000) }]));
    let at = 0;
    const drip = setInterval(() => {
      at++;
      // Each of them sends a byte a second, a tenth of them in each turn.
      for (let n = idle + (at % 10); n < sockets.length; n += 10)
        sockets[n]?.write(message.subarray(at % message.length, (at % message.length) + 1));
    }, 100);
    const after = await cpu(rate);
    clearInterval(drip);
    const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
    console.log(
      `crowd: ${open} of ${sockets.length} open; ${before.acks.toFixed(0)} then ${after.acks.toFixed(0)} acks/s (${((after.acks / before.acks) * 100).toFixed(0)} %), ` +
        `${before.perAck.toFixed(0)} then ${after.perAck.toFixed(0)} µs of CPU an ack; memory ${residentMegabytes(forebay.pid, 'VmRSS').toFixed(0)} MB; ` +
        `while they open: ${ms(opening)}; then: ${ms(await held())}`,
    );
    for (const socket of sockets) socket.destroy();
    for (const sender of senders) sender.stop();
    await Promise.all(sending);
  });
}

/** CPU seconds of the process. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const all = { expressions, bombs, crowd };
const asked = process.argv.slice(2);
console.log(`node ${process.version}`);
try {
  for (const [name, measure] of Object.entries(all)) {
    if (asked.length === 0 || asked.includes(name)) await measure();
  }
} finally {
  temp.remove();
}
