// The lines that a process prints, kept as bytes, and waiting for them.
import type { Readable } from 'node:stream';

interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Collects lines from a stream. What has no newline yet is `rest`; when the stream ends it becomes a last line. */
export class Lines implements AsyncIterable<string> {
  /** Each line without its newline, byte for byte. */
  readonly raw: Buffer[] = [];
  ended = false;
  #pieces: Buffer[] = [];
  readonly #waiters = new Set<Waiter>();

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('close', () => this.#end());
  }

  get text(): string[] {
    return this.raw.map((line) => line.toString());
  }

  /** Resolves when there are at least `count` lines, with the first `count`. */
  async waitForCount(count: number, timeout = 40_000): Promise<string[]> {
    await this.#wait(() => this.raw.length >= count, `${count} lines`, timeout);
    return this.raw.slice(0, count).map((line) => line.toString());
  }

  /** Resolves with the first line from `from` on that `test` accepts. */
  async waitForLine(test: (line: string) => boolean, timeout = 40_000, from = 0): Promise<string> {
    let next = from;
    let found: string | undefined;
    await this.#wait(
      () => {
        while (found === undefined && next < this.raw.length) {
          const line = this.raw[next++]?.toString() ?? '';
          if (test(line)) found = line;
        }
        return found !== undefined;
      },
      'such a line',
      timeout,
    );
    return found ?? '';
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (let next = 0; ; next++) {
      if (next >= this.raw.length) {
        if (this.ended) return;
        const wanted = next;
        await this.#wait(() => this.raw.length > wanted || this.ended, 'a line', 0x7fff_ffff);
      }
      const line = this.raw[next];
      if (line === undefined) return;
      yield line.toString();
    }
  }

  #take(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(10, start);
      if (newline < 0) break;
      this.#pieces.push(chunk.subarray(start, newline));
      this.raw.push(
        this.#pieces.length === 1 ? Buffer.from(chunk.subarray(start, newline)) : Buffer.concat(this.#pieces),
      );
      this.#pieces = [];
      start = newline + 1;
    }
    if (start < chunk.length) this.#pieces.push(chunk.subarray(start));
    this.#look();
  }

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#pieces.length > 0) this.raw.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#look();
  }

  #wait(done: () => boolean, what: string, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`${what} expected within ${timeout} ms, got ${this.raw.length} lines:\n${this.#tail()}`));
      }, timeout);
      const waiter: Waiter = { done, resolve, reject, timer };
      this.#waiters.add(waiter);
      this.#look();
      if (this.ended && this.#waiters.has(waiter)) this.#giveUp(waiter, what);
    });
  }

  #look(): void {
    for (const waiter of this.#waiters) {
      if (waiter.done()) {
        this.#waiters.delete(waiter);
        clearTimeout(waiter.timer);
        waiter.resolve();
      } else if (this.ended) {
        this.#giveUp(waiter, 'more');
      }
    }
  }

  #giveUp(waiter: Waiter, what: string): void {
    this.#waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.reject(new Error(`${what} expected, but the stream ended after ${this.raw.length} lines:\n${this.#tail()}`));
  }

  #tail(): string {
    return this.raw
      .slice(-10)
      .map((line) => line.toString().slice(0, 300))
      .join('\n');
  }
}
