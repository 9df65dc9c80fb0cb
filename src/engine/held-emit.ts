// Takes batches for somebody who cannot have them yet: an input whose rules are not there, an output whose file another one still writes. What
// waits is bounded by the inputs, which stop reading while emits are pending.
import type { Batch, Emit } from '../core/batch.ts';

interface Waiting {
  readonly batch: Batch;
  readonly settled: PromiseWithResolvers<void>;
}

export class HeldEmit {
  #waiting: Waiting[] = [];
  #to: Emit | undefined;

  /** Keeps a copy until `release`; from then on it hands on what it gets. */
  readonly emit: Emit = (batch) => {
    if (this.#to !== undefined) {
      return this.#to(batch);
    }
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ batch: { ...batch, entries: new Uint8Array(batch.entries) }, settled });
    return settled.promise;
  };

  /** Hands on what waits, in its order, before anything that comes later. */
  release(to: Emit): void {
    this.#to = to;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { batch, settled } of waiting) {
      try {
        settled.resolve(to(batch) ?? undefined);
      } catch (error) {
        settled.reject(error);
      }
    }
  }

  /** There is nobody to have them: what waits is refused, and what comes. */
  fail(error: Error): void {
    this.release(() => Promise.reject(error));
  }
}
