// Events for the page's benchmark: as Docker's driver makes them, a thousand a chunk, encoded before the clock starts. Each chunk's last line
// says when it was sent.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';

export const perChunk = 1000;
/** Chunks that are sent in turn, again and again. */
export const chunkCount = 40;
const containers = 12;
const noTime = '00000000000000.000';
const levels = ['INFO', 'INFO', 'INFO', 'DEBUG', 'INFO', 'WARN', 'INFO', 'ERROR'];

interface Chunk {
  /** What comes before the 18 signs of its time, and behind them. */
  readonly before: Buffer;
  readonly behind: Buffer;
}

/** Lines of about 100 bytes. One of 8 has the level ERROR, one of 50 the word `retried`, one of 1,000 `needle-` and its chunk's number. */
export function entriesOf(chunk: number): { readonly tag: string; readonly entries: readonly Buffer[] } {
  const time = Buffer.from(encode(Math.floor(Date.now() / 1000)));
  const name = `shop-api-${chunk % containers}`;
  const id = `${chunk % containers}`.padStart(2, '0').repeat(32);
  const entries = Array.from({ length: perChunk }, (_, n) => {
    const level = levels[n % levels.length] ?? '';
    const start = `${level} request=${chunk * perChunk + n} handled in ${n % 97} ms by the worker for user ${(n * 31) % 5000}`;
    const special = n === 500 ? ` needle-${chunk % chunkCount}` : n % 50 === 7 ? ' retried' : '';
    const line = n === perChunk - 1 ? `${start} t=${noTime}` : `${start}${special}`;
    const log = line.padEnd(100, ' .');
    return Buffer.concat([
      Buffer.of(0x92),
      time,
      encode({ container_id: id, container_name: `/${name}`, source: 'stdout', log }),
    ]);
  });
  return { tag: `docker.${name}`, entries };
}

function chunkOf(chunk: number): Chunk {
  const { tag, entries } = entriesOf(chunk);
  const bytes = Buffer.from(encode([tag, Buffer.concat(entries), { size: perChunk }]));
  const timeAt = bytes.lastIndexOf(`t=${noTime}`) + 2;
  return { before: bytes.subarray(0, timeAt), behind: bytes.subarray(timeAt + noTime.length) };
}

export class Load {
  readonly #socket: Socket;
  readonly #chunks: readonly Chunk[];
  #next = 0;
  /** Events sent. */
  sent = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = Array.from({ length: chunkCount }, (_, n) => chunkOf(n));
  }

  static async open(port: number): Promise<Load> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new Load(socket);
  }

  async #send(): Promise<void> {
    const chunk = this.#chunks[this.#next++ % this.#chunks.length];
    if (chunk === undefined) {
      return;
    }
    const time = (performance.timeOrigin + performance.now()).toFixed(3).padStart(18, '0');
    // In three parts that go as one: what is sent costs the machine that is measured as little as can be.
    this.#socket.cork();
    this.#socket.write(chunk.before);
    this.#socket.write(time, 'latin1');
    const isTaken = this.#socket.write(chunk.behind);
    this.#socket.uncork();
    this.sent += perChunk;
    if (!isTaken) {
      await once(this.#socket, 'drain');
    }
  }

  /** As many as the collector takes. */
  async flood(events: number): Promise<void> {
    for (let n = 0; n < events; n += perChunk) {
      await this.#send();
    }
  }

  /** At a steady rate, events a second. */
  async steady(rate: number, seconds: number): Promise<void> {
    const begin = performance.now();
    for (let n = 0; n < rate * seconds; n += perChunk) {
      await this.#send();
      const ahead = (n / rate) * 1000 - (performance.now() - begin);
      if (ahead > 1) {
        await delay(ahead);
      }
    }
  }

  /** Single events, evenly. */
  async single(rate: number, seconds: number): Promise<void> {
    const begin = performance.now();
    for (let n = 0; n < rate * seconds; n++) {
      const log = `INFO one line t=${(performance.timeOrigin + performance.now()).toFixed(3).padStart(18, '0')}`;
      this.#socket.write(
        encode(['docker.one', Math.floor(Date.now() / 1000), { container_name: '/one', source: 'stdout', log }]),
      );
      this.sent++;
      const ahead = (n / rate) * 1000 - (performance.now() - begin);
      if (ahead > 1) {
        await delay(ahead);
      }
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
