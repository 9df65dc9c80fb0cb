// The checksums of one chunk's blocks. They begin with that of the chunk's id instead of 0: no event can hold what would be taken for a block (who
// sends events does not know the id), and no block of another file can.
import { crc32 } from 'node:zlib';
import type { Wasm } from '../msgpack/wasm.ts';
import { laneSum } from './lane-sum.ts';

/** How the checksum of a block's entries was made, as its head says. */
export const sumKinds = { crc32: 0, lanes: 1 } as const;
export type SumKind = (typeof sumKinds)[keyof typeof sumKinds];

/** From so many bytes on, other lanes than those of a CRC are worth their beginning and end. */
const lanesFrom = 256;

export class ChunkSums {
  readonly #seed: number;
  readonly #wasm: Wasm | undefined;

  /** `id` is the chunk's, in hex. Without `wasm` all sums are still known, some more slowly. */
  constructor(id: string, wasm: Wasm | undefined) {
    this.#seed = crc32(Buffer.from(id, 'hex'));
    this.#wasm = wasm;
  }

  /** Which kind is the quickest for these bytes. */
  kindFor(bytes: Uint8Array): SumKind {
    return bytes.length >= lanesFrom && bytes.buffer === this.#wasm?.memory.buffer ? sumKinds.lanes : sumKinds.crc32;
  }

  /** Undefined where the kind is none. */
  entries(bytes: Uint8Array, kind: number): number | undefined {
    switch (kind) {
      case sumKinds.crc32:
        return crc32(bytes, this.#seed);
      case sumKinds.lanes:
        return this.#lanes(bytes);
      default:
        return undefined;
    }
  }

  /** Of the two parts of a block's head. */
  head(fixed: Uint8Array, rest: Uint8Array): number {
    return crc32(rest, crc32(fixed, this.#seed));
  }

  #lanes(bytes: Uint8Array): number {
    const wasm = this.#wasm;
    if (wasm === undefined || bytes.buffer !== wasm.memory.buffer) {
      return laneSum(bytes, this.#seed);
    }
    return wasm.exports.sum(bytes.byteOffset, bytes.byteOffset + bytes.length, this.#seed) >>> 0;
  }
}
