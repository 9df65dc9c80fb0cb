// Bytes that are appended to, and grow as they need to. What is written to them is the caller's business.

export class GrowingBytes {
  /** Only the first `length` count. Another array after each call that makes room. */
  bytes: Uint8Array;
  length = 0;

  constructor(room = 1024) {
    this.bytes = unfilled(room);
  }

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const larger = unfilled(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
  }

  /** Appends the bytes from `start` to `stop` of `from`. */
  append(from: Uint8Array, start = 0, stop = from.length): void {
    const length = stop - start;
    this.reserve(length);
    if (length > 48) {
      this.bytes.set(from.subarray(start, stop), this.length);
    } else {
      for (let i = 0; i < length; i++) {
        this.bytes[this.length + i] = from[start + i] as number;
      }
    }
    this.length += length;
  }

  /** The bytes so far, as a view. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** The bytes so far, which are the caller's from now on. */
  take(): Uint8Array {
    const taken = this.view();
    this.bytes = empty;
    this.length = 0;
    return taken;
  }
}

/** Memory with anything in it: only what is written is ever shown. A plain array, whose views are made faster than a Buffer's. */
function unfilled(size: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer, byteOffset, size);
}

const empty = new Uint8Array(0);
