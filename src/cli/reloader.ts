// Reads the configuration again when it is asked to, one time after the other, and says what came of it. A configuration that has errors, or
// that cannot be run, changes nothing.
import type { Counters } from '../core/counters.ts';
import { ForebayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Plan } from '../engine/plan.ts';
import type { LoadedPlan } from './load-plan.ts';
import { countProblems, describeProblems } from './report.ts';

export interface ReloaderSettings {
  readonly file: string;
  readonly log: Logger;
  readonly counters: Counters;
  /** The texts that run now. */
  readonly sources: ReadonlyMap<string, string>;
  load(): Promise<LoadedPlan>;
  /** Runs another plan; rejects where that cannot be, and the old one runs on. */
  run(plan: Plan): Promise<void>;
  /** Told of the files that were read, whether or not they were taken. */
  read(files: Iterable<string>): void;
}

export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly error: string };

export class Reloader {
  readonly #settings: ReloaderSettings;
  /** The texts that were read last. */
  #sources: ReadonlyMap<string, string>;
  #running: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;
  #stopped = false;
  /** Why the last one came to nothing. */
  #failure: string | undefined;

  constructor(settings: ReloaderSettings) {
    this.#settings = settings;
    this.#sources = settings.sources;
  }

  /** A sentence where the configuration that runs is not the one in the files. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Reads and runs what is in the files. One that is asked for while one is under way begins when that is done, once for all who ask. */
  reload(cause: string): Promise<ReloadResult> {
    if (this.#running === undefined) {
      return this.#start(cause);
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start(cause);
    });
    return this.#next;
  }

  /** As `reload`, where the texts are others than those that were read last. */
  async reloadIfChanged(): Promise<void> {
    await this.#running;
    const { sources } = await this.#settings.load();
    const changed =
      sources.size !== this.#sources.size || [...sources].some(([name, text]) => this.#sources.get(name) !== text);
    if (changed) {
      await this.reload('watch');
    }
  }

  /** No more of them; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  #start(cause: string): Promise<ReloadResult> {
    const running = this.#reload(cause).finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #reload(cause: string): Promise<ReloadResult> {
    if (this.#stopped) {
      return { ok: false, error: 'The program is stopping.' };
    }
    const { log, file, counters } = this.#settings;
    const { plan, problems, dropped, sources } = await this.#settings.load();
    this.#sources = sources;
    this.#settings.read(sources.keys());
    if (problems.length > 0) {
      process.stderr.write(`${describeProblems(problems, sources, dropped)}\n`);
    }
    if (plan === undefined) {
      const error = `${file}: ${countProblems(problems)}`;
      log.error({ code: 'RELOAD_REFUSED', cause, configuration: file }, `Nothing was changed: ${error}.`);
      return this.#refused(error);
    }
    try {
      await this.#settings.run(plan);
    } catch (error) {
      const code = error instanceof ForebayError ? error.code : undefined;
      const reason = (error as Error).message;
      log.error({ code: 'RELOAD_FAILED', cause, reason, reasonCode: code }, 'Nothing was changed: it cannot be run.');
      return this.#refused(reason);
    }
    counters.get('forebay_reloads_total').value++;
    this.#failure = undefined;
    log.info({ cause, configuration: file }, 'The configuration was read again, and runs.');
    return { ok: true };
  }

  #refused(error: string): ReloadResult {
    this.#settings.counters.get('forebay_reload_failures_total').value++;
    this.#failure = `The configuration in the files does not run: ${error}`;
    return { ok: false, error };
  }
}
