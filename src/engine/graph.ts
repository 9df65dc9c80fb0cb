// The running graph: inputs, the rules of each label, outputs. Made from a plan; started from its end to its beginning, stopped the other way;
// given another plan while it runs (reload.ts). Making the parts is parts.ts's.
import { ByteBudget } from '../core/byte-budget.ts';
import { UnfinishedBytes } from '../core/held.ts';
import type { Logger, LogTap } from '../core/log.ts';
import { ReadWindow } from '../core/read-window.ts';
import type { InputMemory } from '../plugin/input.ts';
import type { LabelRoute, Tap } from './label-route.ts';
import { Leaving, progressesOf } from './leaving.ts';
import { namesOwnLog, OwnLog, type OwnLogRoute, ownOrigin } from './own-log.ts';
import { noParts, PartMaker, type Parts, type SharedContext, withInner } from './parts.ts';
import { ownLogLabel, type Plan, rootLabel } from './plan.ts';
import { Replacement } from './reload.ts';
import { Routes } from './routes.ts';
import type { UnmatchedTag } from './unmatched.ts';

/** Bounds of the process, bytes. */
const unfinishedLimit = 512 * 1024 * 1024;
const inflatedLimit = 32 * 1024 * 1024;
/** How often outputs are asked whether they hold the inputs, ms. */
const watchEvery = 500;

export interface GraphOptions {
  /** Sees the events that matches take, and those that none takes. */
  readonly tap?: Tap | undefined;
  /** Where the lines of the own log come from, which may become events. */
  readonly logTap?: LogTap | undefined;
}

export class Graph {
  readonly #shared: SharedContext;
  readonly #log: Logger;
  readonly #logTap: LogTap | undefined;
  readonly #routes: Routes;
  readonly #memory: InputMemory;
  readonly #ownLog: OwnLog;
  readonly #leaving: Leaving;
  #parts: Parts = noParts;
  #watch: NodeJS.Timeout | undefined;

  /** Throws what a plug-in throws that cannot be made. Nothing is opened yet. */
  constructor(plan: Plan, shared: SharedContext, log: Logger, { tap, logTap }: GraphOptions = {}) {
    const { clock, counters } = shared;
    this.#shared = shared;
    this.#log = log;
    this.#logTap = logTap;
    this.#routes = new Routes(log, counters, tap);
    this.#memory = {
      window: new ReadWindow(shared.io),
      unfinished: new UnfinishedBytes(unfinishedLimit, shared.io),
      inflated: new ByteBudget(inflatedLimit),
    };
    this.#ownLog = new OwnLog({ clock, lost: counters.get('forebay_own_log_lost_lines_total') });
    this.#leaving = new Leaving(log, counters, () => this.#parts);
    this.#routes.prepare(plan.labels.keys());
    this.#run(this.#maker(plan).make(), plan);
  }

  /** Sentences that say which outputs hold the inputs. */
  get holding(): string[] {
    return [
      ...[...progressesOf(this.#parts), ...this.#leaving.progresses].flatMap(({ holding }) => holding ?? []),
      ...this.#leaving.failures,
    ];
  }

  /** The tags that no match takes, with their events. */
  get unmatched(): readonly UnmatchedTag[] {
    return this.#routes.unmatched;
  }

  /** Opens outputs and filters, then inputs. What was opened is closed again where one cannot. */
  async start(): Promise<void> {
    const { outputs, filters, inputs } = this.#parts;
    try {
      for (const part of [
        ...outputs.map(({ output }) => output),
        ...filters.map(({ filter }) => filter),
        ...inputs.map(({ input }) => input),
      ]) {
        await part.start?.();
      }
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    this.#ownLog.start();
    this.#watch = setInterval(() => {
      for (const progress of [...progressesOf(this.#parts), ...this.#leaving.progresses]) {
        progress.watch();
      }
    }, watchEvery);
    this.#watch.unref();
  }

  /**
   * Runs another plan from now on. Parts whose declaration has not changed stay as they are, with their connections, files and buffers; what
   * others hold still arrives. Where something of the new plan cannot be made or opened it rejects, and all goes on as before. One at a time,
   * and not while it stops.
   */
  async reload(plan: Plan): Promise<void> {
    const maker = this.#maker(plan);
    this.#routes.prepare(plan.labels.keys());
    const replacement = new Replacement(this.#parts, maker, this.#leaving);
    try {
      await replacement.open();
    } catch (error) {
      this.#routes.abandon();
      throw error;
    }
    this.#run(replacement.parts, plan);
    replacement.finish();
  }

  /** Stops reading, lets what is under way arrive until `signal` aborts, and closes all. */
  async stop(signal: AbortSignal): Promise<void> {
    clearInterval(this.#watch);
    const { inputs, filters, outputs } = this.#parts;
    this.#ownLog.send();
    const leaving = this.#leaving.stop(signal);
    await Promise.all(inputs.map(({ input }) => input.stop(signal)));
    await leaving;
    this.#ownLog.send();
    await Promise.all(filters.map(({ filter }) => filter.stop?.(signal)));
    this.#ownLog.send();
    await Promise.all(outputs.map(({ output }) => output.stop(signal)));
  }

  /** Has outputs deliver what they hold back, and begin anew (SIGUSR1). */
  flush(): void {
    for (const { output } of this.#parts.outputs) {
      output.flush?.();
    }
  }

  #maker(plan: Plan): PartMaker {
    const [shared, log, routes, memory] = [this.#shared, this.#log, this.#routes, this.#memory];
    return new PartMaker(plan, { shared, log, routes, memory, running: this.#parts });
  }

  /** From here on batches go through these parts: all at once, since nothing else runs meanwhile. */
  #run(parts: Parts, plan: Plan): void {
    this.#parts = parts;
    this.#routes.swap(parts.rules);
    for (const { id, target, held, planned } of parts.inputs) {
      target.emit = this.#routes.numbered(planned.label, id);
      held.release(target.emit);
    }
    for (const { log, ownLevel } of [...parts.inputs, ...parts.filters, ...parts.outputs]) {
      if (!ownLevel) {
        log.level = this.#log.level;
      }
    }
    this.#ownLog.route = this.#ownLogRoute(parts, plan);
    if (this.#logTap !== undefined) {
      this.#logTap.take = this.#ownLog.route === undefined ? undefined : this.#ownLog.take;
    }
  }

  /** Where the events of the own log go; undefined where nothing takes them. */
  #ownLogRoute({ rules, outputs }: Parts, plan: Plan): OwnLogRoute | undefined {
    const label = rules.get(ownLogLabel);
    const root = plan.labels.get(rootLabel) ?? [];
    const naming = label ?? (rules.get(rootLabel) ?? []).filter((_, index) => namesOwnLog(root[index]?.pattern ?? ''));
    if (!naming.some(({ kind }) => kind === 'match')) {
      return undefined;
    }
    const ids = naming.flatMap(({ target }) => {
      const output = outputs.find(({ node }) => node === target);
      return output === undefined ? [target.id] : withInner(output).map(({ id }) => id);
    });
    let to: LabelRoute | string = ownLogLabel;
    if (label === undefined) {
      to = this.#routes.newLabel(rootLabel, () => undefined);
      to.setRules(naming);
    }
    return { emit: this.#routes.numbered(to, ownOrigin.listener), onTheWay: new Set(ids) };
  }
}
