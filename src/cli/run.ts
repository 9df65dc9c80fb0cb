// `forebay run`: starts what a configuration says, and ends it in peace when it is asked to.
import { hostname } from 'node:os';
import { logLevels } from '../config/log-levels.ts';
import { systemClock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import { IoMemory } from '../core/io-memory.ts';
import { createLog, type Logger, type LogTap } from '../core/log.ts';
import { SharedParts } from '../core/shared-parts.ts';
import { startControl } from '../engine/control.ts';
import { Graph } from '../engine/graph.ts';
import type { Tap } from '../engine/label-route.ts';
import { systemDefaults } from '../engine/system.ts';
import { standardOutput } from '../files/file-stream.ts';
import { StreamWriter } from '../files/stream-writer.ts';
import { loadWasm } from '../msgpack/wasm.ts';
import { loadPlan } from './load-plan.ts';
import { countProblems, describeProblems } from './report.ts';
import { openViewer, type ViewerRequest } from './viewer.ts';

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
  /** Fluentd's flags that have no effect, to be named. */
  readonly ignored: readonly string[];
}

/** Resolves with the exit code when the program has stopped. */
export async function run(request: RunRequest): Promise<0 | 1 | 2> {
  const { plan, problems, dropped, sources } = await loadPlan(request.file, {
    strict: request.strict,
    plugins: request.plugins,
    workerId: '0',
  });
  if (problems.length > 0) {
    process.stderr.write(`${describeProblems(problems, sources, dropped)}\n`);
  }
  if (plan === undefined) {
    process.stderr.write(`${request.file}: ${countProblems(problems)}. Nothing was started.\n`);
    return 2;
  }
  const usual = logLevels.indexOf(plan.logLevel ?? 'info');
  const level = logLevels[Math.max(0, Math.min(logLevels.length - 1, usual - request.verbosity))] ?? 'info';
  const logTap: LogTap = { take: undefined };
  const log = await createLog({ level, format: request.logFormat }, logTap);
  if (request.ignored.length > 0) {
    log.info({ flags: request.ignored }, 'Flags of Fluentd that have no effect here.');
  }
  const end = Promise.withResolvers<0 | 1>();
  let running: Graph | undefined;
  stopOnSignals(log, () => end.resolve(0));
  process.on('SIGUSR1', () => {
    log.info({ signal: 'SIGUSR1' }, 'Flushing: what is written from now on goes into new files.');
    running?.flush();
  });
  try {
    const counters = new Counters();
    const io = new IoMemory();
    const onFull = (error: Error) =>
      log.warn({ code: 'STDOUT_FULL', reason: error.message }, 'No room for standard output: inputs wait for it.');
    const stdout = new StreamWriter(standardOutput(onFull), {
      memory: io,
      onFailure: (error) => {
        log.fatal({ code: error.code }, error.message);
        end.resolve(1);
      },
    });
    const shared = new SharedParts();
    const context = {
      counters,
      clock: systemClock,
      hostname: hostname(),
      workerId: 0,
      stdout,
      shared,
      io,
      wasm: loadWasm(io),
    };
    let tap: Tap | undefined;
    const tapped = request.viewer === undefined ? {} : { tap: ((batch, place) => tap?.(batch, place)) satisfies Tap };
    const graph = new Graph(plan, context, log, { ...tapped, logTap });
    shared.holding = () => graph.holding;
    const viewer = request.viewer === undefined ? undefined : await openViewer(request.viewer, { ...context, log });
    tap = viewer?.tap();
    await graph.start().catch(async (error: unknown) => {
      await viewer?.stop(AbortSignal.abort());
      throw error;
    });
    running = graph;
    const control = await startControl({
      path: request.control,
      log,
      status: () => ({
        healthy: graph.holding.length === 0,
        reasons: graph.holding,
        pid: process.pid,
        configuration: request.file,
        pages: [...shared.pages].map(({ url }) => url),
        counters: counters.list(),
      }),
      page: () => [...shared.pages][0],
    });
    log.info({ configuration: request.file, control: control.path }, 'Forebay is running.');
    const code = await end.promise;
    const drainTime = (plan.system ?? systemDefaults).shutdown_timeout * 1000;
    await graph.stop(AbortSignal.timeout(drainTime));
    await viewer?.stop(AbortSignal.timeout(drainTime));
    await control.stop();
    return shared.unfinished.size > 0 ? 1 : code;
  } catch (error) {
    log.fatal({ ...(error instanceof ForebayError ? { code: error.code } : { err: error }) }, (error as Error).message);
    return 1;
  }
}

/** Calls `stop` when the process is asked to stop; a second request ends it at once. */
function stopOnSignals(log: Logger, stop: () => void): void {
  let asked = false;
  // A terminal that is closed says HUP to what runs in it.
  const stops = process.stdout.isTTY ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const) : (['SIGTERM', 'SIGINT'] as const);
  const reloads = process.stdout.isTTY ? (['SIGUSR2'] as const) : (['SIGHUP', 'SIGUSR2'] as const);
  for (const signal of stops) {
    process.removeAllListeners(signal); // bin/forebay.js has one for the time before this
    process.on(signal, () => {
      if (asked) {
        log.warn({ signal }, 'Asked twice: stopping at once.');
        process.exit(1);
      }
      asked = true;
      log.info({ signal }, 'Stopping: what is under way is still delivered.');
      stop();
    });
  }
  for (const signal of reloads) {
    process.on(signal, () =>
      log.warn({ signal }, 'The configuration is read at the start only: restart to change it.'),
    );
  }
}
