// A viewer: one address with a page, its live stream, and the hub behind it. Several outputs and `--viewer` may feed the same one. Serving
// files and logins is http/'s.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { PageAddress, SharedParts } from '../core/shared-parts.ts';
import { addressText, type HttpAddress, isLoopback, pageUrl } from '../http/address.ts';
import { HttpServer, refuseUpgrade } from '../http/server.ts';
import { newToken } from '../http/sessions.ts';
import { Hub } from './hub.ts';
import { LiveSocket } from './live-socket.ts';
import { type Hello, livePath, loginPath, protocolVersion, type State, sessionPath } from './protocol.ts';

export interface ViewerOptions {
  readonly memorySize: number;
  /** Without one, a token is made up where the address is not a loopback one. */
  readonly token: string | undefined;
  readonly title: string;
  readonly hosts: readonly string[];
  /** What a proxy puts before all paths, as `/logs`; '' for nothing. */
  readonly basePath?: string;
}

export interface ViewerContext {
  readonly log: Logger;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly hostname: string;
  readonly shared: SharedParts;
}

const defaults: ViewerOptions = { memorySize: 64 * 1024 * 1024, token: undefined, title: '', hosts: [] };
/** Readers at once; more are refused. */
const maxReaders = 32;
/** How often clients are told how things are where nothing changes, and asked whether they are there, ms. */
const tellEvery = 5_000;
const askEvery = 20_000;
const lookEvery = 1_000;
/** What is under way to the clients may take this long at the end, ms. */
const lastTime = 2_000;

/** The viewer of an address: the one that is there already, or a new one. `options` are undefined where those of another user will do. */
export function viewerAt(context: ViewerContext, address: HttpAddress, options?: ViewerOptions): Viewer {
  const viewer = context.shared.once(
    `viewer ${addressText(address)}`,
    () => new Viewer(context, address, options ?? defaults),
  );
  if (options !== undefined && !viewer.hasOptions(options)) {
    throw new ForebayError('CONFIG_INVALID_VALUE', {
      option: 'port',
      value: address.port,
      reason: 'another viewer at this address has other options; give them the same ones, or this one another port',
    });
  }
  return viewer;
}

export class Viewer {
  readonly url: string;
  readonly #context: ViewerContext;
  readonly #options: ViewerOptions;
  readonly #hub: Hub;
  readonly #http: HttpServer;
  readonly #page: PageAddress;
  readonly #sockets = new Set<LiveSocket>();
  #webSockets: Promise<WebSocketServer> | undefined;
  /** Whether it sees all that passes: then it does not take events from outputs as well. */
  #tapped = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #toldAt = 0;
  #askedAt = 0;

  constructor(context: ViewerContext, address: HttpAddress, options: ViewerOptions) {
    this.#context = context;
    this.#options = options;
    this.url = pageUrl(address);
    this.#hub = new Hub(options);
    const token = options.token ?? (isLoopback(address.host) ? undefined : newToken());
    this.#page = { url: this.url, token };
    const { log, counters, clock, hostname, shared } = context;
    this.#http = new HttpServer({
      ...{
        address,
        hosts: options.hosts,
        basePath: options.basePath ?? '',
        token,
        log,
        counters,
        clock,
        hostname,
        loginPath,
        sessionPath,
      },
      healthy: () => shared.holding().length === 0,
    });
    this.#http.mount(livePath, (request, socket, head) => void this.#connect(request, socket, head));
  }

  hasOptions({ memorySize, token, title, hosts, basePath = '' }: ViewerOptions): boolean {
    const own = this.#options;
    return (
      own.memorySize === memorySize &&
      own.token === token &&
      own.title === title &&
      own.hosts.join() === hosts.join() &&
      (own.basePath ?? '') === basePath
    );
  }

  /** Takes a batch that a match sent here. */
  take(batch: Batch): void {
    if (!this.#tapped) {
      this.#hub.tap(batch, { label: '@ROOT', matched: true });
    }
  }

  /** What the engine calls with every batch; from now on it is the only one that feeds this viewer. */
  tap(): Hub['tap'] {
    this.#tapped = true;
    return (batch, place) => this.#hub.tap(batch, place);
  }

  /** Opens the address, once. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Sends clients what is left, closes them and the address. May be called twice. */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(signal);
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { log, shared } = this.#context;
    await this.#http.start();
    shared.pages.add(this.#page);
    this.#timer = setInterval(() => this.#look(), lookEvery);
    this.#timer.unref();
    log.info({ url: this.url }, `The page is at ${this.url}`);
    const { token } = this.#page;
    if (token !== undefined && this.#options.token === undefined) {
      // Not through the log, which may be sent elsewhere. A fragment is never sent to a server, nor kept in its logs.
      process.stderr.write(`Open the page with its token: ${this.url}#token=${token}\n`);
    }
  }

  async #stop(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    this.#context.shared.pages.delete(this.#page);
    const last = AbortSignal.any([signal, AbortSignal.timeout(lastTime)]);
    await Promise.all([...this.#sockets].map((socket) => socket.stop(last)));
    await this.#http.stop();
  }

  async #connect(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#webSockets ??= loadWebSockets();
    const server = await this.#webSockets;
    if (this.#sockets.size >= maxReaders || this.#stopped !== undefined) {
      refuseUpgrade(socket, 503, 'Service Unavailable', 'Too many viewers.');
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, socket));
  }

  #open(webSocket: WebSocket, connection: Duplex): void {
    const { counters } = this.#context;
    const live = new LiveSocket(webSocket, {
      hub: this.#hub,
      hello: this.#hello(),
      dropped: counters.get('forebay_viewer_dropped_events_total', { url: this.url }),
      connection,
    });
    this.#sockets.add(live);
    void live.closed.then(() => this.#sockets.delete(live));
  }

  /** Tells clients what has changed, or that all goes on, and asks whether they are there. */
  #look(): void {
    const now = performance.now();
    const holding = this.#context.shared.holding();
    const text = holding.join('\n');
    if (text !== this.#told || now - this.#toldAt >= tellEvery) {
      this.#told = text;
      this.#toldAt = now;
      const { oldest, next } = this.#hub;
      const state: State = { type: 'state', serverTime: Math.floor(this.#context.clock.now()), oldest, next, holding };
      for (const socket of this.#sockets) {
        socket.tell(state);
      }
    }
    if (now - this.#askedAt >= askEvery) {
      this.#askedAt = now;
      for (const socket of this.#sockets) {
        socket.ask();
      }
    }
  }

  #hello(): Hello {
    const { stream, oldest, next, memorySize } = this.#hub;
    const { clock, hostname } = this.#context;
    const serverTime = Math.floor(clock.now());
    const { title } = this.#options;
    return {
      ...{
        type: 'hello',
        version: protocolVersion,
        stream,
        node: hostname,
        title,
        serverTime,
        oldest,
        next,
        memorySize,
      },
    };
  }
}

async function loadWebSockets(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: 4096,
    // Clients that ping without reading the answers would fill our memory with them.
    autoPong: false,
  });
}
