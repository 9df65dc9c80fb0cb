// One of several workers: takes events in as a process alone does, behind listeners that the parent holds (node.md, 7), and does otherwise what
// the parent asks for. Page, metrics, control socket and signals are the parent's (supervisor.ts).
import cluster from 'node:cluster';
import { Socket } from 'node:net';
import type { Counters } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import { createLog, type Logger, type LogTap } from '../core/log.ts';
import type { Plan } from '../engine/plan.ts';
import { Relay } from '../live/relay.ts';
import { Registry } from '../plugin/registry.ts';
import { Collector } from './collector.ts';
import { loadPlan } from './load-plan.ts';
import { levelOf } from './log-level.ts';
import type { RunRequest } from './run.ts';
import { relayDescriptor, workerVariable } from './worker-environment.ts';
import { WorkerLink } from './worker-link.ts';
import { ownStatus } from './worker-status.ts';

/** How often the parent is told how the worker is, ms. */
const tellEvery = 1_000;

/** Resolves with the exit code when the worker has stopped. */
export async function runWorker(request: RunRequest): Promise<0 | 1 | 2> {
  const worker = Number(process.env[workerVariable]);
  // A terminal and a container tell all processes of a group; the parent says what is to be done.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => {});
  }
  const registry = new Registry();
  const { file, strict, plugins } = request;
  const load = () => loadPlan(file, { strict, plugins, registry, workerId: String(worker), worker });
  const { plan } = await load();
  if (plan === undefined) {
    return 2; // it has changed since the parent looked at it, which will say so
  }
  const logTap: LogTap = { take: undefined };
  const root = await createLog({ level: levelOf(plan, request.verbosity), format: request.logFormat }, logTap);
  const log = root.child({ worker });
  request.started();
  try {
    return await new Worker(request, { worker, log, logTap, plan, load }).run();
  } catch (error) {
    log.fatal({ ...(error instanceof ForebayError ? { code: error.code } : { err: error }) }, (error as Error).message);
    return 1;
  } finally {
    if (process.connected) {
      process.disconnect();
    }
  }
}

interface WorkerSettings {
  readonly worker: number;
  readonly log: Logger;
  readonly logTap: LogTap;
  readonly plan: Plan;
  load(): ReturnType<typeof loadPlan>;
}

class Worker {
  readonly #request: RunRequest;
  readonly #settings: WorkerSettings;
  readonly #end = Promise.withResolvers<0 | 1>();
  readonly #relay = new Socket({ fd: relayDescriptor, readable: false, writable: true });
  readonly #link: WorkerLink;
  readonly #collector: Collector;
  #plan: Plan;
  /** What ran before the last reload, to go back to where another worker could not. */
  #before: Plan;
  #reloading: Promise<void> = Promise.resolve();

  constructor(request: RunRequest, settings: WorkerSettings) {
    const { worker, log, logTap, plan } = settings;
    this.#request = request;
    this.#settings = settings;
    this.#plan = plan;
    this.#before = plan;
    this.#link = new WorkerLink((message) => process.send?.(message), {
      stop: () => this.#end.resolve(0),
      flush: () => this.#collector.flush(),
      reload: () => this.#one(() => this.#reload()),
      revert: () => this.#one(() => this.#run(this.#before)),
      status: () => this.#status(),
    });
    this.#collector = new Collector(plan, {
      ...{ log, logTap, workerId: worker, workers: plan.system?.workers ?? 1, viewer: request.viewer },
      relay: (counters) => this.#openRelay(counters),
      failed: () => this.#end.resolve(1),
    });
    process.on('message', (message) => this.#link.receive(message as Parameters<WorkerLink['receive']>[0]));
    // The parent is gone: what is under way still arrives, instead of an end at once, which is what Node does otherwise.
    if (cluster.worker !== undefined) {
      cluster.worker.exitedAfterDisconnect = true;
    }
    process.once('disconnect', () => this.#end.resolve(0));
    this.#relay.on('error', () => this.#relay.destroy());
  }

  async run(): Promise<0 | 1> {
    // All are loaded at the same time, and open what they have one behind the other.
    await this.#link.ask('turn');
    await this.#collector.start();
    const timer = setInterval(() => void this.#link.ask('tell', this.#status()).catch(() => undefined), tellEvery);
    void this.#link.ask('ready').catch(() => undefined);
    const code = await this.#end.promise;
    clearInterval(timer);
    await this.#reloading.catch(() => undefined);
    const whole = await this.#collector.stop();
    await this.#link.ask('tell', this.#status(), 1_000).catch(() => undefined);
    this.#relay.destroy();
    return whole ? code : 1;
  }

  /** One reload after the other, and none beside the stop. */
  #one(reload: () => Promise<void>): Promise<void> {
    this.#reloading = this.#reloading.catch(() => undefined).then(reload);
    return this.#reloading;
  }

  async #reload(): Promise<void> {
    const { plan, problems } = await this.#settings.load();
    if (plan === undefined) {
      throw new Error(`the configuration has changed meanwhile: ${problems[0]?.text ?? ''}`);
    }
    const before = this.#plan;
    await this.#run(plan);
    this.#before = before;
  }

  async #run(plan: Plan): Promise<void> {
    const { log } = this.#settings;
    const level = log.level;
    log.level = levelOf(plan, this.#request.verbosity);
    try {
      await this.#collector.reload(plan);
      this.#plan = plan;
    } catch (error) {
      log.level = level;
      throw error;
    }
  }

  #status() {
    return ownStatus(this.#collector.counters.list(), this.#collector.holding);
  }

  #openRelay(counters: Counters): Relay {
    const relay = this.#relay;
    const link = this.#link;
    return new Relay({
      open: async (index, address, options) => void (await link.ask('open', { index, address, options })),
      close: async (index) => void (await link.ask('close', { index }).catch(() => undefined)),
      write(index, parts, sent) {
        if (relay.destroyed) {
          return false;
        }
        relay.cork();
        relay.write(Buffer.of(index));
        for (const [at, part] of parts.entries()) {
          relay.write(part, at === parts.length - 1 ? () => sent() : undefined);
        }
        relay.uncork();
        return true;
      },
      dropped: counters.get('forebay_relay_dropped_events_total'),
    });
  }
}
