// Turns accepted connections into TLS ones, with certificates that may be renewed while it runs. Who may connect at all, and what is said
// inside, is stream-listener.ts.
import { statSync } from 'node:fs';
import type net from 'node:net';
import tls from 'node:tls';
import { ForebayError } from '../core/errors.ts';
import { contextOptions, type MadePair, makePair, reasonOf, watchedFiles } from './tls-files.ts';
import type { TransportSettings } from './transport-options.ts';

export interface TlsAcceptorSettings {
  readonly transport: TransportSettings;
  /** For a certificate that is made. */
  readonly hostname: string;
  /** ms since the epoch. */
  readonly now: number;
  /** ms that a handshake may take. */
  readonly timeout: number;
  /** `name` is that of the peer's certificate, where one was asked for. */
  accepted(socket: tls.TLSSocket, name: string | undefined): void;
  /** A handshake came to nothing; the connection is closed. */
  failed(socket: net.Socket, reason: string): void;
  /** Renewed files are in use; or, with a reason, they cannot be, and the old ones stay. */
  renewed(reason: string | undefined): void;
}

/** Rejects with TLS_FILE_UNREADABLE or TLS_FILES_INVALID. */
export async function createTlsAcceptor(settings: TlsAcceptorSettings): Promise<TlsAcceptor> {
  try {
    const made = await makePair(settings.transport, settings.hostname, settings.now);
    return new TlsAcceptor(settings, made);
  } catch (error) {
    throw error instanceof ForebayError
      ? error
      : new ForebayError('TLS_FILES_INVALID', { reason: reasonOf(error) }, { cause: error });
  }
}

export class TlsAcceptor {
  readonly #settings: TlsAcceptorSettings;
  readonly #made: MadePair | undefined;
  readonly #server: tls.Server;
  readonly #files: readonly string[];
  /** Those whose handshakes are under way, by address and port. */
  readonly #waiting = new Map<string, net.Socket>();
  #stamp: string;
  /** The stamp of files that could not be used, so that this is said once. */
  #refused: string | undefined;

  constructor(settings: TlsAcceptorSettings, made: MadePair | undefined) {
    const { transport } = settings;
    this.#settings = settings;
    this.#made = made;
    this.#files = watchedFiles(transport);
    this.#stamp = this.#stampNow();
    this.#server = tls.createServer({
      ...contextOptions(transport, made),
      requestCert: transport.client_cert_auth,
      // Judged below: Node would close without a word to us.
      rejectUnauthorized: false,
      handshakeTimeout: settings.timeout,
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      // Whoever only asks whether the port is open goes away like this.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') {
        settings.failed(socket, reasonOf(error));
      }
      socket.destroy();
    });
  }

  /** Takes an accepted, plain connection; `accepted` or `failed` is called when its handshake is over. */
  accept(socket: net.Socket): void {
    this.#renew();
    // Whoever goes away before the handshake is over is not waited for.
    socket.allowHalfOpen = false;
    const place = placeOf(socket);
    this.#waiting.set(place, socket);
    socket.once('close', () => {
      if (this.#waiting.get(place) === socket) {
        this.#waiting.delete(place);
      }
    });
    this.#server.emit('connection', socket);
  }

  /** Closes all whose handshake is under way. */
  stop(): void {
    for (const socket of this.#waiting.values()) {
      socket.destroy();
    }
  }

  #secured(socket: tls.TLSSocket): void {
    this.#waiting.delete(placeOf(socket));
    socket.allowHalfOpen = true;
    socket.on('error', () => undefined);
    if (!this.#settings.transport.client_cert_auth) {
      this.#settings.accepted(socket, undefined);
      return;
    }
    const fault = certificateFault(socket);
    if (fault === undefined) {
      this.#settings.accepted(socket, certificateName(socket));
    } else {
      this.#settings.failed(socket, fault);
      socket.destroy();
    }
  }

  /** Certificates last for weeks: looking at the files for each connection costs less than a hundredth of its handshake. */
  #renew(): void {
    const stamp = this.#stampNow();
    if (stamp === this.#stamp) {
      return;
    }
    try {
      this.#server.setSecureContext(contextOptions(this.#settings.transport, this.#made));
      this.#stamp = stamp;
      this.#refused = undefined;
      this.#settings.renewed(undefined);
    } catch (error) {
      // The key may follow its certificate in a moment: the next connection looks again.
      if (this.#refused !== stamp) {
        this.#refused = stamp;
        this.#settings.renewed(reasonOf(error));
      }
    }
  }

  #stampNow(): string {
    return this.#files.map(stampOf).join();
  }
}

/** Changes when the file does; empty where it cannot be seen. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return '';
  }
}

function placeOf(socket: net.Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** Why the peer's certificate is not taken. A resumed session may count as authorized and have none: one must be there, too. */
function certificateFault(socket: tls.TLSSocket): string | undefined {
  if (socket.getPeerCertificate().raw === undefined) {
    return 'the peer shows no certificate';
  }
  return socket.authorized ? undefined : `the peer's certificate is refused (${socket.authorizationError})`;
}

/** The common name of the peer's certificate, or the first of its other names. */
function certificateName(socket: tls.TLSSocket): string | undefined {
  const { subject, subjectaltname } = socket.getPeerCertificate();
  const name: string | string[] | undefined = subject?.CN;
  const first = Array.isArray(name) ? name[0] : name;
  return first ?? subjectaltname?.split(', ')[0]?.replace(/^[^:]*:/, '');
}
