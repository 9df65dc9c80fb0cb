// Brings a run of entries into the one form that the rest of the program knows: all but the unusual ones by the WebAssembly module where
// there is one, what it leaves by entries.ts.
import { EntriesWalk, rewriteEntries } from './entries.ts';
import type { Wasm } from './wasm.ts';

/** One pass over entries, reused. */
export class CleanEntries {
  /** Entries kept. */
  count = 0;
  /** Entries dropped, because they were no `[time, record]`. */
  dropped = 0;
  /** Where the kept ones end. */
  end = 0;
  /** The earliest and the latest second of the kept ones; NaN where that is not known. */
  first = Number.NaN;
  last = Number.NaN;
  readonly #wasm: Wasm | undefined;
  readonly #walk = new EntriesWalk();

  constructor(wasm: Wasm | undefined) {
    this.#wasm = wasm;
  }

  /**
   * Takes the entries from `from` to `to`: the kept ones stand from `from` on afterwards, in clean form. Returns 0, also when the last entry
   * is cut (Fluentd takes that for the end), or a code of skip.ts.
   */
  run(bytes: Uint8Array, from: number, to: number): number {
    const wasm = this.#wasm;
    let at = from;
    this.count = 0;
    this.dropped = 0;
    this.end = from;
    this.first = Number.NaN;
    this.last = Number.NaN;
    if (wasm !== undefined && bytes.buffer === wasm.memory.buffer) {
      const base = bytes.byteOffset;
      at = wasm.exports.entries(base + from, base + to) - base;
      this.count = wasm.results[0] as number;
      this.end = (wasm.results[1] as number) - base;
      this.first = wasm.results[5] as number;
      this.last = wasm.results[6] as number;
    }
    return at === to ? 0 : this.#rest(bytes, at, to);
  }

  #rest(bytes: Uint8Array, from: number, to: number): number {
    const walk = this.#walk;
    const code = walk.run(bytes, from, to);
    if (code < 0) {
      return code;
    }
    let { count, end } = walk;
    if (!walk.clean) {
      const rewritten = rewriteEntries(bytes, from, end);
      count = rewritten.count;
      end = rewritten.end;
      this.dropped = rewritten.dropped;
    }
    if (this.end !== from) {
      bytes.copyWithin(this.end, from, end);
    }
    if (count > 0) {
      this.first = Number.NaN;
      this.last = Number.NaN;
    }
    this.count += count;
    this.end += end - from;
    return 0;
  }
}
