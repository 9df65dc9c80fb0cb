// The real program under an attack, with an honest sender beside it that asks for an ack for each event, one after the other. In the end the
// program lives, its memory is inside its bound, every honest event was acked and came out once, and what happened is named by a code in the
// log and in a counter.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Decoder, encode } from '@msgpack/msgpack';
import { expect } from 'vitest';
import { residentMegabytes } from '../bench/proc.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';

export interface SiegeOptions {
  /** The `<source>` of the forward port has these lines too. */
  readonly input?: string;
  /** The rules; honest events have the tag `honest`. Without them stdout takes all. */
  readonly rules?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** MB that the program may have at most. Default 250. */
  readonly memory?: number;
  /** What an honest sender does first on its connection, as to show its key. */
  readonly greet?: (socket: Socket) => Promise<void>;
}

export interface Siege {
  readonly forebay: Forebay;
  readonly port: number;
  readonly ports: readonly number[];
  /** Codes of the log so far. */
  codes(): string[];
  /** The sum of the counters of a code. */
  counted(code: string): Promise<number>;
  /** The metrics as they are asked for. */
  metrics(): Promise<string>;
  /** Lines of stdout that are not the honest sender's. */
  lines(): string[];
  /** Resolves when the honest sender has had `count` more acks. */
  honest(count: number): Promise<void>;
}

const line = /honest: \{"honest":(\d+)[,}]/;

/** Runs `attack` against the program; rejects where the program or the honest sender came to harm. */
export async function besiege(options: SiegeOptions, attack: (siege: Siege) => Promise<void>): Promise<void> {
  const http = await freePort();
  const system = `<system>\n  http_port ${http}\n</system>\n`;
  const input = `<source>\n  @type forward\n  bind 127.0.0.1\n  port PORT\n${options.input ?? ''}\n</source>\n`;
  const rules = options.rules ?? '<match **>\n  @type stdout\n</match>\n';
  const forebay = await startForebay({
    config: system + input + rules,
    args: ['--log-format', 'json', ...(options.args ?? [])],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const sender = new HonestSender(forebay.port, options.greet);
  try {
    const sending = sender.run();
    const metrics = async () => await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
    const siege: Siege = {
      forebay,
      port: forebay.port,
      ports: forebay.ports,
      metrics,
      codes: () => forebay.stderr.text.flatMap((text) => /"code":"(\w+)"/.exec(text)?.[1] ?? []),
      counted: async (code) => sumOf(await metrics(), `forebay_${code.toLowerCase()}_total`),
      lines: () => forebay.stdout.text.filter((text) => !line.test(text)),
      honest: (count) => sender.more(count),
    };
    await sender.more(3);
    await Promise.race([attack(siege), sending]);
    await Promise.race([sender.more(3), sending]);
    sender.stop();
    await sending;
    expect(residentMegabytes(forebay.pid, 'VmHWM'), 'MB of memory').toBeLessThan(options.memory ?? 250);
    expect(await forebay.stop(), 'the exit code').toBe(0);
    const seen = forebay.stdout.text.flatMap((text) => line.exec(text)?.[1] ?? []).map(Number);
    expect(seen, 'honest events that came out').toEqual(Array.from({ length: sender.acked }, (_, n) => n));
  } finally {
    sender.stop();
    await forebay.stop();
  }
}

function sumOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `))
    .reduce((sum, each) => sum + Number(each.split(' ').at(-1)), 0);
}

class HonestSender {
  acked = 0;
  readonly #port: number;
  readonly #greet: SiegeOptions['greet'];
  readonly #waiters = new Set<{ readonly until: number; readonly resolve: () => void }>();
  #stopped = false;

  constructor(port: number, greet: SiegeOptions['greet']) {
    this.#port = port;
    this.#greet = greet;
  }

  /** Sends until it is stopped. Rejects where an ack does not come within a minute, or the connection is closed. */
  async run(): Promise<void> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    socket.setTimeout(60_000, () => socket.destroy(new Error('no ack for an honest event within a minute')));
    try {
      await this.#greet?.(socket);
      const acks = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
      while (!this.#stopped) {
        socket.write(encode(['honest', 1_700_000_000, { honest: this.acked }, { chunk: `h${this.acked}` }]));
        const { value, done } = await acks.next();
        if (done === true) throw new Error('the connection of the honest sender was closed');
        expect(value).toEqual({ ack: `h${this.acked}` });
        this.acked++;
        for (const waiter of this.#waiters) {
          if (this.acked >= waiter.until) {
            this.#waiters.delete(waiter);
            waiter.resolve();
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    } finally {
      socket.destroy();
    }
  }

  more(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiters.add({ until: this.acked + count, resolve }));
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Sends `bytes` on a connection of its own and resolves with what came back when the other side closed, or after `patience` ms. */
export async function attackWith(
  port: number,
  bytes: Uint8Array,
  patience = 2_000,
): Promise<{ reply: Buffer; closed: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const replies: Buffer[] = [];
  socket.on('data', (data) => replies.push(data));
  let over = false;
  const end = closeOf(socket).then(() => {
    over = true;
  });
  socket.write(bytes);
  await Promise.race([end, new Promise((resolve) => setTimeout(resolve, patience))]);
  const closed = over;
  socket.destroy();
  await end;
  return { reply: Buffer.concat(replies), closed };
}

/** One connection that sends `bytes` and stays open. */
export async function openWith(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

/** Resolves when the connection is gone, however it ended. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
