// Sends entries to a collector over the forward protocol and hears whether it took charge of them. One connection, without a shared key;
// repeating what was not acked is the caller's. Protocol: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { needMore, Skip } from '../msgpack/skip.ts';

export interface ForwardClientSettings {
  readonly host: string;
  readonly port: number;
  /** How long an ack may take, ms. */
  readonly ackTimeout: number;
}

/** An ack is far smaller than this, bytes. */
const longestReply = 65_536;

export class ForwardClient {
  readonly #settings: ForwardClientSettings;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  readonly #skip = new Skip();
  #socket: Socket | undefined;
  #replies: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;

  constructor(settings: ForwardClientSettings) {
    this.#settings = settings;
  }

  /** How many messages wait for their ack. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Rejects where nobody listens. */
  async connect(): Promise<void> {
    const { host, port } = this.#settings;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    try {
      await once(socket, 'connect');
    } catch (error) {
      throw new Error(`Nobody takes events at ${host}:${port}`, { cause: error });
    }
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The collector closed the connection')));
    socket.on('data', (data) => this.#read(data));
  }

  /** Sends a run of `[time, record]`; resolves when it is acked, and rejects where that does not come. */
  async send(tag: string, entries: Uint8Array, count: number): Promise<void> {
    if (this.#failure !== undefined || this.#socket === undefined) {
      throw this.#failure ?? new Error('There is no connection');
    }
    const chunk = randomBytes(16).toString('base64');
    const acked = Promise.withResolvers<void>();
    this.#waiting.set(chunk, acked);
    const timer = setTimeout(() => {
      this.#fail(new Error(`No ack came within ${this.#settings.ackTimeout / 1000} s`));
      this.#socket?.destroy();
    }, this.#settings.ackTimeout);
    try {
      this.#socket.write(encode([tag, entries, { chunk, size: count }]));
      await acked.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(chunk);
    }
  }

  /** Closes the connection. May be called twice. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    if (socket !== undefined && !socket.destroyed) {
      const closed = once(socket, 'close');
      socket.destroySoon();
      socket.resume();
      await closed;
    }
  }

  #read(data: Buffer): void {
    this.#replies = this.#replies.length === 0 ? data : Buffer.concat([this.#replies, data]);
    let from = 0;
    while (from < this.#replies.length) {
      const next = this.#skip.run(this.#replies, from, this.#replies.length);
      if (next < 0) {
        this.#skip.reset();
        if (next !== needMore || this.#replies.length - from > longestReply) {
          this.#refuse('What answers there is no collector that speaks the forward protocol');
          return;
        }
        break;
      }
      this.#reply(decode(this.#replies.subarray(from, next)));
      from = next;
    }
    this.#replies = this.#replies.subarray(from);
  }

  #reply(reply: unknown): void {
    if (Array.isArray(reply) && reply[0] === 'HELO') {
      this.#refuse('The collector asks for a shared key');
      return;
    }
    const ack = typeof reply === 'object' && reply !== null && 'ack' in reply ? reply.ack : undefined;
    if (typeof ack === 'string') {
      this.#waiting.get(ack)?.resolve();
    }
  }

  #refuse(text: string): void {
    this.#fail(new Error(text));
    this.#socket?.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const acked of this.#waiting.values()) {
      acked.reject(this.#failure);
    }
  }
}
