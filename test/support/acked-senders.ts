// Senders of the forward protocol that ask for an ack for each chunk and go on until they are told to stop: what was acked must have come out.
import { once } from 'node:events';
import net from 'node:net';
import { encode } from '@msgpack/msgpack';

export interface SenderOptions {
  readonly port: number;
  readonly connections: number;
  /** Events of a chunk. */
  readonly chunk: number;
  /** Asked after each ack of a connection: whether it sends another chunk. */
  goOn(acked: number): boolean;
  /** Chunks of a connection that wait for their acks. */
  readonly inFlight?: number;
  /** Whether a connection that breaks is opened again, and what had no ack sent once more. */
  readonly again?: boolean;
}

export interface Sent {
  /** Events that were acked. */
  readonly acked: number;
  /** `c` and `n` of every event that was sent, as `c:n`. */
  readonly events: readonly string[];
  /** Connections that broke. */
  readonly broken: number;
}

/** Sends `{"c": connection, "n": number}` with the tag `app.c`; resolves when every connection has had its last ack. */
export async function sendAcked(options: SenderOptions): Promise<Sent> {
  const state: State = { acked: 0, events: [], broken: 0 };
  await Promise.all(Array.from({ length: options.connections }, (_, c) => new Sender(c, options, state).run()));
  return state;
}

/** Of lines like `{"c":1,"n":2}`: events that were sent and are not there, and lines that no event was sent for, or a second time. */
export function compare(
  lines: readonly string[],
  events: readonly string[],
): { readonly lost: readonly string[]; readonly more: readonly string[] } {
  const left = new Set(events);
  const more = lines.filter((line) => {
    const [, c, n] = /^\{"c":(\d+),"n":(\d+)\}$/.exec(line) ?? [];
    return !left.delete(`${c}:${n}`);
  });
  return { lost: [...left].slice(0, 10), more: more.slice(0, 10) };
}

interface State {
  acked: number;
  readonly events: string[];
  broken: number;
}

class Sender {
  readonly #c: number;
  readonly #options: SenderOptions;
  readonly #state: State;
  #next = 0;
  #chunk = 0;
  /** What waits for its ack, by the bytes of the ack. */
  readonly #waiting: { readonly ack: Buffer; readonly message: Buffer; readonly events: string[] }[] = [];

  constructor(c: number, options: SenderOptions, state: State) {
    this.#c = c;
    this.#options = options;
    this.#state = state;
  }

  async run(): Promise<void> {
    for (;;) {
      const done = await this.#connection();
      if (done) {
        return;
      }
      this.#state.broken++;
      if (this.#options.again !== true) {
        throw new Error(`Connection ${this.#c} was closed with ${this.#waiting.length} chunks without an ack.`);
      }
    }
  }

  /** Whether all that was sent is acked, and no more is to be sent. */
  async #connection(): Promise<boolean> {
    const socket = net.connect({ port: this.#options.port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    let received = Buffer.alloc(0);
    let ended = false;
    for (const { message } of this.#waiting) {
      socket.write(message);
    }
    const fill = () => {
      while (!ended && this.#waiting.length < (this.#options.inFlight ?? 4)) {
        if (!this.#options.goOn(this.#state.acked)) {
          ended = true;
        } else {
          socket.write(this.#make());
        }
      }
      if (ended && this.#waiting.length === 0) {
        socket.end();
      }
    };
    socket.on('connect', fill);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (;;) {
        const [first] = this.#waiting;
        if (first === undefined || received.length < first.ack.length) {
          break;
        }
        if (!received.subarray(0, first.ack.length).equals(first.ack)) {
          socket.destroy(new Error('An ack that is not the next one.'));
          return;
        }
        received = received.subarray(first.ack.length);
        this.#waiting.shift();
        this.#state.acked += first.events.length;
      }
      fill();
    });
    await closed;
    return ended && this.#waiting.length === 0;
  }

  #make(): Buffer {
    const chunk = `${this.#c}-${this.#chunk++}`;
    const events: string[] = [];
    const entries: Uint8Array[] = [];
    for (let i = 0; i < this.#options.chunk; i++) {
      const n = this.#next++;
      events.push(`${this.#c}:${n}`);
      entries.push(encode([1_700_000_000, { c: this.#c, n }]));
    }
    const message = Buffer.from(encode([`app.${this.#c}`, Buffer.concat(entries), { chunk }]));
    this.#waiting.push({ ack: Buffer.from(encode({ ack: chunk })), message, events });
    for (const event of events) {
      this.#state.events.push(event);
    }
    return message;
  }
}
