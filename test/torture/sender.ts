// Sends events in chunks that ask for acks, keeps what was not acked, and sends it again over the next connection, as forward clients do.
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { decodeMulti, encode } from '@msgpack/msgpack';

interface Sent {
  readonly events: readonly number[];
  readonly bytes: Uint8Array;
}

/** Chunks that wait for their acks at a time. */
const windowSize = 16;

export class Sender {
  readonly acked: number[] = [];
  /** When each of them was, ns of the monotonic clock. */
  readonly ackedAt: bigint[] = [];
  /** Events that were sent and not acked when a connection ended: they were sent again. */
  unsure = 0;
  readonly #port: number;
  readonly #chance: () => number;
  readonly #nextNumber: () => number;
  readonly #waiting = new Map<string, Sent>();
  #socket: net.Socket | undefined;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(port: number, nextNumber: () => number, chance: () => number) {
    this.#port = port;
    this.#nextNumber = nextNumber;
    this.#chance = chance;
    this.#connect();
  }

  /** Sends nothing new; settles when all that was sent is acked. */
  async finish(): Promise<void> {
    this.#stopped = true;
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = net.connect(this.#port, '127.0.0.1');
    this.#socket = socket;
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      for (const { bytes } of this.#waiting.values()) socket.write(bytes);
      this.#fill(socket);
    });
    socket.on('data', (bytes) => this.#acks(socket, bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { events } of connected ? this.#waiting.values() : []) this.unsure += events.length;
      if (!this.#stopped || this.#waiting.size > 0) setTimeout(() => this.#connect(), 20);
    });
  }

  #acks(socket: net.Socket, bytes: Uint8Array): void {
    const now = process.hrtime.bigint();
    // Acks are short and come whole.
    for (const answer of decodeMulti(bytes)) {
      const { ack } = answer as { readonly ack: string };
      const sent = this.#waiting.get(ack);
      if (sent === undefined) throw new Error(`an ack for ${ack}, which was not sent or was acked before`);
      this.#waiting.delete(ack);
      for (const event of sent.events) {
        this.acked.push(event);
        this.ackedAt.push(now);
      }
    }
    this.#fill(socket);
    if (this.#waiting.size === 0) this.#idle?.();
  }

  #fill(socket: net.Socket): void {
    while (!this.#stopped && this.#waiting.size < windowSize && !socket.writableNeedDrain) {
      const chunk = randomUUID();
      const count = this.#chance() < 0.02 ? 3000 : 1 + Math.floor(this.#chance() * 100);
      const text = 'x'.repeat(Math.floor(this.#chance() * 500));
      const events = Array.from({ length: count }, this.#nextNumber);
      const entries = Buffer.concat(events.map((n) => encode([1_700_000_000, { n, text }])));
      const bytes = encode([`torture.${count % 3}`, entries, { chunk, size: count }]);
      this.#waiting.set(chunk, { events, bytes });
      socket.write(bytes);
    }
  }
}
