// Text on its way to one place: pieces of memory that are filled, written in turn and used again, and promises that settle when what is in
// them has been written. How it is written, and when, is the writer's business.
import type { IoMemory } from '../core/io-memory.ts';

/** A piece of memory, filled from `used` on. */
export interface Area {
  readonly bytes: Uint8Array;
  used: number;
}

interface OwnArea extends Area {
  /** Where it goes when it is done with. */
  readonly pool: AreaPool;
  /** Settles when all that is in it has been written. */
  settled: PromiseWithResolvers<void> | undefined;
}

/** Areas of one size, some of which are kept for the next text. */
export class AreaPool {
  readonly size: number;
  readonly #keep: number;
  readonly #memory: IoMemory | undefined;
  readonly #spare: OwnArea[] = [];

  /** Of `size` bytes each, out of `memory` where there is one; `keep` of those that are not in use are kept. */
  constructor(size: number, keep: number, memory?: IoMemory) {
    this.size = size;
    this.#keep = keep;
    this.#memory = memory;
  }

  take(): OwnArea {
    return this.#spare.pop() ?? this.make(this.size);
  }

  /** One of another size, which is not kept. */
  make(size: number): OwnArea {
    return { bytes: this.#memory?.take(size) ?? new Uint8Array(size), used: 0, pool: this, settled: undefined };
  }

  give(area: OwnArea): void {
    if (area.bytes.length === this.size && this.#spare.length < this.#keep) {
      area.used = 0;
      area.settled = undefined;
      this.#spare.push(area);
    } else {
      this.#memory?.give(area.bytes);
    }
  }
}

export class AreaQueue {
  /** Where the next areas come from. */
  pool: AreaPool;
  readonly #full: OwnArea[] = [];
  #current: OwnArea | undefined;
  #writing: OwnArea | undefined;
  /** Of the area being written: what is done. */
  #done = 0;
  /** Bytes of full areas, and of the one being written that is not yet. */
  #sealed = 0;

  constructor(pool: AreaPool) {
    this.pool = pool;
  }

  /** Bytes that wait to be written. */
  get pending(): number {
    return this.#sealed + (this.#current?.used ?? 0);
  }

  /** Whether part of an area is written and part is not. */
  get torn(): boolean {
    return this.#done > 0;
  }

  /** Memory to append whole lines to. */
  get area(): Area {
    this.#current ??= this.pool.take();
    return this.#current;
  }

  /** What is in the area is complete; returns another one, empty, of at least `size` bytes. */
  nextArea(size = 0): Area {
    this.seal();
    if (size > (this.#current?.bytes.length ?? this.pool.size)) {
      this.#current?.pool.give(this.#current);
      this.#current = this.pool.make(size);
    }
    return this.area;
  }

  /** What is in the area is complete. */
  seal(): void {
    const area = this.#current;
    if (area !== undefined && area.used > 0) {
      this.#current = undefined;
      this.#sealed += area.used;
      this.#full.push(area);
    }
  }

  /** Gives the area back that nothing was put into. */
  release(): void {
    if (this.#current?.used === 0) {
      this.#current.pool.give(this.#current);
      this.#current = undefined;
    }
  }

  /** What is to be written next, at most `limit` bytes: untouched until `advance`. Undefined where nothing waits. */
  head(limit: number): Uint8Array | undefined {
    if (this.#writing === undefined) {
      if (this.#full.length === 0) {
        this.seal();
      }
      this.#writing = this.#full.shift();
      this.#done = 0;
    }
    const area = this.#writing;
    return area?.bytes.subarray(this.#done, Math.min(this.#done + limit, area.used));
  }

  /** `count` bytes of the head are written. */
  advance(count: number): void {
    const area = this.#writing;
    if (area === undefined) {
      return;
    }
    this.#sealed -= count;
    this.#done += count;
    if (this.#done === area.used) {
      this.#writing = undefined;
      this.#done = 0;
      area.settled?.resolve();
      area.pool.give(area);
    }
  }

  /** Settles when all that is here now is written; undefined where it is. */
  whenWritten(): Promise<void> | undefined {
    const last =
      this.#current !== undefined && this.#current.used > 0 ? this.#current : (this.#full.at(-1) ?? this.#writing);
    if (last === undefined) {
      return undefined;
    }
    last.settled ??= Promise.withResolvers();
    return last.settled.promise;
  }

  /** Forgets all that waits; those who wait for it hear `error`, or that it is done with where there is none. */
  clear(error?: Error): void {
    for (const area of [this.#writing, ...this.#full, this.#current]) {
      if (error === undefined) {
        area?.settled?.resolve();
      } else {
        area?.settled?.promise.catch(() => {}); // whoever waits hears of it; nobody need wait
        area?.settled?.reject(error);
      }
    }
    // The one being written is still in use by who writes it: its memory is not used again.
    for (const area of [...this.#full, this.#current]) {
      area?.pool.give(area);
    }
    this.#full.length = 0;
    this.#current = undefined;
    this.#writing = undefined;
    this.#done = 0;
    this.#sealed = 0;
  }
}
