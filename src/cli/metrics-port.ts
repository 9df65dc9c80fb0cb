// The HTTP port of `<system>` through reloads: opened before the new configuration runs, so that one which cannot be keeps it from running.
import { addressText } from '../http/address.ts';
import type { MetricsOptions, MetricsServer, MetricsSource, Sample } from '../http/metrics-server.ts';
import { version } from './version.ts';

/** A port that is ready: `take` uses it from now on, `drop` goes on with what was before. */
export interface ReadyPort {
  take(): Promise<void>;
  drop(): Promise<void>;
}

export class MetricsPort {
  readonly #source: MetricsSource;
  #server: MetricsServer | undefined;
  #address: string | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /** Opens the port of these options, undefined where there is to be none. Rejects where it cannot be. */
  async open(options: MetricsOptions | undefined): Promise<ReadyPort> {
    const address = options === undefined ? undefined : addressText(options.address);
    if (options !== undefined && address === this.#address) {
      return { take: async () => this.#server?.configure(options), drop: async () => {} };
    }
    const server = options === undefined ? undefined : await this.#start(options);
    return {
      take: async () => {
        const before = this.#server;
        this.#server = server;
        this.#address = address;
        await before?.stop();
      },
      drop: async () => await server?.stop(),
    };
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  async #start(options: MetricsOptions): Promise<MetricsServer> {
    const { MetricsServer } = await import('../http/metrics-server.ts');
    const server = new MetricsServer(options, this.#source);
    await server.start();
    return server;
  }
}

/** What is told beside the counters. */
export function gaugesOf(healthy: boolean): Sample[] {
  return [
    { name: 'forebay_healthy', labels: {}, value: healthy ? 1 : 0 },
    { name: 'forebay_info', labels: { version: version() }, value: 1 },
  ];
}
