// A viewer: one address with a page, its live stream, and the hub behind it. Several outputs and `--viewer` may feed the same one. Serving
// files and logins is http/'s.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import type { PageAddress, SharedParts } from '../core/shared-parts.ts';
import { openAccess, type Visitor } from '../http/access.ts';
import { addressText, type HttpAddress, isLoopback, pageUrl } from '../http/address.ts';
import { HttpServer, refuseUpgrade } from '../http/server.ts';
import { newToken } from '../http/sessions.ts';
import { Hub, type TapPlace } from './hub.ts';
import { LiveSocket, type ReaderFault } from './live-socket.ts';
import { type Hello, livePath, loginPath, protocolVersion, type State, sessionPath } from './protocol.ts';
import { type Relay, relayPart } from './relay.ts';
import { type ViewerLimits, viewerLimits } from './viewer-limits.ts';
import { otherOptions, sameOptions, type ViewerOptions } from './viewer-options.ts';

export interface ViewerContext {
  readonly log: Logger;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly hostname: string;
  readonly shared: SharedParts;
}

const defaults: ViewerOptions = {
  memorySize: 64 * 1024 * 1024,
  token: undefined,
  title: '',
  hosts: [],
  access: openAccess,
};
/** How often clients are told how things are where nothing changes, and asked whether they are there, ms. */
const tellEvery = 5_000;
const askEvery = 20_000;
const lookEvery = 1_000;
/** Of setTimeout, ms. */
const longestTimer = 2 ** 31 - 1;
/** What is under way to the clients may take this long at the end, ms. */
const lastTime = 2_000;

/** What feeds a page: outputs, and the engine's tap. */
export interface Viewer {
  /** Opens the address, once. `user` is who feeds it from now on. */
  start(user?: object): Promise<void>;
  /** When the last user is gone: sends clients what is left, closes them and the address. May be called twice. */
  stop(signal: AbortSignal, user?: object): Promise<void>;
  /** Takes a batch that a match sent here. */
  take(batch: Batch): void;
  /** What the engine calls with every batch; from now on it is the only one that feeds this viewer. */
  tap(): Hub['tap'];
}

/** The viewer of an address: the one that is there already, or a new one. `options` are undefined where those of another user will do. */
export function viewerAt(context: ViewerContext, address: HttpAddress, options?: ViewerOptions): Viewer {
  const relay = context.shared.find<Relay>(relayPart);
  return relay === undefined ? pageAt(context, address, options) : relay.viewerAt(address, options);
}

/** The same, in the process that has the page. */
export function pageAt(context: ViewerContext, address: HttpAddress, options?: ViewerOptions): PageViewer {
  const viewer = context.shared.once(
    `viewer ${addressText(address)}`,
    (name) => new PageViewer(context, name, address, options ?? defaults),
  );
  if (options !== undefined && !viewer.hasOptions(options)) {
    throw otherOptions(address);
  }
  return viewer;
}

export class PageViewer implements Viewer {
  readonly url: string;
  readonly #context: ViewerContext;
  readonly #name: string;
  readonly #options: ViewerOptions;
  readonly #limits: ViewerLimits;
  readonly #said = new OnceEach();
  readonly #hub: Hub;
  readonly #http: HttpServer;
  readonly #page: PageAddress;
  readonly #sockets = new Set<LiveSocket>();
  readonly #users = new Set<object>();
  readonly #closed = Promise.withResolvers<void>();
  #webSockets: Promise<WebSocketServer> | undefined;
  /** Whether it sees all that passes: then it does not take events from outputs as well. */
  #tapped = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #toldAt = 0;
  #askedAt = 0;

