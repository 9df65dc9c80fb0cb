// Events in a row, as columns in one slab of the memory: line bytes one behind the other, and for each event where its line ends, its time,
// shape, origin, level and flags. What few events have stands beside it.
import type { Marker } from '../held.ts';
import type { Memory } from './memory.ts';

export interface BlockSize {
  /** Bytes of a slab. */
  readonly slab: number;
  /** Events of a block, a multiple of 32. */
  readonly events: number;
}

export const usualSize: BlockSize = { slab: 1024 * 1024, events: 8192 };

/** Bits of the events that something is true of. */
export type Bits = Uint32Array<ArrayBuffer>;

/** Where the columns stand. */
export interface Places {
  readonly offsets: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly shapes: number;
  readonly origins: number;
  readonly levels: number;
  readonly flags: number;
  /** Where the lines begin, and where they end at the latest. */
  readonly lines: number;
  readonly limit: number;
}

function placesOf(address: number, { slab, events }: BlockSize): Places {
  const offsets = address;
  const seconds = offsets + 4 * (events + 4);
  const nanos = seconds + 4 * events;
  const shapes = nanos + 4 * events;
  const origins = shapes + 2 * events;
  const levels = origins + 2 * events;
  const flags = levels + events;
  return { offsets, seconds, nanos, shapes, origins, levels, flags, lines: flags + events, limit: address + slab };
}

export class Block {
  /** The number of its first event. */
  readonly first: number;
  readonly address: number;
  readonly at: Places;
  count = 0;
  used: number;
  /** The events that are shown, and how many they are. */
  readonly bits: Bits;
  shown = 0;
  /** Pieces and markers, which are no lines of their own; undefined where there is none. */
  special: Bits | undefined;
  /** Whether any event has to be read to be searched: colours, pieces, whole records. */
  mixed = false;
  /** The times of its events are between these, in seconds. */
  oldest = Number.POSITIVE_INFINITY;
  newest = 0;
  /** For facets whose own choice is left out of what they count: the events that pass all else. */
  readonly variants = new Map<string, Bits>();
  readonly markers = new Map<number, Marker>();
  /** Whole events that are too large for the slab. */
  readonly outside = new Map<number, Uint8Array>();
  outsideBytes = 0;
  // Runs of events that came one after the other: the first of them, its seq, and when it arrived.
  readonly #runs: number[] = [];
  readonly #seqs: number[] = [];
  readonly #arrivals: number[] = [];

  constructor(first: number, address: number, size: BlockSize, memory: Memory) {
    this.first = first;
    this.address = address;
    this.at = placesOf(address, size);
    this.used = this.at.lines;
    this.bits = new Uint32Array(size.events / 32);
    memory.u32[this.at.offsets >> 2] = this.used;
  }

  /** Notes that the event in this place has this seq, and those behind it the next ones. */
  run(row: number, seq: number, arrived: number): void {
    const last = this.#runs.length - 1;
    const goesOn =
      last >= 0 &&
      this.#arrivals[last] === arrived &&
      (this.#seqs[last] as number) + row - (this.#runs[last] as number) === seq;
    if (!goesOn) {
      this.#runs.push(row);
      this.#seqs.push(seq);
      this.#arrivals.push(arrived);
    }
  }

  /** The row of the event with that seq. */
  rowOf(seq: number): number | undefined {
    for (let n = this.#runs.length - 1; n >= 0; n--) {
      const row = (this.#runs[n] as number) + seq - (this.#seqs[n] as number);
      if (row >= (this.#runs[n] as number) && row < (this.#runs[n + 1] ?? this.count)) {
        return row;
      }
    }
    return undefined;
  }

  setSpecial(row: number): void {
    this.special ??= new Uint32Array(this.bits.length);
    this.special[row >> 5] = (this.special[row >> 5] as number) | (1 << (row & 31));
  }

  seqOf(row: number): { readonly seq: number; readonly arrived: number } {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle] as number) <= row) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return {
      seq: (this.#seqs[low] ?? 0) + row - (this.#runs[low] ?? 0),
      arrived: this.#arrivals[low] ?? 0,
    };
  }
}
