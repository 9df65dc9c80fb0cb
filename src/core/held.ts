// Keeps the bytes of a message whose rest has not come yet, and counts them against a bound that all connections of the process share.
import type { IoMemory } from './io-memory.ts';

/** All unfinished bytes of the process. When they are spent, the connection that holds most loses its own. */
export class UnfinishedBytes {
  readonly #limit: number;
  readonly #memory: IoMemory | undefined;
  readonly #holders = new Set<Held>();
  #used = 0;

  /** `limit` is in bytes (`unfinished_limit`). Much of what is held is held in `memory`. */
  constructor(limit: number, memory?: IoMemory) {
    this.#limit = limit;
    this.#memory = memory;
  }

  /** A buffer; what stands in it is undefined. */
  take(size: number): Uint8Array {
    return size < pooledFrom || this.#memory === undefined ? unfilled(size) : this.#memory.take(size);
  }

  /** Gives back what `take` returned. */
  give(bytes: Uint8Array): void {
    this.#memory?.give(bytes);
  }

  /** Gives back what `Held.lend` returned. */
  giveLent(bytes: Uint8Array): void {
    this.#used -= bytes.length;
    this.give(bytes);
  }

  /** Called by a holder that has lent its buffer: it counts, and cannot be taken away. */
  lent(holder: Held): void {
    this.#holders.delete(holder);
  }

  get used(): number {
    return this.#used;
  }

  /** Called by a holder whose capacity changes by `bytes`. */
  change(holder: Held, bytes: number): void {
    this.#used += bytes;
    if (holder.capacity === 0) {
      this.#holders.delete(holder);
    } else {
      this.#holders.add(holder);
    }
    while (this.#used > this.#limit) {
      let largest = holder;
      for (const other of this.#holders) {
        largest = other.capacity > largest.capacity ? other : largest;
      }
      if (largest.capacity === 0) {
        return;
      }
      largest.revoke();
    }
  }
}

/** Buffers from this size on are taken from the memory of the process. */
const pooledFrom = 65_536;
/** A buffer that small tails keep and large ones give back. */
const keptCapacity = 4096;

export class Held {
  #bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  /** Bytes that stand in front of the read window instead (read-window.ts). */
  parked = 0;
  readonly #shared: UnfinishedBytes;
  readonly #revoked: () => void;

  /** `revoked` is called when the bytes were taken away: the connection is to be closed. */
  constructor(shared: UnfinishedBytes, revoked: () => void) {
    this.#shared = shared;
    this.#revoked = revoked;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.#bytes.length) {
      const larger = this.#shared.take(Math.max(256, needed, this.length > 0 ? this.#bytes.length * 2 : 0));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#replace(larger);
      if (needed > this.#bytes.length) {
        // Taken away: this connection held most.
        return;
      }
    }
    this.#bytes.set(bytes.subarray(from, to), this.length);
    this.length = needed;
  }

  /** Drops the first `count` bytes. */
  shift(count: number): void {
    this.#bytes.copyWithin(0, count, this.length);
    this.length -= count;
    this.trim();
  }

  /**
   * Hands over its buffer, whose first `count` bytes somebody works with for a while; what stands behind them goes to another one. The buffer
   * is given back by `UnfinishedBytes.giveLent`.
   */
  lend(count: number): Uint8Array {
    const { length } = this;
    const lent = this.#bytes;
    this.#bytes = new Uint8Array(0);
    this.length = 0;
    this.#shared.lent(this);
    if (count < length) {
      this.append(lent, count, length);
    }
    return lent;
  }

  /** Drops all, and keeps the buffer: more is about to come. */
  clear(): void {
    this.length = 0;
  }

  /** Gives a large buffer back if nothing stands in it: between messages a connection costs little. */
  trim(): void {
    if (this.length === 0 && this.#bytes.length > keptCapacity) {
      this.release();
    }
  }

  /** Gives the buffer back. */
  release(): void {
    this.length = 0;
    this.#replace(new Uint8Array(0));
  }

  revoke(): void {
    this.release();
    this.#revoked();
  }

  #replace(bytes: Uint8Array): void {
    const before = this.#bytes;
    const change = bytes.length - before.length;
    this.#bytes = bytes;
    this.#shared.give(before);
    this.#shared.change(this, change);
  }
}

/** Memory of its own that is not filled with zeros: nobody reads past `length`. No Buffer, whose `slice` would be a view. */
function unfilled(size: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer, byteOffset, size);
}
