// Batches for the live stream's tests, a viewer with its real server, and a client that keeps what it gets; requests to them, also odd ones.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import { type RawData, WebSocket } from 'ws';
import { type Batch, tagFromText } from '../../src/core/batch.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { SharedParts } from '../../src/core/shared-parts.ts';
import {
  type FrameBlock,
  type Hello,
  readFrame,
  readServerMessage,
  type ServerMessage,
} from '../../src/live/protocol.ts';
import { type PageViewer, pageAt } from '../../src/live/viewer.ts';
import type { ViewerOptions } from '../../src/live/viewer-options.ts';
import { freePort } from '../support/ports.ts';

const origin = { listener: 'in', address: '192.0.2.7', port: 4711, name: undefined };

/** `count` events of about `size` bytes, numbered from `seq` on. */
export function makeBatch(tag: string, seq: number, count = 1, size = 20): Batch {
  const entries = Array.from({ length: count }, (_, n) =>
    encode([1_700_000_000, { n: seq + n, log: 'x'.repeat(size) }]),
  );
  return {
    tag: tagFromText(tag),
    entries: Buffer.concat(entries),
    ...{ count, origin, seq, arrived: 1_700_000_000_000, acks: undefined },
  };
}

export interface TestViewer {
  readonly viewer: PageViewer;
  readonly port: number;
  readonly url: string;
  readonly counters: Counters;
  readonly shared: SharedParts;
  readonly log: { readonly code?: string; readonly msg: string }[];
  stop(): Promise<void>;
}

export async function startViewer(options: Partial<ViewerOptions> = {}, host = '127.0.0.1'): Promise<TestViewer> {
  const log: TestViewer['log'] = [];
  const counters = new Counters();
  const shared = new SharedParts();
  const port = await freePort();
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as TestViewer['log'][number]) };
  const context = { log: pino({ level: 'info' }, sink), counters, clock: systemClock, hostname: 'thisnode', shared };
  const all = { memorySize: 8 * 1024 * 1024, token: undefined, title: 'test', hosts: [], ...options };
  const viewer = pageAt(context, { host, port }, all);
  await viewer.start();
  const stop = () => viewer.stop(AbortSignal.timeout(2000));
  return { viewer, port, url: `http://127.0.0.1:${port}`, counters, shared, log, stop };
}

export class Client {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly blocks: FrameBlock[] = [];
  /** Sum of what frames said, and of the events that came. */
  dropped = 0;
  events = 0;
  frames = 0;
  /** Sizes of the frames. */
  largest = 0;
  readonly closed: Promise<number>;
  readonly #keep: boolean;
  #look: (() => void) | undefined;

  /** `keep`: whether blocks are kept. */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}, keep = true) {
    this.#keep = keep;
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/live`, { perMessageDeflate: false, headers });
    this.socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    this.closed = once(this.socket, 'close').then(([code]) => {
      this.#look?.();
      return code as number;
    });
  }

  /** Resolves with the server's first words. */
  async hello(): Promise<Hello> {
    await this.until(() => this.messages.length > 0);
    const [hello] = this.messages;
    if (hello?.type !== 'hello') {
      throw new Error(`The server opens with ${JSON.stringify(hello)}.`);
    }
    return hello;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves when `done` says so; looked at with each message and at the end. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.socket.readyState === WebSocket.CLOSED) {
        throw new Error('The connection was closed.');
      }
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  /** Says hello and start, and resolves when the server has answered both. */
  async start(message: object = {}): Promise<Hello> {
    const hello = await this.hello();
    this.say({ op: 'start', ...message });
    await this.roundTrip();
    return hello;
  }

  /** Resolves when the server has seen all that was sent. */
  async roundTrip(): Promise<void> {
    const pong = once(this.socket, 'pong');
    this.socket.ping();
    await pong;
  }

  #take(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      const bytes = data as Buffer;
      const frame = readFrame(bytes);
      if (frame === undefined) {
        throw new Error('The server sent what is no frame.');
      }
      this.frames++;
      this.largest = Math.max(this.largest, bytes.length);
      this.dropped += frame.dropped;
      this.events += frame.blocks.reduce((sum, { count }) => sum + count, 0);
      if (this.#keep) {
        this.blocks.push(...frame.blocks);
      }
    } else {
      const message = readServerMessage(String(data));
      if (message !== undefined) {
        this.messages.push(message);
      }
    }
    this.#look?.();
  }
}

/** Viewers and clients that are gone after each test of the file that calls this. */
export function liveStage(): {
  start(...args: Parameters<typeof startViewer>): Promise<TestViewer>;
  open(...args: ConstructorParameters<typeof Client>): Client;
} {
  const started: TestViewer[] = [];
  const clients: Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate();
    for (const viewer of started.splice(0)) await viewer.stop();
  });
  return {
    async start(...args) {
      const viewer = await startViewer(...args);
      started.push(viewer);
      return viewer;
    },
    open(...args) {
      const client = new Client(...args);
      clients.push(client);
      return client;
    },
  };
}

/** The status that a websocket's request is refused with. */
export async function refusal(url: string, headers: Record<string, string>, path = '/live'): Promise<number> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; destroy(): void },
  ];
  response.destroy();
  socket.terminate();
  return response.statusCode;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any Host, which fetch does not allow. */
export async function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const call = request({
    port,
    host: '127.0.0.1',
    path,
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    agent: false,
  });
  call.end(options.body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}
