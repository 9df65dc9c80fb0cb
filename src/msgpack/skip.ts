// Finds where a msgpack value ends, without decoding it; can stop at any byte and go on with more of them.
// What the value means is left to others; large values are walked over by the WebAssembly module. The format: https://github.com/msgpack/msgpack/blob/master/spec.md
import type { Wasm } from './wasm.ts';

/** Nested deeper than this, a value is refused. */
export const maxDepth = 512;

/** Fewer bytes than this are not worth a call of the module. */
const largeFrom = 256;

/** What `Skip.run` returns instead of a position. */
export const needMore = -1;
/** 0xc1, which is no msgpack. */
export const invalidByte = -2;
/** An ext type other than 0: Fluentd's EventTime is the only one that the forward protocol knows. */
export const unknownExt = -3;
export const tooDeep = -4;

/**
 * Walks over one value. While it is incomplete, `at` says where the walk stopped (an unfinished token begins there) and `want` where that
 * token ends, as far as its head tells; the next `run` goes on from `at`, wherever those bytes are by then. Its work is in proportion to
 * the bytes, however they are cut.
 */
export class Skip {
  at = 0;
  want = 0;
  #depth = 0;
  #left = 1;
  /** Grows to the depth that values have: there are several of these for each connection. */
  readonly #stack: number[] = [];

  /** Forgets an unfinished value. */
  reset(): void {
    this.#depth = 0;
    this.#left = 1;
  }

  /** As `run`, faster where the value is large: the module walks over what it can. */
  runLarge(wasm: Wasm | undefined, bytes: Uint8Array, from: number, end: number): number {
    const head = bytes[from] as number;
    const container = this.#depth > 0 || (head >= 0x80 && head < 0xa0) || head >= 0xdc;
    if (wasm === undefined || !container || end - from < largeFrom || bytes.buffer !== wasm.memory.buffer) {
      return this.run(bytes, from, end);
    }
    const { results, skipStack } = wasm;
    const stack = this.#stack;
    for (let i = 0; i < this.#depth; i++) {
      skipStack[i] = stack[i] as number;
    }
    const base = bytes.byteOffset;
    const next = wasm.exports.skip(base + from, base + end, this.#depth, this.#left) - base;
    if (results[0] === 1) {
      this.reset();
      return next;
    }
    this.#depth = results[1] as number;
    this.#left = results[2] as number;
    for (let i = 0; i < this.#depth; i++) {
      stack[i] = skipStack[i] as number;
    }
    return this.run(bytes, next, end);
  }

  /** The position after the value, of which `pos` is the first byte or where the last `run` stopped; or one of the codes above. */
  run(bytes: Uint8Array, from: number, end: number): number {
    let pos = from;
    let depth = this.#depth;
    let left = this.#left;
    const stack = this.#stack;
    for (;;) {
      let next = pos + 1;
      let children = 0;
      if (pos >= end) {
        return this.#stop(pos, next, depth, left);
      }
      const head = bytes[pos] as number;
      if (head >= 0xa0 && head < 0xc0) {
        next += head & 0x1f;
      } else if (head < 0x80 || head >= 0xe0) {
        // A small integer is its own head.
      } else if (head < 0xa0) {
        children = head < 0x90 ? (head & 0x0f) * 2 : head & 0x0f;
      } else {
        const size = headSize[head & 0x1f] as number;
        if (size < 0) {
          return size;
        }
        next = pos + size;
        if (next > end) {
          return this.#stop(pos, next, depth, left);
        }
        const length = lengthSize[head & 0x1f] as number;
        if (length > 0) {
          const number = readLength(bytes, pos + 1, length);
          if (head >= 0xdc) {
            children = head >= 0xde ? number * 2 : number;
          } else {
            next += number;
          }
        }
        if (((head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8)) && bytes[pos + 1 + length] !== 0) {
          return unknownExt;
        }
      }
      if (next > end) {
        return this.#stop(pos, next, depth, left);
      }
      pos = next;
      if (children > 0) {
        if (depth === maxDepth) {
          return tooDeep;
        }
        stack[depth++] = left;
        left = children;
        continue;
      }
      left--;
      while (left === 0) {
        if (depth === 0) {
          this.#depth = 0;
          this.#left = 1;
          return pos;
        }
        left = (stack[--depth] as number) - 1;
      }
    }
  }

  #stop(pos: number, want: number, depth: number, left: number): number {
    this.at = pos;
    this.want = want;
    this.#depth = depth;
    this.#left = left;
    return needMore;
  }
}

/** Bytes of head and fixed body for 0xc0 to 0xdf (for ext: head, length and type; fixext: with the body), or a code. */
const headSize = Int8Array.of(
  ...[1, invalidByte, 1, 1], // c0 nil, c1, c2 false, c3 true
  ...[2, 3, 5], // c4 bin8, c5 bin16, c6 bin32
  ...[3, 4, 6], // c7 ext8, c8 ext16, c9 ext32
  ...[5, 9], // ca float32, cb float64
  ...[2, 3, 5, 9], // cc to cf uint
  ...[2, 3, 5, 9], // d0 to d3 int
  ...[3, 4, 6, 10, 18], // d4 to d8 fixext
  ...[2, 3, 5], // d9 str8, da str16, db str32
  ...[3, 5], // dc array16, dd array32
  ...[3, 5], // de map16, df map32
);

/** Bytes of the length field for 0xc0 to 0xdf. */
const lengthSize = Int8Array.of(
  ...[0, 0, 0, 0],
  ...[1, 2, 4],
  ...[1, 2, 4],
  ...[0, 0],
  ...[0, 0, 0, 0],
  ...[0, 0, 0, 0],
  ...[0, 0, 0, 0, 0],
  ...[1, 2, 4],
  ...[2, 4],
  ...[2, 4],
);

/** A big-endian length of 1, 2 or 4 bytes. */
function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) {
    return bytes[at] as number;
  }
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return size === 2 ? high : high * 65536 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
}
