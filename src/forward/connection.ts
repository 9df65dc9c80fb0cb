// A socket and what speaks on it: first the handshake, where one is asked for, then the session. Which sockets there are is
// stream-listener.ts.
import type net from 'node:net';
import type { Origin } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { Stall, type StallCode, type StallLimits } from './connection-limits.ts';
import type { ListenAddress } from './listen-error.ts';
import type { HandshakeFault, HandshakeResult, ServerHandshake } from './server-handshake.ts';
import { type Link, Session, type SessionClose, type SessionSettings } from './session.ts';
import { type SourceKeys, sourceFields } from './source-fields.ts';

/** One connection may take this many bytes before others get their turn. */
const turnBytes = 4 * 1024 * 1024;

export type ConnectionClose = SessionClose | HandshakeFault | StallCode | 'FORWARD_HANDSHAKE_TIMEOUT';

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
  /** ms that a handshake may take, of TLS and of the protocol each. */
  readonly handshakeTimeout: number;
  readonly stalls: StallLimits;
  readonly connections: Counter;
  /** Told of each connection that is closed for a fault. */
  closedFor(reason: ConnectionClose, origin: Origin, cause: unknown, claims?: Readonly<Record<string, string>>): void;
}

/** Makes the handshake of a connection. */
export type HandshakeMaker = (address: string, revoked: () => void) => ServerHandshake;

/** What is known of a peer when its connection is accepted. */
export interface Peer {
  /** Its `name` is that of a client's certificate. */
  readonly origin: Origin;
  readonly host: string;
  /** Whether the socket can be reset: only a plain one can. */
  readonly plain: boolean;
}

export class Connection implements Link {
  readonly #settings: StreamListenerSettings;
  readonly #peer: Peer;
  readonly #gone: () => void;
  #handshake: ServerHandshake | undefined;
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #socket: net.Socket | undefined;
  readonly #stall = new Stall(performance.now());
  #turn = 0;
  /** Stopped because the peer does not read its acks. */
  #choked = false;
  #stopping = false;
  #idle: (() => void) | undefined;

  constructor(settings: StreamListenerSettings, peer: Peer, handshake: HandshakeMaker | undefined, gone: () => void) {
    this.#settings = settings;
    this.#peer = peer;
    this.#gone = gone;
    if (handshake === undefined) {
      this.#session = this.#open(peer.origin, undefined);
    } else {
      this.#handshake = handshake(peer.origin.address, () => this.close('FORWARD_UNFINISHED_SPENT'));
    }
  }

  /** `open` makes the socket hand its reads to the function that it is given. */
  start(open: (read: (count: number) => boolean) => net.Socket): void {
    const socket = open((count) => this.#read(count));
    this.#socket = socket;
    socket.on('end', () => (this.#session === undefined ? socket.destroySoon() : this.#session.end()));
    socket.on('error', () => undefined);
    socket.on('drain', () => {
      this.#choked = false;
      this.#stall.choked(undefined);
      this.resume();
    });
    socket.once('close', () => {
      this.#endHandshake();
      this.#session?.closed();
      this.#idle?.();
      this.#gone();
    });
    if (this.#handshake !== undefined) {
      socket.write(this.#handshake.helo);
      this.#timer = setTimeout(() => this.close('FORWARD_HANDSHAKE_TIMEOUT'), this.#settings.handshakeTimeout);
    }
    socket.resume();
  }

  send(bytes: Uint8Array): void {
    if (this.#socket?.writable === true && !this.#socket.write(bytes)) {
      this.#choked = true;
      this.#stall.choked(performance.now());
    }
    if (this.#session?.idle === true) {
      this.#idle?.();
    }
  }

  resume(): void {
    if (!this.#choked && !this.#stopping && !this.#settings.session.gate.closed && this.#socket?.destroyed === false) {
      this.#socket.resume();
    }
  }

  close(reason: ConnectionClose, cause?: unknown): void {
    this.#endHandshake();
    this.#settings.closedFor(reason, this.#peer.origin, cause);
    if (this.#settings.reset && this.#peer.plain) {
      this.#socket?.resetAndDestroy();
    } else {
      this.#socket?.destroySoon();
    }
  }

  /** Closes a connection that stands still for longer than it may. Where we do not read, the peer is not to blame. */
  closeIfStalled(now: number): void {
    if (this.#handshake !== undefined || this.#stopping || this.#socket?.destroyed !== false) {
      return;
    }
    const { session, stalls } = this.#settings;
    if (!this.#choked && (session.gate.closed || this.#session?.idle === false)) {
      this.#stall.held(now);
    }
    const code = this.#stall.over(now, stalls);
    if (code !== undefined) {
      this.close(code);
      // Nobody reads what is left to send.
      this.#socket.destroy();
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
    if (this.#session?.idle === false && !signal.aborted) {
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

  #open(origin: Origin, json: boolean | undefined): Session {
    const { session, sourceKeys } = this.#settings;
    return new Session(session, origin, sourceFields(sourceKeys, this.#peer.host, origin.address), this, json);
  }

  #read(count: number): boolean {
    let go: boolean;
    try {
      const session = this.#session;
      go = (session === undefined ? this.#shakeHands(count) : session.read(count)) && !this.#choked && !this.#stopping;
    } catch (error) {
      this.close('FORWARD_EMIT_FAILED', error);
      return false;
    }
    if (this.#session !== undefined) {
      this.#stall.read(performance.now(), count, this.#session.unfinished);
    }
    this.#turn += count;
    if (go && this.#turn > turnBytes) {
      this.#turn = 0;
      setImmediate(() => this.resume());
      return false;
    }
    return go;
  }

  /** As `Session.read`, before there is one. */
  #shakeHands(count: number): boolean {
    const { window, gate } = this.#settings.session;
    const end = window.start + count;
    const result = this.#handshake?.read(window.bytes, window.start, end);
    if (result === undefined) {
      return this.#handshake !== undefined;
    }
    this.#endHandshake();
    if (!result.ok) {
      this.#refuse(result);
      return false;
    }
    const name = result.user ?? this.#peer.origin.name ?? result.hostname;
    const session = this.#open({ ...this.#peer.origin, name }, result.json);
    this.#session = session;
    this.send(result.reply);
    if (result.next === end) {
      return !gate.closed;
    }
    // What stands behind the PING goes where a read begins.
    window.bytes.copyWithin(window.start, result.next, end);
    return session.read(end - result.next);
  }

  #endHandshake(): void {
    clearTimeout(this.#timer);
    this.#handshake?.release();
    this.#handshake = undefined;
  }

  /** Says why, and closes; without a reset, which would take the answer along. */
  #refuse({ code, reply, claims }: Extract<HandshakeResult, { readonly ok: false }>): void {
    this.#settings.closedFor(code, this.#peer.origin, undefined, claims);
    if (reply !== undefined && this.#socket?.writable === true) {
      this.#socket.write(reply);
    }
    this.#socket?.destroySoon();
  }
}
