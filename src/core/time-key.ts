// Cuts time into pieces of one length, days above all, seen in a zone: which piece a moment belongs to.
import type { Zone } from './zone.ts';

/** Since 1973 no zone has changed its offset but at a full quarter of an hour. */
const quarter = 900;

export class TimeKey {
  /** Length of a piece, seconds. */
  readonly size: number;
  readonly zone: Zone;
  #quarter = Number.NaN;
  #offset = 0;

  constructor(size: number, zone: Zone) {
    this.size = size;
    this.zone = zone;
  }

  /** When the piece begins that `sec` lies in; both in seconds since the epoch. A day begins at midnight, also when the clock is changed in it. */
  startOf(sec: number): number {
    const part = Math.floor(sec / quarter);
    if (part !== this.#quarter) {
      this.#quarter = part;
      this.#offset = this.zone.offsetAt(sec);
    }
    const local = sec + this.#offset;
    const start = sec - (local - Math.floor(local / this.size) * this.size);
    if (Math.floor(start / quarter) === part) {
      return start;
    }
    return start + this.#offset - this.zone.offsetAt(start);
  }
}
