// The memory that the kernel reads into: one window for all connections of the process, reserved once and never grown, since growing would
// detach it. It is WebAssembly memory so that a module may work on it in place.

/** TypeScript knows it only together with all of a browser. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const pageSize = 65536;

export class ReadWindow {
  /** All of the memory: the window, and before it as much room for the unfinished bytes of the connection whose turn it is. */
  readonly bytes: Uint8Array;
  /** Where the window begins in `bytes`. */
  readonly start: number;
  /** The window: what a socket reads into. Its bytes are valid until the callback of that read returns. */
  readonly view: Uint8Array;

  /** `size` is in bytes, a multiple of 64 KiB. */
  constructor(size = 1024 * 1024) {
    const pages = (2 * size) / pageSize;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.bytes = new Uint8Array(memory.buffer);
    this.start = size;
    this.view = new Uint8Array(memory.buffer, size, size);
  }
}
