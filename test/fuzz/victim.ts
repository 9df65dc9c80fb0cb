// The real program under fuzz: started with a configuration that has it do a bit of everything, and looked at now and then by an honest
// sender that asks for an ack on a connection of its own.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { residentMegabytes } from '../bench/proc.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { Finding } from './target.ts';

/** Filters, formatters of three dialects and the page get what the mutants bring. */
export const rules = `<filter **>
  @type grep
  <exclude>
    key log
    pattern /^never (a|b)+$/
  </exclude>
</filter>
<filter **>
  @type record_transformer
  <record>
    tag \${tag}
  </record>
</filter>
<match **>
  @type copy
  <store>
    @type stdout
  </store>
  <store>
    @type stdout
    <format>
      @type out_file
    </format>
  </store>
  <store>
    @type stdout
    <format>
      @type pretty
    </format>
  </store>
  <store>
    @type viewer
    port PORT1
  </store>
</match>
<label @ERROR>
  <match **>
    @type stdout
  </match>
</label>
`;

export const plainInput = '<source>\n  @type forward\n  bind 127.0.0.1\n  port PORT\n</source>\n';

export interface VictimOptions {
  readonly config: string;
  /** An honest event gets its ack within this, ms. */
  readonly patience: number;
}

/** Memory that the program may have under anything, MB. */
const memoryBound = 400;

export class Victim {
  readonly forebay: Forebay;
  readonly #patience: number;
  #ended: number | string | undefined;
  #slowest = 0;

  private constructor(forebay: Forebay, patience: number) {
    this.forebay = forebay;
    this.#patience = patience;
    void forebay.exited.then((how) => {
      this.#ended = how;
    });
  }

  static async start({ config, patience }: VictimOptions): Promise<Victim> {
    const forebay = await startForebay({ config, args: ['--log-format', 'json'], stdoutFile: '/dev/null' });
    return new Victim(forebay, patience);
  }

  /** Rejects with a Finding where the program is gone, stands still or has grown; `last` is what was tried before. */
  async check(last: Uint8Array, honest: (port: number) => Promise<void> = honestEvent): Promise<void> {
    if (this.#ended !== undefined) {
      throw new Finding(
        `the program ended with ${this.#ended}:\n${this.forebay.stderr.text.slice(-20).join('\n')}`,
        last,
      );
    }
    const begin = performance.now();
    const late = AbortSignal.timeout(30_000);
    const gaveUp = once(late, 'abort').then(() => {
      throw new Error('no ack for an honest event within 30 s');
    });
    try {
      await Promise.race([honest(this.forebay.port), gaveUp]);
    } catch (error) {
      throw new Finding(`an honest sender failed: ${String(error)}`, last, error);
    }
    const took = performance.now() - begin;
    this.#slowest = Math.max(this.#slowest, took);
    if (took > this.#patience) throw new Finding(`an honest event waited ${took.toFixed(0)} ms`, last);
    const memory = residentMegabytes(this.forebay.pid, 'VmHWM');
    if (memory > memoryBound) throw new Finding(`${memory.toFixed(0)} MB of memory`, last);
  }

  summary(): string {
    const codes = new Set(this.forebay.stderr.text.map((line) => /"code":"(\w+)"/.exec(line)?.[1]).filter(Boolean));
    const memory = residentMegabytes(this.forebay.pid, 'VmHWM').toFixed(0);
    return `${memory} MB at most, an honest event waited ${this.#slowest.toFixed(0)} ms at most; codes: ${[...codes].join(' ')}`;
  }

  async stop(): Promise<void> {
    await this.forebay.stop();
  }
}

/** Sends one event and resolves with its ack. */
async function honestEvent(port: number): Promise<void> {
  const chunk = randomUUID();
  const reply = await exchange(port, encode(['honest', 1_700_000_000, { log: 'honest' }, { chunk }]), 30_000);
  const { ack } = decode(reply) as { readonly ack?: unknown };
  if (ack !== chunk) throw new Error(`the answer is ${reply.toString('hex')}`);
}

/** Sends `bytes`, then the end, and resolves with all that came back when the connection is closed. A reset is an end like another. */
export async function exchange(port: number, bytes: Uint8Array, timeout: number): Promise<Buffer> {
  const socket = await open(port);
  const replies: Buffer[] = [];
  socket.on('data', (data) => replies.push(data));
  socket.end(bytes);
  await closed(socket, timeout);
  return Buffer.concat(replies);
}

export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Resolves when the other side has closed. Rejects when it has not within `timeout` ms. */
export async function closed(socket: Socket, timeout: number): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the connection was not closed within ${timeout} ms`)), timeout);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  }).finally(() => socket.destroy());
}
