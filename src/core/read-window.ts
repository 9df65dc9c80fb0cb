// The memory that the kernel reads into: one window for all connections of the process, in the memory that the rest of the work is done in.
import type { Held } from './held.ts';
import { IoMemory } from './io-memory.ts';

/** More than is inflated at once. */
const inflatedSize = 512 * 1024;

export class ReadWindow {
  /** The window, and before it as much room for the unfinished bytes of the connection whose turn it is. */
  readonly bytes: Uint8Array;
  /** Where the window begins in `bytes`. */
  readonly start: number;
  /** The window: what a socket reads into. Its bytes are valid until the callback of that read returns. */
  readonly view: Uint8Array;
  /** For entries that were inflated: whoever puts them there is done with them before the next read. */
  readonly inflated: Uint8Array;
  /** Whose unfinished bytes stand in front of the window: its `parked` bytes. */
  #owner: Held | undefined;

  /** `size` is in bytes, a multiple of 64 KiB. */
  constructor(memory = new IoMemory(), size = 1024 * 1024) {
    this.bytes = memory.take(2 * size);
    this.start = size;
    this.view = this.bytes.subarray(size);
    this.inflated = memory.take(inflatedSize);
  }

  /** Moves bytes of the window, or in front of it, to where they end at its beginning: there they wait for the rest to be read. */
  park(held: Held, from: number, to: number): void {
    const length = to - from;
    const owner = this.#owner;
    if (owner !== undefined && owner !== held) {
      this.#evict(owner);
    }
    this.bytes.copyWithin(this.start - length, from, to);
    held.parked = length;
    this.#owner = held;
  }

  /** Makes room in front of the window. */
  clear(): void {
    if (this.#owner !== undefined) {
      this.#evict(this.#owner);
    }
  }

  /** The bytes that are parked for `held` are its own business now; returns how many they are. */
  unpark(held: Held): number {
    const { parked } = held;
    if (parked > 0) {
      held.parked = 0;
      this.#owner = undefined;
    }
    return parked;
  }

  #evict(owner: Held): void {
    const parked = this.unpark(owner);
    owner.append(this.bytes, this.start - parked, this.start);
  }
}
