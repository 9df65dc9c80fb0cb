// The parent of several workers: holds their listeners (node:cluster, round robin), has the page, the metrics and the control socket for all of
// them, tells them what signals mean, and starts those again that end. Events pass through the workers only (worker.ts).
import cluster from 'node:cluster';
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemClock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import { SharedParts } from '../core/shared-parts.ts';
import { type Control, startControl } from '../engine/control.ts';
import type { Plan } from '../engine/plan.ts';
import type { Health, MetricsSnapshot, Sample } from '../http/metrics-server.ts';
import type { LoadedPlan } from './load-plan.ts';
import { levelOf } from './log-level.ts';
import { gaugesOf, MetricsPort } from './metrics-port.ts';
import { Reloader } from './reloader.ts';
import type { RunRequest } from './run.ts';
import { handleSignals } from './signals.ts';
import { Watch } from './watch.ts';
import { WorkerPages } from './worker-pages.ts';
import { WorkerProcess } from './worker-process.ts';
import { sumOf, type WorkerStatus } from './worker-status.ts';

/** A worker that has not ended so long after it was asked to, ms, is ended: a little more than it takes for what is under way. */
const patience = 9_000;
/** A worker that does not answer for this long, ms, does not take events in either. */
const answerTime = 3_000;
/** The process ends so long after all is stopped, ms, whatever is left. */
const lastTime = 1_000;

export interface SupervisorSettings {
  readonly log: Logger;
  readonly plan: Plan;
  readonly loaded: LoadedPlan;
  load(): Promise<LoadedPlan>;
}

export class Supervisor {
  readonly #request: RunRequest;
  readonly #settings: SupervisorSettings;
  readonly #counters = new Counters();
  readonly #shared = new SharedParts();
  readonly #started = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<0 | 1>();
  readonly #workers: WorkerProcess[] = [];
  readonly #pages: WorkerPages;
  readonly #port: MetricsPort;
  readonly #reloader: Reloader;
  readonly #watch: Watch;
  /** Counters of workers that are no more, so that sums do not fall. */
  #past: Sample[] = [];

