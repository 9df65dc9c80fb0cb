// The memory of the columns: one address space for both kernels, that grows by slabs. Views are made anew when it grows.
import { slabsAt, slack } from './layout.ts';

const pageSize = 64 * 1024;
/** Without WebAssembly there is one fixed buffer, of which the system gives what is touched. */
const fixedSize = 256 * 1024 * 1024;
const mostPages = 65_536;
const step = 1024;

export class Memory {
  readonly wasm: WebAssembly.Memory | undefined;
  u8 = new Uint8Array(0);
  u16 = new Uint16Array(0);
  u32 = new Uint32Array(0);
  #buffer: ArrayBuffer;

  constructor(useWasm: boolean, fixed = fixedSize) {
    const pages = Math.ceil((slabsAt + slack) / pageSize);
    this.wasm = useWasm ? new WebAssembly.Memory({ initial: pages, maximum: mostPages }) : undefined;
    this.#buffer = this.wasm?.buffer ?? new ArrayBuffer(fixed);
    this.#look();
  }

  /** Makes room up to `end`; false where there is none. */
  reserve(end: number): boolean {
    const missing = end + slack - this.#buffer.byteLength;
    if (missing <= 0) {
      return true;
    }
    const pages = Math.ceil(missing / pageSize);
    const room = mostPages - this.#buffer.byteLength / pageSize;
    if (this.wasm === undefined || pages > room) {
      return false;
    }
    try {
      // Seldom and by much: the system gives no more than is touched, and views are made anew each time.
      this.wasm.grow(Math.min(room, Math.max(pages, step)));
    } catch {
      return false;
    }
    this.#buffer = this.wasm.buffer;
    this.#look();
    return true;
  }

  #look(): void {
    this.u8 = new Uint8Array(this.#buffer);
    this.u16 = new Uint16Array(this.#buffer);
    this.u32 = new Uint32Array(this.#buffer);
  }
}
