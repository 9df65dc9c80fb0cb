// Takes the chunks that test/plugins/torture.ts brings: in peace, slowly, not at all, or not as it says. Counts how often each event came.
import { once } from 'node:events';
import net from 'node:net';
import { decodeMulti } from '@msgpack/msgpack';

/** `drops`: hangs up and has taken nothing; `denies`: has taken all and hangs up; `down`: refuses connections at once. */
export const moods = ['calm', 'slow', 'drops', 'denies', 'down'] as const;
export type Mood = (typeof moods)[number];

export class Receiver {
  mood: Mood = 'calm';
  /** Events that came at all. */
  events = 0;
  /** Events that came again in another chunk: their sender sent them again. */
  resent = 0;
  /** Events that came again in the same chunk. */
  redelivered = 0;
  readonly #server: net.Server;
  readonly #counts = new Map<number, string>();

  constructor() {
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as net.AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  has(event: number): boolean {
    return this.#counts.has(event);
  }

  #serve(socket: net.Socket): void {
    const { mood } = this;
    const pieces: Buffer[] = [];
    let size = 0;
    socket.on('error', () => undefined);
    if (mood === 'down') {
      socket.resetAndDestroy();
      return;
    }
    socket.on('data', (piece) => {
      pieces.push(piece);
      size += piece.length;
      if (mood === 'slow') {
        socket.pause();
        setTimeout(() => socket.resume(), 20);
      }
      if (mood === 'drops' && size > 20_000) {
        socket.resetAndDestroy();
        return;
      }
      const tail = pieces.length === 1 ? piece : Buffer.concat(pieces.slice(-2));
      if (tail.length >= 4 && tail.readUInt32BE(tail.length - 4) === 0) {
        this.#take(socket, Buffer.concat(pieces), mood);
      }
    });
  }

  #take(socket: net.Socket, bytes: Buffer, mood: Mood): void {
    const chunk = bytes.toString('latin1', 0, 32);
    const batches: Buffer[] = [];
    for (let at = 32; ; ) {
      const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : -1;
      if (length < 0 || at + 4 + length > bytes.length) return; // zeros in the middle
      if (length === 0) break;
      batches.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    if (mood !== 'drops') {
      for (const batch of batches) {
        for (const event of decodeMulti(batch)) this.#count(chunk, event);
      }
    }
    if (mood === 'drops' || mood === 'denies') socket.resetAndDestroy();
    else socket.end('k');
  }

  #count(chunk: string, event: unknown): void {
    const [, { n }] = event as [unknown, { readonly n: number }];
    const before = this.#counts.get(n);
    if (before === undefined) {
      this.events++;
      this.#counts.set(n, chunk);
    } else if (before === chunk) {
      this.redelivered++;
    } else {
      this.resent++;
    }
  }
}
