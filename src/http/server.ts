// The HTTP server of an address: bounds, the gate, the token, and websockets for those who mount a path here. It listens at once with what
// Node brings; what answers requests (app.ts) is loaded afterwards, so that it delays no input.
import { existsSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { listenError } from '../forward/listen-error.ts';
import { Access, type AccessOptions, openAccess, type Visitor } from './access.ts';
import { addressText, type HttpAddress } from './address.ts';
import type { App } from './app.ts';
import { Gate } from './gate.ts';
import { type LimitCode, limitedServer } from './limited-server.ts';
import { type PageLimits, pageLimits } from './limits.ts';

export interface HttpServerSettings {
  readonly address: HttpAddress;
  readonly hosts: readonly string[];
  readonly hostname: string;
  /** Undefined where none is needed. */
  readonly token: string | undefined;
  /** Who else is let in, and what they may see. Default: nobody else. */
  readonly access?: AccessOptions;
  readonly log: Logger;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly healthy: () => boolean;
  readonly loginPath: string;
  readonly sessionPath: string;
  /** What stands before all paths where a proxy leaves it there, as `/logs`. Default: nothing. */
  readonly basePath?: string;
  /** The folder of the built page. Default: that of this program. */
  readonly page?: string;
  /** Default: those of every page. */
  readonly limits?: PageLimits;
}

/** Takes a websocket's request that has passed the gate and may see something. The socket is the taker's from here on. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor) => void;

/** What a request is refused with, and why, for the log. */
const refusals = {
  HOST_REFUSED: [421, 'Misdirected Request', 'This name is none of mine. Add it to the option hosts of the viewer.'],
  ORIGIN_REFUSED: [403, 'Forbidden', 'Another site may not connect.'],
  TOKEN_MISSING: [401, 'Unauthorized', 'A token, or a login, is needed.'],
  NOTHING_THERE: [404, 'Not Found', 'There is no websocket here.'],
} as const;
type Refusal = keyof typeof refusals;
export type HttpRefusal = Refusal | LimitCode | 'LOGIN_WRONG' | 'LOGIN_LIMITED' | 'BODY_TOO_LARGE' | 'READERS_LIMIT';

/** The app is loaded this long after the start, ms, if no request came before: the inputs come first. */
const loadAfter = 250;

export class HttpServer {
  readonly #access: Access;
  readonly #settings: HttpServerSettings;
  readonly #gate: Gate;
  readonly #server: Server;
  readonly #upgrades = new Map<string, Upgrade>();
  readonly #said = new OnceEach();
  #app: Promise<App> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: HttpServerSettings) {
    const { address, token, clock, limits = pageLimits } = settings;
    this.#settings = settings;
    this.#gate = new Gate(settings);
    this.#access = new Access({
      ...(settings.access ?? openAccess),
      ...{ token, port: address.port, clock, limits, loginEnded: () => this.#loginEnded() },
    });
    this.#server = limitedServer(
      limits,
      {
        keepAliveTimeout: 10_000,
        shouldUpgradeCallback: ({ headers: { upgrade } }) => upgrade?.toLowerCase() === 'websocket',
      },
      (code, peer) => this.#refuse(code, peer),
    );
    this.#server.on('request', (request, response) => {
      if (!withoutBase(request, settings.basePath ?? '')) {
        response.writeHead(308, { location: `${settings.basePath}/` }).end();
        return;
      }
      this.#load().then(
        ({ handle }) => handle(request, response),
        () => response.writeHead(500).end(),
      );
    });
    this.#server.on('upgrade', (request, socket, head) => {
      withoutBase(request, settings.basePath ?? '');
      void this.#upgrade(request, socket, head);
    });
  }

  /** Websockets to `path` are given to `take`. Before `start`. */
  mount(path: string, take: Upgrade): void {
    this.#upgrades.set(path, take);
  }

  /** Resolves when it listens. */
  start(): Promise<void> {
    const { address } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => void listenError(address, error).then(reject, reject));
      this.#server.listen({ host: address.host, port: address.port }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#settings.log.warn({ err: error }, 'The HTTP server had an error.'));
        this.#timer = setTimeout(() => this.#load().catch(() => {}), loadAfter);
        this.#timer.unref();
        resolve();
      });
    });
  }

  /** Takes no more connections and closes those that are open; websockets are closed by who took them. May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    const app = await this.#app?.catch(() => undefined);
    await app?.close();
  }

  #load(): Promise<App> {
    this.#app ??= this.#createApp();
    return this.#app;
  }

  async #createApp(): Promise<App> {
    const { log, healthy, loginPath, sessionPath, limits = pageLimits } = this.#settings;
    const page = this.#settings.page ?? builtPage();
    try {
      const { createApp } = await import('./app.ts');
      return await createApp({
        server: this.#server,
        access: this.#access,
        page: existsSync(page) ? page : undefined,
        healthy,
        loginPath,
        sessionPath,
        allows: (request, reply) => this.#allows(request, reply),
        bodySize: limits.bodySize,
        refused: (code, request) => this.refused(code, request.raw),
        failed: (error) => log.error({ err: error, code: 'HTTP_REQUEST_FAILED' }, 'A request failed.'),
      });
    } catch (error) {
      log.error({ err: error, code: 'HTTP_APP_BROKEN' }, 'The page cannot be served.');
      throw error;
    }
  }

  #allows(request: FastifyRequest, reply: FastifyReply): boolean {
    const { host, origin } = request.headers;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const refusal = !this.#gate.allowsHost(host)
      ? 'HOST_REFUSED'
      : reads || this.#gate.allowsOrigin(origin, host)
        ? undefined
        : 'ORIGIN_REFUSED';
    if (refusal === undefined) {
      return true;
    }
    this.refused(refusal, request.raw);
    const [status, , text] = refusals[refusal];
    void reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
    return false;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const { host, origin } = request.headers;
    const take = this.#upgrades.get((request.url ?? '').split('?', 1)[0] ?? '');
    let refusal: Refusal | undefined = !this.#gate.allowsHost(host)
      ? 'HOST_REFUSED'
      : !this.#gate.allowsOrigin(origin, host)
        ? 'ORIGIN_REFUSED'
        : take === undefined
          ? 'NOTHING_THERE'
          : undefined;
    const visitor = refusal === undefined ? await this.#access.visitor(request) : undefined;
    if (visitor !== undefined && take !== undefined) {
      take(request, socket, head, visitor);
    } else {
      refusal ??= 'TOKEN_MISSING';
      this.refused(refusal, request);
      const [status, reason, text] = refusals[refusal];
      refuseUpgrade(socket, status, reason, text);
    }
  }

  /** Counts a refusal, and logs the first of its kind. */
  refused(code: HttpRefusal, request: IncomingMessage): void {
    const { host, origin } = request.headers;
    this.#refuse(code, request.socket.remoteAddress ?? '', host, origin);
  }

  #refuse(code: HttpRefusal, peer: string, host = '', origin = ''): void {
    const { log, counters, address } = this.#settings;
    counters.get('forebay_http_refused_total', { address: addressText(address), code }).value++;
    if (code !== 'NOTHING_THERE' && this.#said.first(`${code} ${host} ${origin} ${peer}`)) {
      log.warn({ code, peer, host: host.slice(0, 200), origin: origin.slice(0, 200) }, 'An HTTP request was refused.');
    }
  }

  #loginEnded(): void {
    const { log, counters, address } = this.#settings;
    counters.get('forebay_http_logins_ended_total', { address: addressText(address) }).value++;
    if (this.#said.first('LOGINS_LIMIT')) {
      log.warn(
        { code: 'LOGINS_LIMIT' },
        'There are more logins than may be: the one that was used longest ago has ended.',
      );
    }
  }
}

/** Takes the base off a request's path; false where the path is the base without its slash, below which nothing relative would be found. */
function withoutBase(request: IncomingMessage, base: string): boolean {
  const { url = '' } = request;
  if (base !== '' && url.startsWith(`${base}/`)) {
    request.url = url.slice(base.length);
  }
  return base === '' || url !== base;
}

/** Answers a websocket's request with an error, and closes. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string, text: string): void {
  const body = `${text}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Beside the program that the build made, also when the sources run as they are. */
function builtPage(): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? '../../dist/page/' : '../page/', import.meta.url));
}
