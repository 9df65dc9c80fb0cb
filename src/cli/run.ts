// `forebay run`: starts what a configuration says, runs it anew when it changes, and ends it in peace when it is asked to.
import { hostname } from 'node:os';
import { ForebayError } from '../core/errors.ts';
import { createLog, type Logger, type LogTap } from '../core/log.ts';
import { type Control, startControl } from '../engine/control.ts';
import type { Plan } from '../engine/plan.ts';
import type { Health } from '../http/metrics-server.ts';
import { Registry } from '../plugin/registry.ts';
import { Collector } from './collector.ts';
import { type LoadedPlan, loadPlan } from './load-plan.ts';
import { loadWorkers } from './load-workers.ts';
import { levelOf } from './log-level.ts';
import { gaugesOf, MetricsPort } from './metrics-port.ts';
import { Reloader } from './reloader.ts';
import { countProblems, describeProblems } from './report.ts';
import { handleSignals } from './signals.ts';
import type { ViewerRequest } from './viewer.ts';
import { Watch } from './watch.ts';
import { workerVariable } from './worker-environment.ts';

export interface RunRequest {
  readonly file: string;
  readonly strict: boolean;
  readonly control: string | undefined;
  /** Folders with plug-ins of the user's. */
  readonly plugins: readonly string[];
  readonly logFormat: 'text' | 'json';
  readonly verbosity: number;
  /** The page that shows all that passes. */
  readonly viewer: ViewerRequest | undefined;
  /** Whether a change of the configuration is taken without being asked to. */
  readonly watch: boolean;
  /** To be called when what only a start does is done. */
  started(): void;
  /** Fluentd's flags that have no effect, to be named. */
  readonly ignored: readonly string[];
}

/** Resolves with the exit code when the program has stopped. */
export async function run(request: RunRequest): Promise<0 | 1 | 2> {
  if (process.env[workerVariable] !== undefined && process.send !== undefined) {
    const { runWorker } = await import('./worker.ts');
    return await runWorker(request);
  }
  // Plug-ins are loaded once: those of an unchanged configuration stay the same through all reloads.
  const registry = new Registry();
  const { file, strict, plugins } = request;
  const load = () => loadPlan(file, { strict, plugins, registry, workerId: '0', worker: 0 });
  const first = await load();
  const several = (first.plan?.system?.workers ?? 1) > 1;
  const loaded = several ? await loadWorkers(request, registry) : first;
  const { plan, problems, dropped, sources } = loaded;
  if (problems.length > 0) {
    process.stderr.write(`${describeProblems(problems, sources, dropped)}\n`);
  }
  if (plan === undefined) {
    process.stderr.write(`${file}: ${countProblems(problems)}. Nothing was started.\n`);
    return 2;
  }
  const logTap: LogTap = { take: undefined };
  const log = await createLog({ level: levelOf(plan, request.verbosity), format: request.logFormat }, logTap);
  if (request.ignored.length > 0) {
    log.info({ flags: request.ignored }, 'Flags of Fluentd that have no effect here.');
  }
  request.started();
  try {
    if (several) {
      const { Supervisor } = await import('./supervisor.ts');
      const reload = () => loadWorkers(request, registry);
      return await new Supervisor(request, { log, plan, loaded, load: reload }).run();
    }
    return await new Run(request, { log, logTap, plan, loaded, load }).run();
  } catch (error) {
    log.fatal({ ...(error instanceof ForebayError ? { code: error.code } : { err: error }) }, (error as Error).message);
    return 1;
  }
}

interface RunSettings {
  readonly log: Logger;
  readonly logTap: LogTap;
  readonly plan: Plan;
  readonly loaded: LoadedPlan;
  load(): Promise<LoadedPlan>;
}

/** The process, from its start to its end. */
class Run {
  readonly #request: RunRequest;
  readonly #settings: RunSettings;
  readonly #started = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<0 | 1>();
  readonly #collector: Collector;
  readonly #reloader: Reloader;
  readonly #watch: Watch;
  readonly #port: MetricsPort;

  constructor(request: RunRequest, settings: RunSettings) {
    const { log, logTap, plan, loaded, load } = settings;
    this.#request = request;
    this.#settings = settings;
    handleSignals(log, {
      stop: () => this.#end.resolve(0),
      // One that comes earlier is heard when there is something to put in place of.
      reload: (signal) => void this.#started.promise.then(() => this.#reloader.reload(signal)),
      flush: () => void this.#started.promise.then(() => this.#collector.flush()),
    });
    this.#collector = new Collector(plan, {
      ...{ log, logTap, workerId: 0, workers: 1, viewer: request.viewer },
      failed: () => this.#end.resolve(1),
    });
    const { counters } = this.#collector;
    this.#port = new MetricsPort({
      ...{ log, counters, hostname: hostname() },
      health: () => this.#health(),
      snapshot: async () => ({ counters: counters.list(), gauges: gaugesOf(this.#health().healthy) }),
    });
    this.#watch = new Watch({ log, changed: () => void this.#reloader.reloadIfChanged() });
    this.#reloader = new Reloader({
      ...{ file: request.file, log, counters, sources: loaded.sources, load },
      run: (next) => this.#run(next),
      read: (files) => request.watch && this.#watch.follow(files),
    });
  }

  async run(): Promise<0 | 1> {
    const { log, loaded } = this.#settings;
    const port = await this.#port.open(this.#settings.plan.system?.http);
    await port.take();
    try {
      await this.#collector.start();
    } catch (error) {
      await this.#port.stop();
      throw error;
    }
    const control = await this.#openControl();
    if (this.#request.watch) {
      this.#watch.follow(loaded.sources.keys());
    }
    log.info({ configuration: this.#request.file, control: control.path }, 'Forebay is running.');
    this.#started.resolve();
    const code = await this.#end.promise;
    this.#watch.stop();
    await this.#reloader.stop();
    const whole = await this.#collector.stop();
    await this.#port.stop();
    await control.stop();
    return whole ? code : 1;
  }

  async #run(plan: Plan): Promise<void> {
    const { log } = this.#settings;
    if ((plan.system?.workers ?? 1) > 1) {
      throw new Error('workers can be set to more than 1 at the start only');
    }
    const before = log.level;
    const port = await this.#port.open(plan.system?.http);
    log.level = levelOf(plan, this.#request.verbosity);
    try {
      await this.#collector.reload(plan);
    } catch (error) {
      log.level = before;
      await port.drop();
      throw error;
    }
    await port.take();
  }

  #health(): Health {
    const reasons = this.#collector.holding;
    return { healthy: reasons.length === 0, reasons };
  }

  #openControl(): Promise<Control> {
    const { shared, counters } = this.#collector;
    return startControl({
      path: this.#request.control,
      log: this.#settings.log,
      status: () => ({
        ...this.#health(),
        pid: process.pid,
        configuration: this.#request.file,
        ...(this.#reloader.failure === undefined ? {} : { configurationFailure: this.#reloader.failure }),
        pages: [...shared.pages].map(({ url }) => url),
        counters: counters.list(),
      }),
      page: () => [...shared.pages][0],
      reload: () => this.#reloader.reload('control'),
    });
  }
}
