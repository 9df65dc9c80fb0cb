// Sends events as Docker's fluentd log driver does: one connection, Message mode, all values strings.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ExtData, encode } from '@msgpack/msgpack';

export interface Sent {
  readonly container: string;
  readonly log: string | Uint8Array;
  /** Seconds since the epoch; a fraction makes it an EventTime. */
  readonly time?: number;
  readonly tag?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export class Sender {
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {
      // A collector that is restarted ends its connections.
    });
  }

  async open(): Promise<this> {
    if (this.#socket.connecting) {
      await once(this.#socket, 'connect');
    }
    return this;
  }

  send(event: Sent): void {
    this.#socket.write(messageOf(event));
  }

  /** Many at once, in one write. */
  sendAll(events: readonly Sent[]): Promise<void> {
    return this.write(bytesOf(events));
  }

  /** Messages that are made already. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** Any record, in any form. */
  sendRaw(tag: string, record: unknown): void {
    this.#socket.write(Buffer.from(encode([tag, Math.floor(Date.now() / 1000), record, {}])));
  }

  async close(): Promise<void> {
    if (!this.#socket.destroyed) {
      this.#socket.end();
      await once(this.#socket, 'close');
    }
  }
}

export function bytesOf(events: readonly Sent[]): Buffer {
  return Buffer.concat(events.map(messageOf));
}

/** 64 hex digits that are the same for the same name. */
function containerId(name: string): string {
  let state = 7;
  for (const char of name) {
    state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  }
  let id = '';
  while (id.length < 64) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    id += state.toString(16).padStart(8, '0');
  }
  return id.slice(0, 64);
}

function messageOf({ container, log, time, tag, fields }: Sent): Buffer {
  const at = time ?? Date.now() / 1000;
  const id = containerId(container);
  const record = { container_id: id, container_name: `/${container}`, source: 'stdout', log, ...fields };
  return Buffer.from(encode([tag ?? `docker.${container}.${id.slice(0, 12)}`, timeOf(at), record, {}]));
}

function timeOf(seconds: number): number | ExtData {
  if (Number.isInteger(seconds)) {
    return seconds;
  }
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint32(0, Math.floor(seconds));
  view.setUint32(4, Math.floor((seconds % 1) * 1e9));
  return new ExtData(0, body);
}
