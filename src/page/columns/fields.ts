// The fields that a reader has made facets: their values are read when there is time, the newest first, and counted as the query goes on.
import type { FacetValue, PinnedList } from '../facet.ts';
import { colorOf } from '../facet.ts';
import type { Block } from './block.ts';
import type { Columns } from './columns.ts';
import { FieldValues, rest } from './field-values.ts';
import type { Reading } from './reading.ts';

/** Fields at most, and values of each that are listed. */
const mostFields = 6;
const mostListed = 40;
/** Rows that are read before the clock is looked at. */
const step = 512;
const order = new Intl.Collator('en', { numeric: true });

export class Fields {
  /** Moves on with every change. */
  version = 0;
  readonly #columns: Columns;
  readonly #reading: Reading;
  #list: readonly FieldValues[] = [];
  /** Blocks of which some rows have yet to be read. */
  readonly #open = new Set<Block>();

  constructor(columns: Columns, reading: Reading) {
    this.#columns = columns;
    this.#reading = reading;
  }

  get names(): readonly string[] {
    return this.#list.map(({ name }) => name);
  }

  /** The values of one of them. */
  get(name: string): FieldValues | undefined {
    return this.#list.find((field) => field.name === name);
  }

  /** Whether there is something to read. */
  get running(): boolean {
    return this.#open.size > 0;
  }

  /** These fields from now on. */
  set(names: readonly string[]): void {
    const known = new Map(this.#list.map((field) => [field.name, field]));
    this.#list = [...new Set(names)]
      .slice(0, mostFields)
      .map((name) => known.get(name) ?? new FieldValues(name, this.#columns, this.#reading));
    this.version++;
    this.#open.clear();
    if (this.#list.length > 0) {
      for (const block of this.#columns.blocks) {
        this.#open.add(block);
      }
    }
  }

  /** Reads on until the time is up, the newest events first. */
  run(time: number): void {
    const blocks = [...this.#open].sort((a, b) => b.first - a.first);
    for (const block of blocks) {
      for (const field of this.#list) {
        while (field.done(block) < block.count) {
          field.read(block, block.variants.get(field.name) ?? block.bits, step);
          this.version++;
          if (performance.now() >= time) {
            return;
          }
        }
      }
      this.#open.delete(block);
    }
  }

  /** Events have come. */
  took(block: Block): void {
    if (this.#list.length > 0) {
      this.#open.add(block);
    }
  }

  /** Nothing passes: a search begins anew. */
  clear(): void {
    for (const field of this.#list) {
      field.counts.fill(0);
    }
  }

  /** Rows have passed the query, or pass it no more. */
  count(block: Block, from: number, to: number, by: 1 | -1): void {
    for (const field of this.#list) {
      field.count(block, block.variants.get(field.name) ?? block.bits, from, to, by);
    }
  }

  /** An event has changed; it is not counted at this moment. */
  again(block: Block, row: number): void {
    for (const field of this.#list) {
      field.again(block, row);
    }
  }

  gone(block: Block): void {
    this.#open.delete(block);
    for (const field of this.#list) {
      field.gone(block);
    }
  }

  /** The values of each field: those that most kept lines have, by name, then all others together. `chosen` are always listed. */
  lists(chosen: (name: string) => ReadonlySet<string>): PinnedList[] {
    return this.#list.map((field) => listOf(field, chosen(field.name), this.#percent(field)));
  }

  /** The values of a field, the most frequent first; undefined where it is none of these. */
  values(name: string): readonly string[] | undefined {
    const field = this.get(name);
    return field === undefined ? undefined : idsOf(field).map((id) => field.names[id] as string);
  }

  /** How much of what is kept has been read. */
  #percent(field: FieldValues): number {
    let done = 0;
    let all = 0;
    for (const block of this.#columns.blocks) {
      done += field.done(block);
      all += block.count;
    }
    return done === all ? 100 : Math.min(99, Math.floor((100 * done) / all));
  }
}

/** The numbers of values that lines have, the most frequent first. */
function idsOf({ names, kept }: FieldValues): number[] {
  const ids: number[] = [];
  for (let id = rest + 1; id < names.length; id++) {
    if (names[id] !== undefined && (kept[id] as number) > 0) {
      ids.push(id);
    }
  }
  return ids.sort((a, b) => (kept[b] as number) - (kept[a] as number) || a - b);
}

function listOf(field: FieldValues, chosen: ReadonlySet<string>, read: number): PinnedList {
  const { name, names, counts, kept } = field;
  const ids = idsOf(field);
  const listed = ids.filter((id, n) => n < mostListed || chosen.has(names[id] as string));
  const values = new Map(listed.map((id) => [names[id] as string, counts[id] as number]));
  for (const value of chosen) {
    if (!values.has(value)) {
      values.set(value, 0);
    }
  }
  const sorted = [...values].sort(([a], [b]) => order.compare(a, b));
  const list = sorted.map(
    ([value, count]): FacetValue => ({ name: value, color: colorOf(value), count, others: false }),
  );
  const shown = new Set(listed);
  const hidden = ids.filter((id) => !shown.has(id));
  const others = hidden.reduce((sum, id) => sum + (counts[id] as number), counts[rest] as number);
  if (hidden.length > 0 || (kept[rest] as number) > 0) {
    list.push({ name: '(others)', color: 0, count: others, others: true });
  }
  return {
    name,
    values: list,
    hidden: hidden.length,
    most: list.reduce((most, { count }) => Math.max(most, count), 0),
    read,
  };
}
