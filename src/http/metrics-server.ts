// The HTTP port of `<system>`: /metrics for Prometheus and /healthz for whoever starts and stops programs. It shows no event, asks for no token,
// and answers two questions; the page has a server of its own (server.ts).
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressList } from '../core/address-list.ts';
import type { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { listenError } from '../forward/listen-error.ts';
import { addressText, type HttpAddress } from './address.ts';
import { Gate } from './gate.ts';
import { limitedServer } from './limited-server.ts';
import type { HttpLimits } from './limits.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsOptions {
  readonly address: HttpAddress;
  /** Addresses and networks that may ask; undefined: all that can connect. */
  readonly allow: readonly string[] | undefined;
  /** Names by which it is asked, beside the address. */
  readonly hosts: readonly string[];
  readonly limits: HttpLimits;
}

/** A value of a metric. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsSnapshot {
  readonly counters: readonly Sample[];
  readonly gauges: readonly Sample[];
}

export interface Health {
  readonly healthy: boolean;
  /** Sentences that say why it is not. */
  readonly reasons: readonly string[];
}

export interface MetricsSource {
  readonly log: Logger;
  readonly counters: Counters;
  readonly hostname: string;
  health(): Health | Promise<Health>;
  snapshot(): Promise<MetricsSnapshot>;
}

export class MetricsServer {
  readonly #source: MetricsSource;
  readonly #address: HttpAddress;
  readonly #server: Server;
  readonly #said = new OnceEach();
  #gate: Gate;
  #allowed: AddressList | undefined;
  #metrics: Promise<Metrics> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: MetricsOptions, source: MetricsSource) {
    this.#source = source;
    this.#address = options.address;
    this.#gate = this.#gateOf(options);
    this.#server = limitedServer(options.limits, { keepAliveTimeout: 65_000 }, (code, peer) =>
      this.#refuse(code, peer),
    );
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.configure(options);
  }

  /** Who may ask, and what that may cost, from now on. The address stays, and the bound for headers. */
  configure(options: MetricsOptions): void {
    const { connections, requestTime } = options.limits;
    this.#server.maxConnections = connections;
    this.#server.headersTimeout = requestTime;
    this.#server.requestTimeout = requestTime;
    this.#gate = this.#gateOf(options);
    this.#allowed = undefined;
    if (options.allow !== undefined) {
      this.#allowed = new AddressList();
      for (const text of options.allow) {
        this.#allowed.add(text);
      }
    }
  }

  /** Resolves when it listens. */
  start(): Promise<void> {
    const address = this.#address;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => void listenError(address, error).then(reject, reject));
      this.#server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) =>
          this.#source.log.warn({ err: error }, 'The HTTP port for metrics had an error.'),
        );
        this.#source.log.info({ address: addressText(address) }, 'Metrics and health can be asked for.');
        resolve();
      });
    });
  }

  /** May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    return this.#stopped;
  }

  #gateOf({ address, hosts }: MetricsOptions): Gate {
    return new Gate({ address, hosts, hostname: this.#source.hostname });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume(); // what comes with a request is of no interest
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    const text = (status: number, body: string) => send(response, status, 'text/plain; charset=utf-8', `${body}\n`);
    const { remoteAddress = '' } = request.socket;
    if (this.#allowed?.has(remoteAddress) === false) {
      this.#refused('ADDRESS_REFUSED', request);
      text(403, 'This address may not ask. Add it to http_allow in <system>.');
    } else if (!this.#gate.allowsHost(request.headers.host)) {
      this.#refused('HOST_REFUSED', request);
      text(421, 'This name is none of mine. Add it to http_hosts in <system>.');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      text(405, 'There is nothing to change here.');
    } else {
      await this.#show((request.url ?? '').split('?', 1)[0] ?? '', response).catch((error: unknown) => {
        this.#source.log.error({ err: error, code: 'HTTP_REQUEST_FAILED' }, 'A request for metrics failed.');
        text(500, 'The metrics could not be told; the log says why.');
      });
    }
  }

  async #show(path: string, response: ServerResponse): Promise<void> {
    if (path === '/healthz') {
      const { healthy, reasons } = await this.#source.health();
      const body = JSON.stringify({ healthy, reasons });
      send(response, healthy ? 200 : 503, 'application/json; charset=utf-8', `${body}\n`);
    } else if (path === '/metrics') {
      this.#metrics ??= import('./metrics.ts').then(({ Metrics }) => new Metrics());
      const metrics = await this.#metrics;
      send(response, 200, metrics.contentType, await metrics.text(await this.#source.snapshot()));
    } else {
      send(response, 404, 'text/plain; charset=utf-8', 'There are /metrics and /healthz.\n');
    }
  }

  #refused(code: string, request: IncomingMessage): void {
    this.#refuse(code, request.socket.remoteAddress ?? '', request.headers.host);
  }

  #refuse(code: string, peer: string, host = ''): void {
    const { counters, log } = this.#source;
    counters.get('forebay_http_refused_total', { address: addressText(this.#address), code }).value++;
    if (this.#said.first(`${code} ${host} ${peer}`)) {
      log.warn({ code, peer, host: host.slice(0, 200) }, 'A request for metrics was refused.');
    }
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  // Node leaves the body out where only the head was asked for.
  response.end(body);
}
