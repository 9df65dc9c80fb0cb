// Listens on a TCP port or a unix socket: lets in who may come, has TLS begun where it is asked for, and gives each a connection. Reads go
// straight into the process's read window where Node lets them; connections say what to do with the bytes.
import net from 'node:net';
import type { AddressList } from '../core/address-list.ts';
import type { Origin } from '../core/batch.ts';
import { adopt, adoptTls } from './adopt.ts';
import { Connection, type HandshakeMaker, type StreamListenerSettings } from './connection.ts';
import type { ConnectionLimits, ConnectionRefusal } from './connection-limits.ts';
import { listenError } from './listen-error.ts';
import type { TlsAcceptor, TlsAcceptorSettings } from './tls-acceptor.ts';

/** What stands between a socket and its events. */
export interface Protection {
  /** Who may connect; undefined: all. */
  readonly allowed: AddressList | undefined;
  /** How many may connect. */
  readonly limits: ConnectionLimits;
  /** Told of those who may not. */
  refused(address: string, code: 'FORWARD_ADDRESS_REFUSED' | ConnectionRefusal): void;
  /** Asked for once, at the start: what they need is loaded where it is used. */
  readonly handshake: (() => Promise<HandshakeMaker>) | undefined;
  readonly tls: ((settings: TlsCallbacks) => Promise<TlsAcceptor>) | undefined;
  tlsFailed(origin: Origin, reason: string): void;
}

export type TlsCallbacks = Pick<TlsAcceptorSettings, 'accepted' | 'failed'>;

/** How often connections are looked at that may stand still, ms. */
const lookEvery = 1000;

export class StreamListener {
  readonly #settings: StreamListenerSettings;
  readonly #protection: Protection;
  readonly #server: net.Server;
  readonly #connections = new Set<Connection>();
  #handshake: HandshakeMaker | undefined;
  #tls: TlsAcceptor | undefined;
  #stopping: Promise<void> | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(settings: StreamListenerSettings, protection: Protection) {
    this.#settings = settings;
    this.#protection = protection;
    this.#server = net.createServer({
      pauseOnConnect: true,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: settings.keepAlive,
    });
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  /** Where it listens, once started: `host:port`, or a path. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      return address ?? '';
    }
    return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  async start(): Promise<void> {
    const { address, backlog } = this.#settings;
    this.#handshake = await this.#protection.handshake?.();
    this.#tls = await this.#protection.tls?.({
      accepted: (socket, name) => void this.#connect(socket, this.#origin(socket, name), false),
      failed: (socket, reason) => this.#protection.tlsFailed(this.#origin(socket, undefined), reason),
    });
    const { idle, message, acks } = this.#settings.stalls;
    if (idle + message + acks > 0) {
      this.#look = setInterval(() => this.#closeStalled(), lookEvery).unref();
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => void listenError(address, error).then(reject, reject));
      this.#server.listen({ ...address, ...(backlog === undefined ? {} : { backlog }) }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', () => undefined);
        resolve();
      });
    });
  }

  /** Reading may go on everywhere. */
  resume(): void {
    for (const connection of this.#connections) {
      connection.resume();
    }
  }

  /** Takes no more connections or bytes, waits until `signal` aborts for what is pending, then closes. */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  async #stop(signal: AbortSignal): Promise<void> {
    if (!this.#server.listening) {
      return;
    }
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    clearInterval(this.#look);
    this.#tls?.stop();
    const all = [...this.#connections];
    await Promise.all(all.map((connection) => connection.stop(signal)));
    await closed;
  }

  #accept(accepted: net.Socket): void {
    accepted.on('error', () => undefined);
    const origin = this.#origin(accepted, undefined);
    const { allowed, limits } = this.#protection;
    const refusal = allowed?.has(origin.address) === false ? 'FORWARD_ADDRESS_REFUSED' : limits.admit(origin.address);
    if (refusal !== undefined) {
      this.#protection.refused(origin.address, refusal);
      accepted.destroy();
      return;
    }
    this.#settings.connections.value++;
    if (this.#tls === undefined) {
      void this.#connect(accepted, origin, true);
    } else {
      // The plain socket stays below the encrypted one, and ends with it.
      accepted.once('close', () => limits.leave(origin.address));
      this.#tls.accept(accepted);
    }
  }

  async #connect(accepted: net.Socket, origin: Origin, plain: boolean): Promise<void> {
    const settings = this.#settings;
    const host = settings.resolveHostname ? await hostName(origin) : origin.address;
    const leave = () => plain && this.#protection.limits.leave(origin.address);
    if (accepted.destroyed) {
      leave();
      return;
    }
    const { window } = settings.session;
    const peer = { origin, host, plain };
    const connection = new Connection(settings, peer, this.#handshake, () => {
      this.#connections.delete(connection);
      leave();
    });
    this.#connections.add(connection);
    connection.start((read) =>
      plain ? adopt(accepted, this.#server, window, read) : adoptTls(accepted, window, read),
    );
  }

  #closeStalled(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      connection.closeIfStalled(now);
    }
  }

  #origin(socket: net.Socket, name: string | undefined): Origin {
    const { address, listenerId } = this.#settings;
    const remote = 'path' in address ? address.path : (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    return { listener: listenerId, address: remote, port: socket.remotePort ?? 0, name };
  }
}

/** The peer's host name, or its address where it has none. */
async function hostName(origin: Origin): Promise<string> {
  try {
    const { lookupService } = await import('node:dns/promises');
    return (await lookupService(origin.address, origin.port)).hostname;
  } catch {
    return origin.address;
  }
}
