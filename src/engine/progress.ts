// Whether a part of the running graph keeps up with what waits for it; says so once when it does not, and once when it does again.
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';

/** What settles nothing for this long, ms, while something waits for it, is said to hold the inputs. */
const patience = 3000;

export interface ProgressSettings {
  readonly id: string;
  readonly type: string;
  readonly kind: 'output' | 'filter';
  readonly clock: Clock;
  readonly log: Logger;
}

export class Progress {
  readonly #settings: ProgressSettings;
  #pending = 0;
  #last = 0;
  #saidHeld = false;
  /** What was tracked last: outputs may settle many batches with one promise. */
  #tracked: Promise<void> | undefined;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
  }

  /** A sentence that says which part holds the inputs; undefined while it does not. */
  get holding(): string | undefined {
    const { id, kind } = this.#settings;
    return this.#holds ? `The ${kind} ${id} takes nothing.` : undefined;
  }

  /** Something waits for `settled`. */
  track(settled: Promise<void>): void {
    if (settled === this.#tracked) {
      return;
    }
    this.#tracked = settled;
    if (this.#pending++ === 0) {
      this.#last = this.#settings.clock.now();
    }
    settled.then(this.#settled, this.#settled);
  }

  /** To be called now and then. */
  watch(): void {
    const { log, id, type, kind } = this.#settings;
    if (this.#holds !== this.#saidHeld) {
      this.#saidHeld = !this.#saidHeld;
      if (this.#saidHeld) {
        log.warn({ code: 'OUTPUT_HOLDS_INPUTS', [kind]: id, type }, `The ${kind} takes nothing: inputs wait for it.`);
      } else {
        log.info({ [kind]: id, type }, `The ${kind} takes events again.`);
      }
    }
  }

  get #holds(): boolean {
    return this.#pending > 0 && this.#settings.clock.now() - this.#last > patience;
  }

  readonly #settled = (): void => {
    if (--this.#pending === 0) {
      this.#tracked = undefined;
    }
    this.#last = this.#settings.clock.now();
  };
}
