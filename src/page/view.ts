// The numbers of the events that are shown, ascending: a list with room at both ends, since live events come at its end while a search
// runs towards its beginning. Holds no event; knows nothing of rows.

export class View {
  #ids = new Float64Array(1024);
  #begin = 512;
  #end = 512;

  get length(): number {
    return this.#end - this.#begin;
  }

  /** The event at a place from 0 to length - 1. */
  at(index: number): number {
    return this.#ids[this.#begin + index] as number;
  }

  /** The place of the first event that is not before `id`; `length` where all are. */
  place(id: number): number {
    let low = this.#begin;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ids[middle] as number) < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - this.#begin;
  }

  has(id: number): boolean {
    const place = this.place(id);
    return place < this.length && this.at(place) === id;
  }

  clear(): void {
    this.#ids = new Float64Array(1024);
    this.#begin = this.#end = 512;
  }

  push(id: number): void {
    this.#reserve(0, 1);
    this.#ids[this.#end++] = id;
  }

  /** Puts events, given from the newest to the oldest, before all others. */
  unshift(descending: readonly number[]): void {
    this.#reserve(descending.length, 0);
    for (const id of descending) {
      this.#ids[--this.#begin] = id;
    }
  }

  /** Takes an event in at its place, or out. */
  set(id: number, shown: boolean): void {
    const place = this.#begin + this.place(id);
    const there = place < this.#end && this.#ids[place] === id;
    if (shown && !there) {
      this.#reserve(0, 1);
      const now = this.#begin + this.place(id);
      this.#ids.copyWithin(now + 1, now, this.#end);
      this.#ids[now] = id;
      this.#end++;
    } else if (!shown && there) {
      this.#ids.copyWithin(place, place + 1, this.#end);
      this.#end--;
    }
  }

  dropBefore(id: number): void {
    this.#begin += this.place(id);
  }

  #reserve(before: number, behind: number): void {
    if (this.#begin >= before && this.#ids.length - this.#end >= behind) {
      return;
    }
    const length = this.length;
    const room = length + before + behind + 1024;
    const grown = new Float64Array(length + 2 * room);
    // What comes next comes mostly at the side that is full now.
    const begin = before > 0 ? room : Math.min(room, before + 512);
    grown.set(this.#ids.subarray(this.#begin, this.#end), begin);
    this.#ids = grown;
    this.#begin = begin;
    this.#end = begin + length;
  }
}
