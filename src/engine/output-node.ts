// An output of the running graph: counts what it gets, and makes a rejection of whatever it throws.
import type { Emit } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import type { Output } from '../plugin/output.ts';
import { HeldEmit } from './held-emit.ts';
import type { Progress } from './progress.ts';

/** What is held for an output. */
export interface Hold {
  /** It can take all of it. */
  release(): void;
  fail(error: Error): void;
}

export class OutputNode {
  readonly id: string;
  readonly output: Output;
  /** Whether it takes charge of events itself, and does not only send them to another label. */
  readonly terminal: boolean;
  readonly #events: Counter;
  readonly #progress: Progress | undefined;
  #held: HeldEmit | undefined;

  /** `progress` is undefined where others, which have their own, hold what this one holds: `copy`, `relabel`. */
  constructor(id: string, output: Output, terminal: boolean, events: Counter, progress: Progress | undefined) {
    this.id = id;
    this.output = output;
    this.terminal = terminal;
    this.#events = events;
    this.#progress = progress;
  }

  readonly emit: Emit = (batch) => {
    this.#events.value += batch.count;
    let settled: Promise<void> | undefined;
    try {
      settled = (this.#held ?? this.output).emit(batch);
    } catch (error) {
      settled = Promise.reject(error);
    }
    if (settled !== undefined) {
      this.#progress?.track(settled);
    }
    return settled;
  };
  /** The output cannot take anything yet: what comes is held for it until the result is released, or fails. */
  hold(): Hold {
    const held = new HeldEmit();
    this.#held = held;
    return {
      release: () => {
        held.release((batch) => this.output.emit(batch));
        this.#held = undefined;
      },
      fail: (error) => held.fail(error),
    };
  }
}
