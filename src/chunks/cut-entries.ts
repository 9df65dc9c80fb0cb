// Cuts a long run of entries between events.
import { Skip } from '../msgpack/skip.ts';
import type { Wasm } from '../msgpack/wasm.ts';

export interface Cut {
  readonly entries: Uint8Array;
  readonly count: number;
}

/** Pieces of at most `limit` bytes, but for an event that is larger by itself. */
export function cutEntries(entries: Uint8Array, limit: number, wasm: Wasm | undefined): Cut[] {
  const skip = new Skip();
  const cuts: Cut[] = [];
  let from = 0;
  let count = 0;
  for (let at = 0; at < entries.length; count++) {
    const next = skip.runLarge(wasm, entries, at, entries.length);
    if (next < 0) {
      throw new TypeError('A batch does not consist of whole events.');
    }
    if (next - from > limit && count > 0) {
      cuts.push({ entries: entries.subarray(from, at), count });
      from = at;
      count = 0;
    }
    at = next;
  }
  cuts.push({ entries: entries.subarray(from), count });
  return cuts;
}
