// Holds back reading while outputs have not settled what was handed to them: one gate per listener.

export class Gate {
  readonly #limit: number;
  readonly #opened: () => void;
  #pending = 0;
  #closed = false;
  /** What was added last: outputs may settle many batches with one promise. */
  #last: { readonly promise: Promise<void>; bytes: number } | undefined;

  /** `limit` is in bytes of entries; `opened` is called when reading may go on. */
  constructor(limit: number, opened: () => void) {
    this.#limit = limit;
    this.#opened = opened;
  }

  /** Whether reading is to stop. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Counts `bytes` until `settled` is. */
  add(settled: Promise<void> | undefined, bytes: number): void {
    if (settled === undefined) {
      return;
    }
    this.#pending += bytes;
    this.#closed ||= this.#pending > this.#limit;
    if (this.#last?.promise === settled) {
      this.#last.bytes += bytes;
      return;
    }
    const last = { promise: settled, bytes };
    const done = () => this.#settle(last.bytes);
    settled.then(done, done);
    this.#last = last;
  }

  #settle(bytes: number): void {
    this.#pending -= bytes;
    if (this.#pending === 0) {
      this.#last = undefined;
    }
    if (this.#closed && this.#pending <= this.#limit / 2) {
      this.#closed = false;
      this.#opened();
    }
  }
}
