// Memory for events that a filter makes of others: it is in use only as long as a batch is on its way, so that few pieces serve all filters.
import type { IoMemory } from '../core/io-memory.ts';

/** As many bytes as one read has at most, and some more. */
const usualSize = 2 * 1024 * 1024 + 64 * 1024;
/** The module writes and reads so far behind events: a piece has so many bytes more than are asked for. */
export const areaSlack = 64;
const kept = 2;

export class EventAreas {
  readonly #memory: IoMemory;
  readonly #spare: Uint8Array[] = [];

  constructor(memory: IoMemory) {
    this.#memory = memory;
  }

  /** Room for `size` bytes of events, in the memory; undefined where there is none. Whoever takes it gives it back. */
  take(size: number): Uint8Array | undefined {
    return size + areaSlack <= usualSize
      ? (this.#spare.pop() ?? this.#memory.find(usualSize))
      : this.#memory.find(size + areaSlack);
  }

  give(area: Uint8Array): void {
    if (area.length === usualSize && this.#spare.length < kept) {
      this.#spare.push(area);
    } else {
      this.#memory.give(area);
    }
  }
}
