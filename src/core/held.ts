// Keeps the bytes of a message whose rest has not come yet, and counts them against a bound that all connections of the process share.

/** All unfinished bytes of the process. When they are spent, the connection that holds most loses its own. */
export class UnfinishedBytes {
  readonly #limit: number;
  readonly #holders = new Set<Held>();
  #used = 0;

  /** `limit` is in bytes (`unfinished_limit`). */
  constructor(limit: number) {
    this.#limit = limit;
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

/** A buffer that small tails keep and large ones give back. */
const keptCapacity = 4096;

export class Held {
  #bytes: Uint8Array = new Uint8Array(0);
  length = 0;
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
      const larger = unfilled(Math.max(256, needed, this.length > 0 ? this.#bytes.length * 2 : 0));
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
    const change = bytes.length - this.#bytes.length;
    this.#bytes = bytes;
    this.#shared.change(this, change);
  }
}

/** Memory of its own that is not filled with zeros: nobody reads past `length`. No Buffer, whose `slice` would be a view. */
function unfilled(size: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer, byteOffset, size);
}
