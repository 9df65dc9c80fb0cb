// Numbers of shown events by second, level and lane, for the histogram: a lane for each feed, and one for events that no match took. Bins of
// seconds are kept and put together when it is drawn.
import type { Lane, Picture } from '../picture.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { usualSpan } from './span.ts';
import { rowsOf } from './tally.ts';

/** Seconds of one lane that are kept apart; further ones are not drawn. */
const mostBins = 200_000;
const mostLanes = 8;
/** Events of a bin by how serious they are: error and worse, warnings, the rest. */
const kinds = 3;
const kindOfLevel = [2, 2, 2, 2, 1, 0, 0, 2];
const unmatched = '\u0000unmatched';

export class Timeline {
  /** Moves on with every change. */
  version = 0;
  readonly #columns: Columns;
  readonly #lanes = new Map<string, Map<number, Uint32Array>>();

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  clear(): void {
    this.version++;
    this.#lanes.clear();
  }

  add(block: Block, bits: Bits, from: number, to: number, by: 1 | -1): void {
    const { memory, origins } = this.#columns;
    const { u8, u16, u32 } = memory;
    const seconds = block.at.seconds >> 2;
    const originsAt = block.at.origins >> 1;
    const { levels } = block.at;
    let second = -1;
    let origin = -1;
    let bins: Map<number, Uint32Array> | undefined;
    // Events in a row often have the same second and origin: they are added together.
    const counts = [0, 0, 0];
    const put = () => this.#put(bins, second, counts, by);
    this.version++;
    for (let word = from >> 5; word << 5 < to; word++) {
      let left = rowsOf(block, bits, word, from, to);
      while (left !== 0) {
        const row = (word << 5) + 31 - Math.clz32(left & -left);
        left &= left - 1;
        const ownOrigin = u16[originsAt + row] as number;
        const ownSecond = u32[seconds + row] as number;
        if (ownOrigin !== origin || ownSecond !== second) {
          put();
          second = ownSecond;
          if (ownOrigin !== origin) {
            origin = ownOrigin;
            const { place } = origins.get(origin);
            bins = this.#lane(place.matched ? place.listener : unmatched);
          }
        }
        const kind = kindOfLevel[u8[levels + row] as number] as number;
        counts[kind] = (counts[kind] as number) + 1;
      }
    }
    put();
  }

  /** Adds counts to a bin, or takes them off; leaves them at zero. */
  #put(bins: Map<number, Uint32Array> | undefined, second: number, counts: number[], by: 1 | -1): void {
    if (bins === undefined || counts.every((count) => count === 0)) {
      return;
    }
    const bin = this.#bin(bins, second, by > 0);
    for (let kind = 0; kind < kinds; kind++) {
      if (bin !== undefined) {
        bin[kind] = (bin[kind] as number) + by * (counts[kind] as number);
      }
      counts[kind] = 0;
    }
    if (by < 0 && bin?.every((count) => count === 0) === true) {
      bins.delete(second);
    }
  }

  /** What there is from `from` to `to`, seconds since the epoch, in so many bins; without them, all but a few that are far away. */
  picture(
    range: { readonly from: number | undefined; readonly to: number | undefined },
    count: number,
  ): Picture | undefined {
    const { first, last } = usualSpan(() => this.#seconds());
    const from = range.from ?? first;
    const to = range.to ?? last + 1;
    if (!(to > from)) {
      return undefined;
    }
    const step = stepFor((to - from) / count);
    const start = Math.floor(from / step) * step;
    const length = Math.min(2 * count, Math.ceil((to - start) / step));
    let outside = 0;
    const lanes = [...this.#lanes].flatMap(([name, bins]): Lane[] => {
      const counts = new Float64Array(length * kinds);
      let total = 0;
      for (const [second, bin] of bins) {
        const at = Math.floor((second - start) / step);
        if (at >= 0 && at < length) {
          for (let kind = 0; kind < kinds; kind++) {
            const value = bin[kind] as number;
            counts[at * kinds + kind] = (counts[at * kinds + kind] as number) + value;
            total += value;
          }
        } else {
          outside += sumOf(bin);
        }
      }
      return total === 0 ? [] : [{ name: name === unmatched ? undefined : name, counts }];
    });
    return { start, step, length, lanes, outside };
  }

  /** The seconds that have events, lane by lane, and how many. */
  *#seconds(): Generator<readonly [number, number]> {
    for (const bins of this.#lanes.values()) {
      for (const [second, bin] of bins) {
        yield [second, sumOf(bin)];
      }
    }
  }

  #lane(name: string): Map<number, Uint32Array> {
    const own = this.#lanes.size < mostLanes || this.#lanes.has(name) ? name : ([...this.#lanes.keys()][0] ?? name);
    let bins = this.#lanes.get(own);
    if (bins === undefined) {
      bins = new Map();
      this.#lanes.set(own, bins);
    }
    return bins;
  }

  #bin(bins: Map<number, Uint32Array>, second: number, create: boolean): Uint32Array | undefined {
    let bin = bins.get(second);
    if (create && bin === undefined && bins.size < mostBins) {
      bin = new Uint32Array(kinds);
      bins.set(second, bin);
    }
    return bin;
  }
}

function sumOf(bin: Uint32Array): number {
  return (bin[0] as number) + (bin[1] as number) + (bin[2] as number);
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** The smallest round number of seconds that is not below `least`. */
function stepFor(least: number): number {
  return steps.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
