// How many lines that pass the query have each level, container, source and tag. Counted as lines come, are found and go; what is counted is
// noted in the block of the event, so that it is never counted twice.
import { noLevel } from '../live/query/fields.ts';
import { levels } from '../live/query/levels.ts';
import type { Block, EventRef, Store } from './store.ts';
import { others, type Values } from './values.ts';

export const facetNames = ['level', 'container', 'source', 'tag'] as const;
export type FacetName = (typeof facetNames)[number];

export interface FacetValue {
  readonly name: string;
  readonly color: number;
  /** Lines that pass the query. */
  readonly count: number;
  /** All values beyond the bound: none that could be chosen. */
  readonly others: boolean;
}

export interface FacetList {
  readonly values: readonly FacetValue[];
  /** Values that are not listed. */
  readonly hidden: number;
  /** The largest count. */
  readonly most: number;
}

const levelNames = [...levels, noLevel];

export class Facets {
  /** Moves on with every change. */
  version = 0;
  readonly #store: Store;
  readonly #counts: Record<FacetName, number[]> = { level: [], container: [], source: [], tag: [] };

  constructor(store: Store) {
    this.#store = store;
    store.onGone = (block) => this.#gone(block);
  }

  /** Counts a line, or does not any more. */
  set({ block, at }: EventRef, shown: boolean): void {
    if ((block.counted[at] === 1) !== shown) {
      block.counted[at] = shown ? 1 : 0;
      this.#add(block, at, shown ? 1 : -1);
    }
  }

  /** The level of a line has become another one. */
  setLevel({ block, at }: EventRef, level: number): void {
    if (block.flags[at] === 0) {
      add(this.#store.levels, block.levels[at] as number, -1);
      add(this.#store.levels, level, 1);
    }
    if (block.counted[at] === 1) {
      add(this.#counts.level, block.levels[at] as number, -1);
      add(this.#counts.level, level, 1);
    }
    block.levels[at] = level;
  }

  clear(): void {
    this.version++;
    for (const name of facetNames) {
      this.#counts[name] = [];
    }
    this.#store.forgetCounted();
  }

  count(name: FacetName, id: number): number {
    return this.#counts[name][id] ?? 0;
  }

  list(name: FacetName, chosen: ReadonlySet<string>, most: number): FacetList {
    const { containers, sources, tags } = this.#store;
    switch (name) {
      case 'level':
        return this.#levels(chosen);
      case 'container':
        return this.#valuesOf(name, containers, chosen, most);
      case 'source':
        return this.#valuesOf(name, sources, chosen, most);
      default:
        return this.#valuesOf(name, tags, chosen, most);
    }
  }

  #levels(chosen: ReadonlySet<string>): FacetList {
    const values = levelNames.flatMap((name, n) => {
      const number = levels.length - n;
      const listed = (this.#store.levels[number] ?? 0) > 0 || chosen.has(name);
      return listed ? [{ name, color: 0, count: this.count('level', number), others: false }] : [];
    });
    return { values, hidden: 0, most: largest(values) };
  }

  #valuesOf(facet: FacetName, from: Values, chosen: ReadonlySet<string>, most: number): FacetList {
    // What has no source has none to be chosen.
    const ids = from.kept().filter((id) => from.entry(id).name !== '');
    const names = new Set(ids.map((id) => from.entry(id).name));
    const values = ids.map((id) => {
      const { name, color } = from.entry(id);
      return { name, color, count: this.count(facet, id), others: id === others };
    });
    const missing = [...chosen].filter((name) => !names.has(name));
    const all = [...missing.map((name) => ({ name, color: 0, count: 0, others: false })), ...values];
    return { values: all.slice(0, most), hidden: Math.max(0, all.length - most), most: largest(all) };
  }

  #add(block: Block, at: number, by: number): void {
    const counts = this.#counts;
    this.version++;
    add(counts.level, block.levels[at] as number, by);
    add(counts.container, block.containers[at] as number, by);
    add(counts.source, block.sources[at] as number, by);
    add(counts.tag, block.batches[block.batchOf[at] as number]?.tagId ?? others, by);
  }

  #gone(block: Block): void {
    for (let n = 0; n < block.count; n++) {
      if (block.counted[n] === 1) {
        block.counted[n] = 0;
        this.#add(block, n, -1);
      }
    }
  }
}

function add(counts: number[], id: number, by: number): void {
  while (counts.length <= id) {
    counts.push(0);
  }
  counts[id] = (counts[id] ?? 0) + by;
}

function largest(values: readonly { readonly count: number }[]): number {
  return values.reduce((most, { count }) => Math.max(most, count), 0);
}
