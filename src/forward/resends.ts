// Remembers the chunks that were taken, so that a sender whose ack was lost, and who sends its chunk again on another connection, does not
// double its events. A chunk is known by who sent it (address and proven name; a new connection has another port) and by a hash of its whole
// message, in which the chunk id stands: an id that a sender gives to other events too, a counter that begins anew, is another chunk.
import { randomBytes } from 'node:crypto';
import type { Origin } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { MessageHash } from './message-hash.ts';

/** What a place costs in memory: twice a hash and a reference, and the chunk in every second one. */
const placeBytes = 72;

/** One chunk: where its events are. */
export interface TakenChunk {
  /** `joining`: not handed on yet, in this turn of the event loop; `failed`: an output could not, so that it may come again. */
  state: 'joining' | 'pending' | 'done' | 'failed';
  /** Settles when its events are. */
  settled: Promise<void> | undefined;
}

/** Chunks by the hashes of their messages. */
class Generation {
  readonly #mask: number;
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;
  readonly #chunks: (TakenChunk | undefined)[];
  size = 0;

  /** `places`, a power of two, are twice what may be in it. */
  constructor(places: number) {
    this.#mask = places - 1;
    this.#lows = new Int32Array(places);
    this.#highs = new Int32Array(places);
    this.#chunks = new Array<TakenChunk | undefined>(places).fill(undefined);
  }

  get full(): boolean {
    return this.size * 2 > this.#mask;
  }

  get(low: number, high: number): TakenChunk | undefined {
    return this.#chunks[this.#place(low, high)];
  }

  set(low: number, high: number, chunk: TakenChunk): void {
    const place = this.#place(low, high);
    if (this.#chunks[place] === undefined) {
      this.size++;
    }
    this.#lows[place] = low;
    this.#highs[place] = high;
    this.#chunks[place] = chunk;
  }

  clear(): void {
    this.size = 0;
    this.#chunks.fill(undefined);
  }

  /** Where it is, or the free place where it goes. */
  #place(low: number, high: number): number {
    let place = low & this.#mask;
    while (this.#chunks[place] !== undefined && (this.#lows[place] !== low || this.#highs[place] !== high)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }
}

export class ResendMemory {
  readonly #places: number;
  readonly #resent: Counter;
  readonly #seed = randomBytes(8);
  readonly #hash = new MessageHash();
  /** The newer half of what is known, and the older one, which is forgotten all at once; undefined until somebody asks for an ack. */
  #young: Generation | undefined;
  #old: Generation | undefined;

  /** Undefined where `limit`, bytes, leaves room for nothing. `resent` counts the chunks that came again. */
  static of(limit: number, resent: Counter): ResendMemory | undefined {
    const places = 2 ** Math.floor(Math.log2(Math.min(limit, 2 ** 36) / placeBytes));
    return places < 2 ? undefined : new ResendMemory(places, resent);
  }

  private constructor(places: number, resent: Counter) {
    this.#places = places;
    this.#resent = resent;
  }

  /** Chunks that are known. */
  get size(): number {
    return (this.#young?.size ?? 0) + (this.#old?.size ?? 0);
  }

  /** The part that one peer has in it. */
  peer({ address, name }: Origin): PeerResends {
    const text = Buffer.from(JSON.stringify([address, name ?? null]));
    this.#hash.run(text, 0, text.length, this.#seed.readInt32LE(0), this.#seed.readInt32LE(4));
    return new PeerResends(this, this.#hash, this.#hash.low, this.#hash.high);
  }

  get(low: number, high: number): TakenChunk | undefined {
    return this.#young?.get(low, high) ?? this.#old?.get(low, high);
  }

  set(low: number, high: number, chunk: TakenChunk): void {
    this.#young ??= new Generation(this.#places);
    if (this.#young.full) {
      const free = this.#old ?? new Generation(this.#places);
      free.clear();
      this.#old = this.#young;
      this.#young = free;
    }
    this.#young.set(low, high, chunk);
  }

  count(): void {
    this.#resent.value++;
  }
}

/** What is known of one peer; each of its connections has one. */
export class PeerResends {
  readonly #memory: ResendMemory;
  readonly #hash: MessageHash;
  /** Stand for the peer. */
  readonly #seedLow: number;
  readonly #seedHigh: number;
  /** Of the message that was looked for last. */
  #low = 0;
  #high = 0;

  constructor(memory: ResendMemory, hash: MessageHash, seedLow: number, seedHigh: number) {
    this.#memory = memory;
    this.#hash = hash;
    this.#seedLow = seedLow;
    this.#seedHigh = seedHigh;
  }

  /** Looks for the message between `start` and `end`, which asks for an ack: undefined where it is new, or nobody took it. */
  find(bytes: Uint8Array, start: number, end: number): TakenChunk | undefined {
    this.#hash.run(bytes, start, end, this.#seedLow, this.#seedHigh);
    this.#low = this.#hash.low;
    this.#high = this.#hash.high;
    const chunk = this.#memory.get(this.#low, this.#high);
    return chunk === undefined || chunk.state === 'failed' ? undefined : chunk;
  }

  /** Remembers the message that was looked for last. */
  add(): TakenChunk {
    const chunk: TakenChunk = { state: 'joining', settled: undefined };
    this.#memory.set(this.#low, this.#high, chunk);
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
