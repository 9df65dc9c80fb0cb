// What one process that takes events in consists of: its memory, its counters, standard output, and the graph of its plan. Reading the
// configuration, signals and the control socket are run.ts's.
import { hostname } from 'node:os';
import { systemClock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { IoMemory } from '../core/io-memory.ts';
import type { Logger, LogTap } from '../core/log.ts';
import { SharedParts } from '../core/shared-parts.ts';
import { Graph } from '../engine/graph.ts';
import type { Tap } from '../engine/label-route.ts';
import type { SharedContext } from '../engine/parts.ts';
import type { Plan } from '../engine/plan.ts';
import { standardOutput } from '../files/file-stream.ts';
import { StreamWriter } from '../files/stream-writer.ts';
import { loadWasm } from '../msgpack/wasm.ts';
import { openViewer, type ViewerRequest } from './viewer.ts';

/**
 * What is under way may take this long to arrive when the program is asked to stop, ms, where the configuration does not say it: less than
 * Docker's patience of 10 s.
 */
const drainTime = 8_000;

export interface CollectorSettings {
  readonly log: Logger;
  readonly logTap: LogTap;
  readonly workerId: number;
  /** The page that shows all that passes. */
  readonly viewer: ViewerRequest | undefined;
  /** Standard output has failed: there is no sense in going on. */
  failed(): void;
}

export class Collector {
  readonly counters = new Counters();
  readonly shared = new SharedParts();
  readonly #settings: CollectorSettings;
  readonly #context: SharedContext;
  readonly #graph: Graph;
  #drainTime: number;
  #tap: Tap | undefined;
  #closeViewer: (signal: AbortSignal) => Promise<void> = async () => {};

  /** Throws what a plug-in throws that cannot be made. Nothing is opened yet. */
  constructor(plan: Plan, settings: CollectorSettings) {
    const { log, logTap, workerId, viewer } = settings;
    this.#settings = settings;
    this.#drainTime = plan.system?.shutdownTimeout ?? drainTime;
    const io = new IoMemory();
    const onFull = (error: Error) =>
      log.warn({ code: 'STDOUT_FULL', reason: error.message }, 'No room for standard output: inputs wait for it.');
    const stdout = new StreamWriter(standardOutput(onFull), {
      memory: io,
      onFailure: (error) => {
        log.fatal({ code: error.code }, error.message);
        settings.failed();
      },
    });
    this.#context = {
      ...{ counters: this.counters, clock: systemClock, hostname: hostname(), workerId, stdout },
      ...{ shared: this.shared, io, wasm: loadWasm(io) },
    };
    const tap: Tap | undefined = viewer === undefined ? undefined : (batch, place) => this.#tap?.(batch, place);
    this.#graph = new Graph(plan, this.#context, log, { tap, logTap });
    this.shared.holding = () => this.#graph.holding;
  }

  /** Sentences that say what is not as it should be. */
  get holding(): string[] {
    return this.#graph.holding;
  }

  async start(): Promise<void> {
    const { viewer: request, log } = this.#settings;
    if (request !== undefined) {
      const viewer = await openViewer(request, { ...this.#context, shared: this.shared, log });
      this.#tap = viewer?.tap();
      this.#closeViewer = async (signal) => await viewer?.stop(signal);
    }
    await this.#graph.start().catch(async (error: unknown) => {
      await this.#closeViewer(AbortSignal.abort());
      throw error;
    });
  }

  /** As the graph's. */
  async reload(plan: Plan): Promise<void> {
    await this.#graph.reload(plan);
    this.#drainTime = plan.system?.shutdownTimeout ?? drainTime;
  }

  flush(): void {
    this.#graph.flush();
  }

  /** Delivers what is under way, as far as there is time, and closes all. False where not all was delivered, and nothing keeps the rest. */
  async stop(): Promise<boolean> {
    await this.#graph.stop(AbortSignal.timeout(this.#drainTime));
    await this.#closeViewer(AbortSignal.timeout(this.#drainTime));
    return this.shared.unfinished.size === 0;
  }
}
