// Cuts time into pieces of one length, days above all, seen in a zone: which piece a moment belongs to.
import type { Zone } from './zone.ts';

/** Since 1973 no zone has changed its offset but at a full quarter of an hour. */
const quarter = 900;

export class TimeKey {
  /** Length of a piece, seconds. */
  readonly size: number;
  readonly zone: Zone;
  /** The last answer, and from when to when it holds. */
  #start = 0;
  #from = 0;
  #to = 0;

  constructor(size: number, zone: Zone) {
    this.size = size;
    this.zone = zone;
  }

  /** When the piece begins that `sec` lies in; both in seconds since the epoch. A day begins at midnight, also when the clock is changed in it. */
  startOf(sec: number): number {
    return sec >= this.#from && sec < this.#to ? this.#start : this.#find(sec);
  }

  /** The last answer holds from `from` on, to less than `to`. */
  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  #find(sec: number): number {
    const { size, zone } = this;
    const offset = zone.offsetAt(sec);
    const local = sec + offset;
    const start = sec - (local - Math.floor(local / size) * size);
    this.#start = start + offset - zone.offsetAt(start);
    const part = Math.floor(sec / quarter) * quarter;
    this.#from = Math.max(start, part);
    this.#to = Math.min(start + size, part + quarter);
    return this.#start;
  }
}
