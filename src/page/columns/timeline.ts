// Numbers of shown events by second, level and lane, for the histogram: a lane for each feed, and one for events that no match took. Bins of
// seconds are kept and put together when it is drawn.
import type { Lane, Picture } from '../picture.ts';
import type { Block } from './block.ts';
import type { Columns } from './columns.ts';
import { lanesAt, rowsAt, runSize, runsAt } from './layout.ts';
import { type Origin, others } from './origins.ts';
import { usualSpan } from './span.ts';

/** Seconds of one lane that are kept apart; further ones are not drawn. */
const mostBins = 200_000;
const mostLanes = 8;
/** Events of a bin by how serious they are: error and worse, warnings, the rest. */
const kinds = 3;
const unmatched = '\u0000unmatched';

export class Timeline {
  /** Moves on with every change. */
  version = 0;
  readonly #columns: Columns;
  readonly #lanes = new Map<string, Map<number, Uint32Array>>();
  /** The same by number, as the kernel has them for each origin; the origins that it knows, and their list's version. */
  #numbered: Map<number, Uint32Array>[] = [];
  #known: (Origin | undefined)[] = [];
  #origins = -1;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  clear(): void {
    this.version++;
    this.#lanes.clear();
    this.#numbered = [];
    this.#known = [];
    this.#origins = -1;
  }

  /** Adds the rows that the kernel has been handed (rows.ts), or takes them off. */
  addRows(block: Block, from: number, to: number, by: 1 | -1): void {
    const { memory, kernel } = this.#columns;
    const { seconds, origins, levels } = block.at;
    this.version++;
    this.#assign();
    const runs = kernel.countSeconds(seconds, origins, levels, from, to, rowsAt, lanesAt, runsAt);
    const { u32 } = memory;
    for (let run = runsAt >> 2, end = run + runs * (runSize >> 2); run < end; run += runSize >> 2) {
      const bins = this.#numbered[u32[run] as number];
      const second = u32[run + 1] as number;
      const bin = bins === undefined ? undefined : this.#bin(bins, second, by > 0);
      if (bins === undefined || bin === undefined) {
        continue;
      }
      let rest = 0;
      for (let kind = 0; kind < kinds; kind++) {
        bin[kind] = (bin[kind] as number) + by * (u32[run + 2 + kind] as number);
        rest |= bin[kind] as number;
      }
      if (rest === 0) {
        bins.delete(second);
      }
    }
  }

  /** Gives each origin that has come its lane. */
  #assign(): void {
    const { origins, memory } = this.#columns;
    if (origins.version === this.#origins) {
      return;
    }
    this.#origins = origins.version;
    for (const [id, origin] of origins.list.entries()) {
      // What has no origin of its own stands in the first lane.
      if (origin !== undefined && id !== others && this.#known[id] !== origin) {
        this.#known[id] = origin;
        const bins = this.#lane(origin.place.matched ? origin.place.listener : unmatched);
        const number = this.#numbered.indexOf(bins);
        memory.u8[lanesAt + id] = number < 0 ? this.#numbered.push(bins) - 1 : number;
      }
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
