// The memory that the kernel reads into: one window for all connections of the process, in the memory that the rest of the work is done in.
import { IoMemory } from './io-memory.ts';

/** More than is inflated at once. */
const inflatedSize = 256 * 1024;

export class ReadWindow {
  /** The window, and before it as much room for the unfinished bytes of the connection whose turn it is. */
  readonly bytes: Uint8Array;
  /** Where the window begins in `bytes`. */
  readonly start: number;
  /** The window: what a socket reads into. Its bytes are valid until the callback of that read returns. */
  readonly view: Uint8Array;
  /** For entries that were inflated: whoever puts them there is done with them before the next read. */
  readonly inflated: Uint8Array;

  /** `size` is in bytes, a multiple of 64 KiB. */
  constructor(memory = new IoMemory(), size = 1024 * 1024) {
    this.bytes = memory.take(2 * size);
    this.start = size;
    this.view = this.bytes.subarray(size);
    this.inflated = memory.take(inflatedSize);
  }
}
