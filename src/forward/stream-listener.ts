// Listens on a TCP port or a unix socket and gives each connection a session. Reads go straight into the process's read window where Node lets
// them; sessions say what to do with the bytes.
import net from 'node:net';
import type { Origin } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { adopt } from './adopt.ts';
import { type ListenAddress, listenError } from './listen-error.ts';
import { type Link, Session, type SessionClose, type SessionSettings } from './session.ts';
import { type SourceKeys, sourceFields } from './source-fields.ts';

/** One connection may take this many bytes before others get their turn. */
const turnBytes = 4 * 1024 * 1024;

export interface StreamListenerSettings {
  readonly address: ListenAddress;
  readonly backlog: number | undefined;
  readonly keepAlive: boolean;
  /** Whether a connection that is closed for a fault is reset (`linger_timeout 0`). */
  readonly reset: boolean;
  /** Whether peers' host names are asked for (`resolve_hostname`, or a `source_hostname_key`). */
  readonly resolveHostname: boolean;
  readonly sourceKeys: SourceKeys;
  readonly listenerId: string;
  readonly session: SessionSettings;
  readonly connections: Counter;
  /** Told of each connection that is closed for a fault. */
  closedFor(reason: SessionClose, origin: Origin, cause: unknown): void;
}

export class StreamListener {
  readonly #settings: StreamListenerSettings;
  readonly #server: net.Server;
  readonly #connections = new Set<Connection>();
  #stopping: Promise<void> | undefined;

  constructor(settings: StreamListenerSettings) {
    this.#settings = settings;
    this.#server = net.createServer({
      pauseOnConnect: true,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: settings.keepAlive,
    });
    this.#server.on('connection', (socket) => void this.#accept(socket));
  }

  /** Where it listens, once started: `host:port`, or a path. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      return address ?? '';
    }
    return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  start(): Promise<void> {
    const { address, backlog } = this.#settings;
    return new Promise((resolve, reject) => {
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
    const all = [...this.#connections];
    await Promise.all(all.map((connection) => connection.stop(signal)));
    await closed;
  }

  async #accept(accepted: net.Socket): Promise<void> {
    const { settings, origin } = { settings: this.#settings, origin: this.#origin(accepted) };
    settings.connections.value++;
    accepted.on('error', () => undefined);
    const host = settings.resolveHostname ? await hostName(origin) : origin.address;
    if (accepted.destroyed) {
      return;
    }
    const connection = new Connection(settings, origin, host, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    connection.start(accepted, this.#server);
  }

  #origin(socket: net.Socket): Origin {
    const { address, listenerId } = this.#settings;
    const remote = 'path' in address ? address.path : (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    return { listener: listenerId, address: remote, port: socket.remotePort ?? 0, name: undefined };
  }
}

/** A socket and its session. */
class Connection implements Link {
  readonly #settings: StreamListenerSettings;
  readonly #origin: Origin;
  readonly #session: Session;
  readonly #gone: () => void;
  #socket: net.Socket | undefined;
  #turn = 0;
  /** Stopped because the peer does not read its acks. */
  #choked = false;
  #stopping = false;
  #idle: (() => void) | undefined;

  constructor(settings: StreamListenerSettings, origin: Origin, host: string, gone: () => void) {
    this.#settings = settings;
    this.#origin = origin;
    this.#gone = gone;
    this.#session = new Session(
      settings.session,
      origin,
      sourceFields(settings.sourceKeys, host, origin.address),
      this,
    );
  }

  start(accepted: net.Socket, server: net.Server): void {
    const socket = adopt(accepted, server, this.#settings.session.window, (count) => this.#read(count));
    this.#socket = socket;
    socket.on('end', () => this.#session.end());
    socket.on('error', () => undefined);
    socket.on('drain', () => {
      this.#choked = false;
      this.resume();
    });
    socket.once('close', () => {
      this.#session.closed();
      this.#idle?.();
      this.#gone();
    });
    socket.resume();
  }

  #read(count: number): boolean {
    let go: boolean;
    try {
      go = this.#session.read(count) && !this.#choked && !this.#stopping;
    } catch (error) {
      this.close('FORWARD_EMIT_FAILED', error);
      return false;
    }
    this.#turn += count;
    if (go && this.#turn > turnBytes) {
      this.#turn = 0;
      setImmediate(() => this.resume());
      return false;
    }
    return go;
  }

  send(bytes: Uint8Array): void {
    if (this.#socket?.writable === true && !this.#socket.write(bytes)) {
      this.#choked = true;
    }
    if (this.#session.idle) {
      this.#idle?.();
    }
  }

  resume(): void {
    if (!this.#choked && !this.#stopping && !this.#settings.session.gate.closed && this.#socket?.destroyed === false) {
      this.#socket.resume();
    }
  }

  close(reason: SessionClose, cause?: unknown): void {
    this.#settings.closedFor(reason, this.#origin, cause);
    if (this.#settings.reset) {
      this.#socket?.resetAndDestroy();
    } else {
      this.#socket?.destroySoon();
    }
  }

  finish(): void {
    this.#socket?.destroySoon();
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) {
      return;
    }
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (!this.#session.idle && !signal.aborted) {
      await idle;
    }
    socket.destroySoon();
    // A peer that reads nothing must not hold the stop.
    const destroy = () => socket.destroy();
    if (signal.aborted) {
      destroy();
    }
    signal.addEventListener('abort', destroy, { once: true });
    await closed;
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
