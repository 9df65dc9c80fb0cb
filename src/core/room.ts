// Those who wait until fewer bytes, or none, wait to be written. Who counts the bytes is the writer.

interface Waiting {
  readonly limit: number;
  readonly room: PromiseWithResolvers<void>;
}

export class Room {
  readonly #waiting: Waiting[] = [];

  /** Settles when no more than half of `limit` bytes wait. */
  when(limit: number): Promise<void> {
    let waiting = this.#waiting.find((one) => one.limit === limit);
    if (waiting === undefined) {
      waiting = { limit, room: Promise.withResolvers() };
      this.#waiting.push(waiting);
    }
    return waiting.room.promise;
  }

  /** `pending` bytes wait now. */
  update(pending: number): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i];
      if (waiting !== undefined && pending <= waiting.limit / 2) {
        this.#waiting.splice(i, 1);
        waiting.room.resolve();
      }
    }
  }

  /** There will be no room any more. */
  fail(error: Error): void {
    for (const { room } of this.#waiting.splice(0)) {
      room.promise.catch(() => {}); // whoever waits hears of it; nobody need wait
      room.reject(error);
    }
  }
}

/** Those who wait until nothing waits any more, but no longer than a signal allows. */
export class Drains {
  readonly #waiting = new Set<() => void>();

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
    });
  }

  /** Nothing waits any more, or nothing will be written any more. */
  end(): void {
    for (const done of this.#waiting) {
      done();
    }
  }
}
