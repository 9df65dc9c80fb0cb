// Batches that wait for room in a buffer, in the order they came. Whoever sent them waits too, so that there are as many as inputs allow.
import type { Batch } from '../core/batch.ts';

interface Waiter {
  readonly batch: Batch;
  readonly taken: PromiseWithResolvers<void>;
}

export class Waiting {
  readonly #waiters: Waiter[] = [];

  get size(): number {
    return this.#waiters.length;
  }

  /** Copies the batch. Settles when it has been taken, and that has settled. */
  add(batch: Batch): Promise<void> {
    const waiter = { batch: kept(batch), taken: Promise.withResolvers<void>() };
    this.#waiters.push(waiter);
    return waiter.taken.promise;
  }

  /** Hands batches to `take` as long as there is room. */
  drain(hasRoom: () => boolean, take: (batch: Batch) => Promise<void> | undefined): void {
    while (this.#waiters.length > 0 && hasRoom()) {
      const waiter = this.#waiters.shift();
      waiter?.taken.resolve(take(waiter.batch));
    }
  }

  /** Nothing is taken any more. */
  fail(error: Error): void {
    for (const { taken } of this.#waiters.splice(0)) {
      taken.reject(error);
    }
  }
}

function kept(batch: Batch): Batch {
  return { ...batch, entries: new Uint8Array(batch.entries) };
}