  constructor(request: RunRequest, settings: SupervisorSettings) {
    const { log, loaded, load } = settings;
    const counters = this.#counters;
    this.#request = request;
    this.#settings = settings;
    const shared = this.#shared;
    this.#pages = new WorkerPages({ log, counters, clock: systemClock, hostname: hostname(), shared });
    shared.holding = () => this.#reasons();
    this.#port = new MetricsPort({
      ...{ log, counters, hostname: hostname() },
      health: () => this.#health(),
      snapshot: () => this.#snapshot(),
    });
    this.#watch = new Watch({ log, changed: () => void this.#reloader.reloadIfChanged() });
    this.#reloader = new Reloader({
      ...{ file: request.file, log, counters, sources: loaded.sources, load },
      run: (plan) => this.#reload(plan),
      read: (files) => request.watch && this.#watch.follow(files),
    });
    handleSignals(log, {
      stop: () => this.#end.resolve(0),
      // One that comes earlier is heard when all of them run.
      reload: (signal) => void this.#started.promise.then(() => this.#reloader.reload(signal)),
      flush: () => this.#flush(),
    });
    process.stdout.on('error', (error) => {
      log.fatal({ code: 'STDOUT_CLOSED' }, `Standard output cannot be written any more: ${error.message}`);
      this.#end.resolve(1);
    });
    cluster.setupPrimary({
      exec: process.argv[1] as string,
      args: process.argv.slice(2),
      serialization: 'advanced',
      // A pipe takes long writes in pieces, so the lines of all workers go through this process; a file and a terminal do not.
      stdio: ['ignore', standardOutputIsPipe() ? 'pipe' : 'inherit', 'inherit', 'ipc', 'pipe'],
    });
  }

  /** Resolves with the exit code when all have ended. */
  async run(): Promise<0 | 1> {
    const { log, plan, loaded } = this.#settings;
    let control: Control | undefined;
    let code: 0 | 1 = 1;
    try {
      const port = await this.#port.open(plan.system?.http);
      await port.take();
      await this.#startWorkers(plan.system?.workers ?? 1);
      control = await this.#openControl();
      if (this.#request.watch) {
        this.#watch.follow(loaded.sources.keys());
      }
      const workers = this.#workers.length;
      log.info({ configuration: this.#request.file, control: control.path, workers }, 'Forebay is running.');
      this.#started.resolve();
      code = await this.#end.promise;
    } finally {
      this.#watch.stop();
      await this.#reloader.stop();
      await Promise.all(this.#workers.map((worker) => worker.stop(patience)));
      await this.#pages.stop();
      await this.#port.stop();
      await control?.stop();
      // All is closed; what cluster may still hold of workers that were killed is no reason to stay.
      setTimeout(() => process.exit(code), lastTime).unref();
    }
    return code;
  }

  /** The first one opens what it has before the others: what only one of them can make is then there for all, or has failed once. */
  async #startWorkers(count: number): Promise<void> {
    const added: Promise<void>[] = [];
    while (this.#workers.length < count) {
      const worker = this.#newWorker(this.#workers.length, added[0]);
      this.#workers.push(worker);
      added.push(worker.start());
    }
    const stopped = this.#end.promise.then(() => undefined);
    await Promise.race([Promise.all(added), stopped]);
  }

  #newWorker(number: number, first: Promise<void> | undefined): WorkerProcess {
    const worker: WorkerProcess = new WorkerProcess({
      number,
      log: this.#settings.log,
      turn: () => first ?? Promise.resolve(),
      answers: () => this.#pages.answersFor(number),
      relayed: (index, batch, place) => this.#pages.take(number, index, batch, place),
      ended: () => {
        this.#counters.get('forebay_worker_exits_total', { worker: String(number) }).value++;
        this.#keepCounters(worker);
      },
    });
    return worker;
  }

  #keepCounters(worker: WorkerProcess): void {
    this.#past = sumOf([this.#past, worker.status?.counters ?? []]);
    worker.status = undefined;
  }

  #flush(): void {
    for (const worker of this.#workers) {
      void worker.ask('flush').catch(() => undefined);
    }
  }

  /** All workers run the new configuration, or none does. */
  async #reload(plan: Plan): Promise<void> {
    const { log } = this.#settings;
    const count = plan.system?.workers ?? 1;
    const port = await this.#port.open(plan.system?.http);
    // One that is being started reads the new one by itself.
    const staying = this.#workers.slice(0, count).filter(({ ready }) => ready);
    const results = await Promise.allSettled(staying.map((worker) => worker.ask('reload')));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      const reloaded = staying.filter((_, index) => results[index]?.status === 'fulfilled');
      await Promise.allSettled(reloaded.map((worker) => worker.ask('revert')));
      await port.drop();
      throw failure.reason;
    }
    await port.take();
    log.level = levelOf(plan, this.#request.verbosity);
    const surplus = this.#workers.splice(count);
    await Promise.all(surplus.map((worker) => worker.stop(patience)));
    for (const worker of surplus) {
      this.#keepCounters(worker);
    }
    await this.#startWorkers(count);
  }

  #reasons(): string[] {
    return this.#workers.flatMap(({ number, ready, status }) =>
      ready
        ? (status?.holding ?? []).map((reason) => `Worker ${number}: ${reason}`)
        : [`Worker ${number} does not run.`],
    );
  }

  async #health(): Promise<Health> {
    const silent = await this.#askAll();
    const reasons = [...this.#reasons(), ...silent.map((number) => `Worker ${number} does not answer.`)];
    return { healthy: reasons.length === 0, reasons };
  }

  /** Has the workers tell how they are; the numbers of those that do not. */
  async #askAll(): Promise<number[]> {
    const asked = this.#workers.filter(({ ready }) => ready);
    const answers = await Promise.all(
      asked.map(async (worker) => {
        try {
          worker.status = (await worker.ask('status', answerTime)) as WorkerStatus;
          return [];
        } catch {
          return worker.ready ? [worker.number] : [];
        }
      }),
    );
    return answers.flat();
  }

  async #snapshot(): Promise<MetricsSnapshot> {
    const { healthy } = await this.#health();
    const told = this.#workers.flatMap(({ number, status }) => (status === undefined ? [] : [{ number, status }]));
    const perWorker = (name: string, value: (status: WorkerStatus) => number) =>
      told.map(({ number, status }) => ({ name, labels: { worker: String(number) }, value: value(status) }));
    return {
      counters: [...this.#sum(), ...perWorker('forebay_worker_cpu_seconds_total', ({ cpu }) => cpu)],
      gauges: [
        ...gaugesOf(healthy),
        { name: 'forebay_workers', labels: {}, value: this.#workers.filter(({ ready }) => ready).length },
        ...perWorker('forebay_worker_resident_memory_bytes', ({ memory }) => memory),
      ],
    };
  }

  #sum(): Sample[] {
    return sumOf([this.#past, this.#counters.list(), ...this.#workers.map(({ status }) => status?.counters ?? [])]);
  }

  #openControl(): Promise<Control> {
    return startControl({
      path: this.#request.control,
      log: this.#settings.log,
      status: async () => ({
        ...(await this.#health()),
        pid: process.pid,
        workers: this.#workers.map(({ number, pid, ready }) => ({ worker: number, pid, ready })),
        configuration: this.#request.file,
        ...(this.#reloader.failure === undefined ? {} : { configurationFailure: this.#reloader.failure }),
        pages: [...this.#shared.pages].map(({ url }) => url),
        counters: this.#sum(),
      }),
      page: () => [...this.#shared.pages][0],
      reload: () => this.#reloader.reload('control'),
    });
  }
}

function standardOutputIsPipe(): boolean {
  try {
    const stat = fstatSync(1);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false; // closed
  }
}
