// The memory that bytes come into, are worked on in, and go out of: WebAssembly memory, reserved once and never grown, since growing would
// detach every view of it. Pieces of it are handed out here; who takes one gives it back.

/** TypeScript knows it only together with all of a browser. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const pageSize = 65_536;
/** Reserving costs nothing: only what was touched once is held by the process. */
const defaultSize = 128 * 1024 * 1024;

export class IoMemory {
  /** What a module imports. */
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly buffer: ArrayBuffer;
  /** The first page, never handed out: where the module keeps what is its own. */
  readonly own: Uint8Array;
  /** For each page whether it is taken; the last one never is: a load may reach a few bytes past what it is for. */
  readonly #taken: Uint8Array;

  /** `size` is in bytes, a multiple of 64 KiB. */
  constructor(size = defaultSize) {
    const pages = size / pageSize;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.buffer = this.memory.buffer;
    this.own = new Uint8Array(this.buffer, 0, pageSize);
    this.#taken = new Uint8Array(pages);
    this.#taken[0] = 1;
    this.#taken[pages - 1] = 1;
  }

  /**
   * A piece of at least `size` bytes, as low as there is room, so that what was touched is used again; outside the memory where there is no
   * room in it. What stands in it is undefined.
   */
  take(size: number): Uint8Array {
    return this.find(size) ?? new Uint8Array(size);
  }

  /** The same, but undefined where there is no room in the memory. */
  find(size: number): Uint8Array | undefined {
    const pages = Math.ceil(size / pageSize);
    const taken = this.#taken;
    let from = taken.indexOf(0);
    for (let page = from; from >= 0 && page < taken.length; page++) {
      if (taken[page] === 1) {
        from = taken.indexOf(0, page);
        page = from - 1;
      } else if (page - from + 1 === pages) {
        taken.fill(1, from, page + 1);
        return new Uint8Array(this.buffer, from * pageSize, size);
      }
    }
    return undefined;
  }

  /** Gives back what `take` returned; nobody uses it any more. */
  give(piece: Uint8Array): void {
    if (piece.buffer === this.buffer) {
      const from = piece.byteOffset / pageSize;
      this.#taken.fill(0, from, from + Math.ceil(piece.length / pageSize));
    }
  }
}
