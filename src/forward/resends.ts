// Remembers the chunks that were taken, so that a sender whose ack was lost, and who sends its chunk again on another connection, does not
// double its events. A chunk is known by who sent it (address and proven name; a new connection has another port) and by a hash of its whole
// message, in which the chunk id stands: an id that a sender gives to other events too, a counter that begins anew, is another chunk.
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Origin } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';

/** What one chunk costs in memory, with its place in a map: measured, and rounded up. */
const chunkBytes = 256;
/**
 * Up to this, a message is hashed whole. Of a longer one its beginning and end, of so much together, and a CRC of all of it, which costs less
 * than half: what is mistaken then has the same id, sender and length, the same first and last events with their times, and the same CRC.
 */
const hashedWhole = 16 * 1024;
const half = hashedWhole / 2;

/** One chunk: where its events are. */
export interface TakenChunk {
  /** `joining`: not handed on yet, in this turn of the event loop; `failed`: an output could not, so that it may come again. */
  state: 'joining' | 'pending' | 'done' | 'failed';
  /** Settles when its events are. */
  settled: Promise<void> | undefined;
}

export class ResendMemory {
  readonly #perGeneration: number;
  readonly #resent: Counter;
  readonly #scratch = new Uint8Array(hashedWhole);
  /** The newer half of what is known, and the older one, which is forgotten all at once. */
  #young = new Map<string, TakenChunk>();
  #old = new Map<string, TakenChunk>();

  /** Undefined where `limit`, bytes, leaves room for nothing. `resent` counts the chunks that came again. */
  static of(limit: number, resent: Counter): ResendMemory | undefined {
    const chunks = Math.floor(limit / chunkBytes);
    return chunks < 2 ? undefined : new ResendMemory(Math.floor(chunks / 2), resent);
  }

  private constructor(perGeneration: number, resent: Counter) {
    this.#perGeneration = perGeneration;
    this.#resent = resent;
  }

  /** Chunks that are known. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The part that one peer has in it. */
  peer({ address, name }: Origin): PeerResends {
    return new PeerResends(this, hash('sha1', JSON.stringify([address, name ?? null]), 'binary').slice(0, 12));
  }

  /** What a message is known by, beside its peer. */
  digest(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length <= hashedWhole) {
      return hash('sha1', bytes.subarray(start, end), 'binary');
    }
    this.#scratch.set(bytes.subarray(start, start + half));
    this.#scratch.set(bytes.subarray(end - half, end), half);
    const crc = crc32(bytes.subarray(start, end));
    return `${hash('sha1', this.#scratch, 'binary')}${crc.toString(36)} ${length.toString(36)}`;
  }

  get(key: string): TakenChunk | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  add(key: string, chunk: TakenChunk): void {
    if (this.#young.size >= this.#perGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, chunk);
  }

  count(): void {
    this.#resent.value++;
  }
}

/** What is known of one peer; each of its connections has one. */
export class PeerResends {
  readonly #memory: ResendMemory;
  readonly #peer: string;
  #key = '';

  constructor(memory: ResendMemory, peer: string) {
    this.#memory = memory;
    this.#peer = peer;
  }

  /** Looks for the message between `start` and `end`, which asks for an ack: undefined where it is new, or nobody took it. */
  find(bytes: Uint8Array, start: number, end: number): TakenChunk | undefined {
    this.#key = this.#peer + this.#memory.digest(bytes, start, end);
    const chunk = this.#memory.get(this.#key);
    return chunk === undefined || chunk.state === 'failed' ? undefined : chunk;
  }

  /** Remembers the message that was looked for last. */
  add(): TakenChunk {
    const chunk: TakenChunk = { state: 'joining', settled: undefined };
    this.#memory.add(this.#key, chunk);
    return chunk;
  }

  /** A chunk came again. */
  count(): void {
    this.#memory.count();
  }
}

/** The chunks' events were handed on: `settled` is what emit returned. */
export function handedOn(chunks: readonly TakenChunk[], settled: Promise<void> | undefined): void {
  mark(chunks, settled === undefined ? 'done' : 'pending', settled);
  settled?.then(
    () => mark(chunks, 'done', undefined),
    () => mark(chunks, 'failed', undefined),
  );
}

function mark(chunks: readonly TakenChunk[], state: TakenChunk['state'], settled: Promise<void> | undefined): void {
  for (const chunk of chunks) {
    chunk.state = state;
    chunk.settled = settled;
  }
}
