// A hash of 64 bits over a message's bytes, with a seed that nobody outside knows: to tell messages apart, not to prove who wrote them.
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Up to this it is made here, which costs a part of a call; above, SHA-1 of the system's library is faster. */
const hashedHere = 1024;
/**
 * Up to this, all bytes go through SHA-1. Of a longer message its beginning and end do, of so much together, and a CRC of all of it, which costs
 * less than half: what is mistaken then has the same first and last events with their times, the same length and the same CRC.
 */
const hashedWhole = 16 * 1024;
const half = hashedWhole / 2;

export class MessageHash {
  /** Of the last message. */
  low = 0;
  high = 0;
  readonly #scratch = new Uint8Array(hashedWhole);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Hashes the bytes from `start` to `end`. */
  run(bytes: Uint8Array, start: number, end: number, seedLow: number, seedHigh: number): void {
    if (end - start <= hashedHere) {
      this.#short(bytes, start, end, seedLow, seedHigh);
    } else {
      this.#long(bytes, start, end);
      this.low ^= seedLow;
      this.high ^= seedHigh;
    }
  }

  /** Two lanes of MurmurHash3's kind, with different constants, that run into each other. */
  #short(bytes: Uint8Array, start: number, end: number, seedLow: number, seedHigh: number): void {
    if (this.#view.buffer !== bytes.buffer) {
      this.#view = new DataView(bytes.buffer);
    }
    const view = this.#view;
    const offset = bytes.byteOffset;
    const words = offset + start + ((end - start) & ~3);
    const stop = offset + end;
    let low = seedLow;
    let high = seedHigh;
    for (let at = offset + start; at < stop; at += 4) {
      let word = 0;
      if (at < words) {
        word = view.getInt32(at, true);
      } else {
        for (let byte = stop - 1; byte >= at; byte--) {
          word = (word << 8) | view.getUint8(byte);
        }
      }
      const first = Math.imul(word, 0xcc9e2d51);
      low ^= Math.imul((first << 15) | (first >>> 17), 0x1b873593);
      low = (Math.imul((low << 13) | (low >>> 19), 5) + high) | 0;
      const second = Math.imul(word, 0x239b961b);
      high ^= Math.imul((second << 16) | (second >>> 16), 0xab0e9789);
      high = (Math.imul((high << 17) | (high >>> 15), 5) + low) | 0;
    }
    low ^= end - start;
    this.low = mix(low + high);
    this.high = mix(high + this.low);
  }

  #long(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    let hashed = bytes.subarray(start, end);
    let crc = length;
    if (length > hashedWhole) {
      crc = crc32(hashed, length);
      this.#scratch.set(hashed.subarray(0, half));
      this.#scratch.set(hashed.subarray(length - half), half);
      hashed = this.#scratch;
    }
    const digest = hash('sha1', hashed, 'binary');
    this.low = wordOf(digest, 0);
    this.high = wordOf(digest, 4) ^ crc;
  }
}

function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function wordOf(digest: string, at: number): number {
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  );
}