  /** `name` is that of the part which it is of those that the process shares. */
  constructor(context: ViewerContext, name: string, address: HttpAddress, options: ViewerOptions) {
    this.#context = context;
    this.#name = name;
    this.#options = options;
    this.url = pageUrl(address);
    this.#limits = options.limits ?? viewerLimits;
    this.#hub = new Hub({ memorySize: options.memorySize, backlogSize: this.#limits.backlogSize });
    const { access } = options;
    // Users and proxies let people in as the token does.
    const hasOthers = access !== undefined && (access.users.length > 0 || access.proxyHeader !== undefined);
    const isOpen = isLoopback(address.host) || hasOthers;
    const token = options.token ?? (isOpen ? undefined : newToken());
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
      ...(access === undefined ? {} : { access }),
      limits: this.#limits,
      healthy: () => shared.holding().length === 0,
    });
    this.#http.mount(livePath, (...args) => void this.#connect(...args));
  }

  hasOptions(options: ViewerOptions): boolean {
    return sameOptions(this.#options, options);
  }

  /** Resolves when the last user is gone, and the address is free. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  take(batch: Batch): void {
    if (!this.#tapped) {
      this.#hub.tap(batch, { label: '@ROOT', matched: true });
    }
  }

  /** Takes a batch that another process relays, which has seen to it that it comes once. */
  relay(batch: Batch, place: TapPlace): void {
    this.#hub.tap(batch, place);
  }

  tap(): Hub['tap'] {
    this.#tapped = true;
    return (batch, place) => this.#hub.tap(batch, place);
  }

  start(user: object = this): Promise<void> {
    this.#users.add(user);
    this.#started ??= this.#start();
    return this.#started;
  }

  async stop(signal: AbortSignal, user: object = this): Promise<void> {
    this.#users.delete(user);
    if (this.#users.size === 0) {
      this.#stopped ??= this.#stop(signal);
      await this.#stopped;
    }
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
    this.#context.shared.drop(this.#name);
    this.#context.shared.pages.delete(this.#page);
    const last = AbortSignal.any([signal, AbortSignal.timeout(lastTime)]);
    await Promise.all([...this.#sockets].map((socket) => socket.stop(last)));
    await this.#http.stop();
    this.#closed.resolve();
  }

  async #connect(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): Promise<void> {
    const { readers, messageSize } = this.#limits;
    this.#webSockets ??= loadWebSockets(messageSize);
    const server = await this.#webSockets;
    if (this.#sockets.size >= readers || this.#stopped !== undefined) {
      this.#http.refused('READERS_LIMIT', request);
      refuseUpgrade(socket, 503, 'Service Unavailable', 'Too many viewers.');
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#open(webSocket, socket, visitor, request.socket.remoteAddress ?? ''),
    );
  }

  #open(webSocket: WebSocket, connection: Duplex, { tags, until }: Visitor, peer: string): void {
    const { counters } = this.#context;
    const live = new LiveSocket(webSocket, {
      hub: this.#hub,
      hello: this.#hello(),
      dropped: counters.get('forebay_viewer_dropped_events_total', { url: this.url }),
      connection,
      allowed: tags,
      messages: this.#limits.messages,
      noticed: (code) => this.#noticed(code, peer),
    });
    this.#sockets.add(live);
    const holding = this.#context.shared.holding();
    if (holding.length > 0) {
      live.tell(this.#state(holding));
    }
    const left = until === undefined ? undefined : until - this.#context.clock.now();
    const end =
      left === undefined
        ? undefined
        : setTimeout(() => webSocket.close(1008, 'The login has ended.'), Math.min(left, longestTimer)).unref();
    void live.closed.then(() => {
      clearTimeout(end);
      this.#sockets.delete(live);
    });
  }

  /** Says what is wrong with a reader, once for each address; what it lost is counted where it is lost. */
  #noticed(code: ReaderFault, peer: string): void {
    const { log, counters } = this.#context;
    if (code !== 'READER_BEHIND') {
      counters.get('forebay_viewer_closed_total', { url: this.url, code }).value++;
    }
    if (this.#said.first(`${code} ${peer}`)) {
      log.warn({ code, peer, url: this.url }, readerFaults[code]);
    }
  }

  /** Tells clients what has changed, or that all goes on, and asks whether they are there. */
  #look(): void {
    const now = performance.now();
    const holding = this.#context.shared.holding();
    const text = holding.join('\n');
    if (text !== this.#told || now - this.#toldAt >= tellEvery) {
      this.#told = text;
      this.#toldAt = now;
      const state = this.#state(holding);
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

  #state(holding: readonly string[]): State {
    const { oldest, next } = this.#hub;
    return { type: 'state', serverTime: Math.floor(this.#context.clock.now()), oldest, next, holding };
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

const readerFaults: Readonly<Record<ReaderFault, string>> = {
  MESSAGE_TOO_LARGE: 'A reader of the page sent a message that is too large: closing it.',
  MESSAGES_LIMIT: 'A reader of the page sends too many messages: closing it.',
  READER_BEHIND: 'A reader of the page is too slow, and loses events.',
};

async function loadWebSockets(maxPayload: number): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    // Clients that ping without reading the answers would fill our memory with them.
    autoPong: false,
  });
}
