// Parts that a reload has replaced: they deliver what they hold, then they are stopped. Outputs that write to the same place as one of these are
// opened when it is done.
import type { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import type { Input } from '../plugin/input.ts';
import type { Output } from '../plugin/output.ts';
import { isBufferClaim } from './buffers.ts';
import type { Hold } from './output-node.ts';
import type { FilterPart, InputPart, OutputPart, Parts } from './parts.ts';
import type { Progress } from './progress.ts';

/** What is replaced may take this long to deliver what it holds, ms. */
const drainTime = 60_000;
/** Reloads whose parts are under way to their end; another one waits. */
const mostGroups = 16;

/** An output of the new plan that waits for some of the old ones. */
export interface HeldPart {
  readonly part: OutputPart;
  readonly hold: Hold;
}

export interface LeavingGroup {
  readonly inputs: readonly InputPart[];
  readonly filters: readonly FilterPart[];
  readonly outputs: readonly OutputPart[];
  readonly held: readonly HeldPart[];
}

export class Leaving {
  readonly #log: Logger;
  readonly #counters: Counters;
  readonly #running: () => Parts;
  readonly #groups = new Set<Promise<void>>();
  /** When each of those that leave is stopped. */
  readonly #outputs = new Map<OutputPart, Promise<void>>();
  /** When each of those that wait is open. */
  readonly #opening = new Map<OutputPart, Promise<void>>();
  readonly #failures = new Map<Input | Output, string>();
  readonly #ending = new AbortController();

  /** `running` are the parts that have taken over. */
  constructor(log: Logger, counters: Counters, running: () => Parts) {
    this.#log = log;
    this.#counters = counters;
    this.#running = running;
  }

  get progresses(): Progress[] {
    return [...this.#outputs.keys()].flatMap(({ progress }) => progress ?? []);
  }

  /** Sentences about parts that could not be opened when it was too late to go back. */
  get failures(): string[] {
    const { inputs, outputs } = this.#running();
    const all = new Set<Input | Output>([...inputs.map(({ input }) => input), ...outputs.map(({ output }) => output)]);
    return [...this.#failures].flatMap(([part, text]) => (all.has(part) ? [text] : []));
  }

  /** Resolves when there is room for one more group. */
  async room(): Promise<void> {
    while (this.#groups.size >= mostGroups) {
      await Promise.race(this.#groups);
    }
  }

  /** When what leaves now has to be done. */
  deadline(): AbortSignal {
    return AbortSignal.any([this.#ending.signal, AbortSignal.timeout(drainTime)]);
  }

  /** Whether an output has to wait for some of `gone`, or for ones that were to go before. */
  holds(part: OutputPart, gone: readonly OutputPart[]): boolean {
    return [...gone, ...this.#outputs.keys()].some((other) => shareClaims(part, other));
  }

  add(group: LeavingGroup): void {
    const signal = this.deadline();
    const inputs = group.inputs.map(({ input, planned }) => ({
      stopped: input.stop(signal),
      // What it still hands on comes to the rules of its label: to the new ones, where there are some.
      needsOld: !this.#running().rules.has(planned.label),
    }));
    const before = Promise.all(inputs.filter(({ needsOld }) => needsOld).map(({ stopped }) => stopped));
    const parts = [
      ...group.filters.map(({ filter }) => filter.stop?.(signal)),
      ...inputs.map(({ stopped }) => stopped),
    ];
    for (const part of group.outputs) {
      const stopped = this.#stop(part, before, signal);
      this.#outputs.set(part, stopped);
      parts.push(stopped);
    }
    for (const { part, hold } of group.held) {
      const others = [...this.#outputs].filter(([other]) => shareClaims(part, other)).map(([, stopped]) => stopped);
      const opened = this.#open(part, hold, Promise.all(others));
      this.#opening.set(part, opened);
      parts.push(opened);
    }
    const done = Promise.allSettled(parts).then((results) => {
      for (const result of results) {
        if (result.status === 'rejected') {
          this.#log.error({ err: result.reason }, 'A part that a reload replaced could not be stopped.');
        }
      }
      this.#groups.delete(done);
      for (const part of [...group.inputs.map(({ input }) => input), ...group.outputs.map(({ output }) => output)]) {
        this.#failures.delete(part);
      }
      this.#forget([...group.inputs, ...group.filters, ...group.outputs].map(({ id }) => id));
    });
    this.#groups.add(done);
  }

  /** A part could not be opened that had to be. */
  failed(id: string, part: Input | Output, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures.set(part, `${id} could not be opened: ${reason}`);
    this.#log.error({ code: 'RELOAD_PART_FAILED', plugin: id, reason }, 'A part could not be opened by a reload.');
  }

  /** All of them have to be done when `signal` aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    const abort = () => this.#ending.abort();
    if (signal.aborted) {
      abort();
    }
    signal.addEventListener('abort', abort, { once: true });
    await Promise.all(this.#groups);
    signal.removeEventListener('abort', abort);
  }

  async #stop(part: OutputPart, before: Promise<unknown>, signal: AbortSignal): Promise<void> {
    await before;
    await this.#opening.get(part);
    part.output.replaced?.(this.#running().outputs.some((other) => sharesBuffer(part, other)));
    await part.output.stop(signal).finally(() => this.#outputs.delete(part));
  }

  async #open(part: OutputPart, hold: Hold, others: Promise<unknown>): Promise<void> {
    await others.catch(() => undefined);
    try {
      await part.output.start?.();
      hold.release();
    } catch (error) {
      this.failed(part.id, part.output, error);
      hold.fail(error as Error);
    }
    this.#opening.delete(part);
  }

  /** Counters of plug-ins that are no more. */
  #forget(ids: readonly string[]): void {
    const { inputs, filters, outputs } = this.#running();
    const staying = new Set([...inputs, ...filters, ...outputs].map(({ id }) => id));
    for (const id of ids.filter((each) => !staying.has(each))) {
      this.#counters.forget(id);
    }
  }
}

/** All that watch whether batches are taken. */
export function progressesOf({ outputs, filters }: Parts): Progress[] {
  return [...outputs, ...filters].flatMap(({ progress }) => progress ?? []);
}

function shareClaims(a: OutputPart, b: OutputPart): boolean {
  return a !== b && a.claims.some((claim) => b.claims.includes(claim));
}

function sharesBuffer(a: OutputPart, b: OutputPart): boolean {
  return a !== b && a.claims.some((claim) => isBufferClaim(claim) && b.claims.includes(claim));
}
