// An output of the running graph, and whether it keeps up.
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Counter } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import type { Output } from '../plugin/output.ts';

/** An output that settles nothing for this long, ms, while something waits for it, is said to hold the inputs. */
const patience = 3000;

export interface OutputNodeSettings {
  readonly id: string;
  readonly type: string;
  readonly output: Output;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: Counter;
}

export class OutputNode {
  readonly id: string;
  readonly #settings: OutputNodeSettings;
  #pending = 0;
  #progress = 0;
  #saidHeld = false;
  /** What the output returned last: it may settle many batches with one promise. */
  #last: Promise<void> | undefined;

  constructor(settings: OutputNodeSettings) {
    this.id = settings.id;
    this.#settings = settings;
  }

  get output(): Output {
    return this.#settings.output;
  }

  /** Whether something waits for this output, and it has settled nothing for a while. */
  get holding(): boolean {
    return this.#pending > 0 && this.#settings.clock.now() - this.#progress > patience;
  }

  emit(batch: Batch): Promise<void> | undefined {
    this.#settings.events.value += batch.count;
    const settled = this.#settings.output.emit(batch);
    if (settled !== undefined && settled !== this.#last) {
      this.#last = settled;
      if (this.#pending++ === 0) {
        this.#progress = this.#settings.clock.now();
      }
      settled.then(this.#settled, this.#settled);
    }
    return settled;
  }

  /** Says once that it holds the inputs, and once that it does no more. Called now and then. */
  watch(): void {
    const { log, id, type } = this.#settings;
    if (this.holding !== this.#saidHeld) {
      this.#saidHeld = !this.#saidHeld;
      if (this.#saidHeld) {
        log.warn({ code: 'OUTPUT_HOLDS_INPUTS', output: id, type }, 'An output takes nothing: inputs wait for it.');
      } else {
        log.info({ output: id, type }, 'The output takes events again.');
      }
    }
  }

  readonly #settled = (): void => {
    if (--this.#pending === 0) {
      this.#last = undefined;
    }
    this.#progress = this.#settings.clock.now();
  };
}
