// Brings what is shown, and what is counted, in line with the query: events that come at once, those already kept block by block, newest first.
import type { QueryNode } from '../../live/query/ast.ts';
import { Query } from '../../live/query/compile.ts';
import { choicesOf, chooseAll, termsOf } from '../../live/query/edit.ts';
import { type FacetName, facetNames, isFacetName } from '../facet.ts';
import { bitCount } from '../view.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { Fields } from './fields.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan-base.ts';
import { AllPlan } from './plan-logic.ts';
import type { Reading } from './reading.ts';
import { maskOf, putRows } from './rows.ts';
import { Tally } from './tally.ts';
import { Timeline } from './timeline.ts';

interface Term {
  readonly plan: Plan;
  /** The plan's. */
  readonly yes: Bits;
  readonly maybe: Bits;
  readonly query: Query;
  /** The facet whose choice it is, if it is one. */
  readonly facet: string | undefined;
}

export class Search {
  /** What passes the query. */
  readonly tally: Tally;
  /** What passes all of it but a facet's own choice, for facets that have one. */
  readonly variants = new Map<FacetName, Tally>();
  /** All that is kept. */
  readonly kept: Tally;
  readonly timeline: Timeline;
  /** Fields that are facets too. */
  readonly fields: Fields;
  /** Blocks whose bits have changed. */
  readonly dirty = new Set<Block>();
  shown = 0;
  /** Ms that the search has taken, without what it waited. */
  spent = 0;
  node: QueryNode | undefined;
  #now = 0;
  /** Facets that have a choice. */
  #chosen: ReadonlySet<string> = new Set();
  readonly #columns: Columns;
  readonly #reading: Reading;
  /** For each facet, where it has a choice. */
  readonly #tallies: readonly Tally[];
  #terms: readonly Term[] = [];
  /** Rows that the terms looked at so far may hold for. */
  readonly #left: Bits;
  /** Blocks that begin below this event are still to be searched. */
  #next = 0;
  /** Where the search began. */
  #from = 0;

  constructor(columns: Columns, reading: Reading) {
    this.#columns = columns;
    this.#reading = reading;
    this.kept = new Tally(columns, 0);
    this.tally = new Tally(columns, 1);
    this.#tallies = facetNames.map((_, n) => new Tally(columns, 2 + n));
    this.timeline = new Timeline(columns);
    this.fields = new Fields(columns, reading);
    this.#left = new Uint32Array(columns.size.events / 32);
    this.restart(undefined, 0);
  }

  get running(): boolean {
    return this.#next > this.#columns.first;
  }

  /** Percent done; 100 where no search runs. */
  get progress(): number {
    const { first } = this.#columns;
    const left = this.#next - first;
    return left <= 0 ? 100 : Math.min(99, Math.floor(100 * (1 - left / Math.max(1, this.#from - first))));
  }

  /** Begins anew. */
  restart(node: QueryNode | undefined, now: number): void {
    this.node = node;
    this.#now = now;
    const facetOf = new Map<QueryNode, string>();
    for (const name of [...facetNames, ...this.fields.names]) {
      const rest = termsOf(chooseAll(node, name));
      for (const term of termsOf(node)) {
        if (!rest.includes(term)) {
          facetOf.set(term, name);
        }
      }
    }
    // Without a query there is one term, which all pass: a browser compiles well only what it has seen, and the first search of a reader is to
    // be as fast as the next.
    const read = (name: string) => this.fields.get(name);
    const plans = termsOf(node).map((term) =>
      termOf(planOf(term, this.#columns, now, read), new Query(term, now), facetOf.get(term)),
    );
    // Those that no facet leaves out come first, and of them those that cost little: the others look at what these leave only.
    this.#terms =
      plans.length === 0
        ? [termOf(new AllPlan(this.#columns), new Query(undefined, now), undefined)]
        : plans.sort(
            (a, b) => Number(a.facet !== undefined) - Number(b.facet !== undefined) || a.plan.cost - b.plan.cost,
          );
    this.variants.clear();
    this.#chosen = new Set(facetOf.values());
    for (const name of facetNames.filter((one) => this.#chosen.has(one))) {
      const tally = this.#tallies[facetNames.indexOf(name)];
      if (tally !== undefined) {
        tally.clear();
        this.variants.set(name, tally);
      }
    }
    this.spent = 0;
    this.tally.clear();
    this.timeline.clear();
    this.fields.clear();
    this.shown = 0;
    this.dirty.clear();
    for (const block of this.#columns.blocks) {
      block.bits.fill(0);
      block.variants.clear();
      block.shown = 0;
    }
    this.#next = this.#columns.next;
    this.#from = this.#next;
  }

  /** Makes these fields facets too. */
  setFields(names: readonly string[]): void {
    const before = this.#chosen;
    this.fields.set(names);
    const wanted = termsOf(this.node).length > 0 && names.some((name) => !before.has(name) && this.#hasChoice(name));
    const unwanted = [...before].some((name) => !isFacetName(name) && !names.includes(name));
    if (wanted || unwanted) {
      this.restart(this.node, this.#now);
    }
  }

  #hasChoice(name: string): boolean {
    const { only, except } = choicesOf(this.node, name);
    return only.size + except.size > 0;
  }

  /** Searches on until the time is up; at least one block, and all down to the event `until`. */
  run(time: number, until = Number.POSITIVE_INFINITY): void {
    const begin = performance.now();
    while (this.running) {
      const where = this.#columns.where(this.#next - 1);
      if (where === undefined) {
        break;
      }
      const { block, row } = where;
      this.#next = block.first;
      this.#take(block, 0, row + 1);
      if (block.first <= until && performance.now() >= time) {
        break;
      }
    }
    this.spent += performance.now() - begin;
  }

  /** Events that have just come. */
  took(block: Block, from: number, to: number): void {
    this.kept.add(block, undefined, from, to, 1);
    this.fields.took(block);
    // The block is searched as a whole where the search has yet to come to it.
    if (block.first + from >= this.#next) {
      this.#take(block, from, to);
    }
  }

  /** An event has changed: it is counted anew. `level` is the one that it has now. */
  again(block: Block, row: number, level: number): void {
    const { memory } = this.#columns;
    this.#count(block, row, row + 1, -1);
    this.kept.add(block, undefined, row, row + 1, -1);
    memory.u8[block.at.levels + row] = level;
    this.fields.again(block, row);
    this.kept.add(block, undefined, row, row + 1, 1);
    if (block.first + row >= this.#next) {
      this.#take(block, row, row + 1);
    }
  }

  gone(block: Block): void {
    this.#count(block, 0, block.count, -1);
    this.kept.add(block, undefined, 0, block.count, -1);
    this.fields.gone(block);
    this.shown -= block.shown;
    this.dirty.delete(block);
  }

  #count(block: Block, from: number, to: number, by: 1 | -1): void {
    if (putRows(this.#columns.memory, block, block.bits, from, to)) {
      this.tally.addRows(block, from, to, by);
      this.timeline.addRows(block, from, to, by);
    }
    this.fields.count(block, from, to, by);
    for (const [name, tally] of this.variants) {
      const bits = block.variants.get(name);
      if (bits !== undefined) {
        tally.add(block, bits, from, to, by);
      }
    }
  }

  /** Looks at rows and counts them. */
  #take(block: Block, from: number, to: number): void {
    this.#look(block, from, to);
    const before = block.shown;
    this.#combine(block, from, to);
    this.#showMarkers(block, from, to);
    this.shown += block.shown - before;
    for (const name of this.#chosen) {
      this.#combineWithout(block, name, from, to);
    }
    this.#count(block, from, to, 1);
    this.dirty.add(block);
  }

  /** Asks each term of the rows that the ones before it may hold for. */
  #look(block: Block, from: number, to: number): void {
    const left = this.#left;
    left.fill(0xffffffff, from >> 5, (to + 31) >> 5);
    for (const [n, { plan, maybe, facet }] of this.#terms.entries()) {
      plan.look(block, from, to, n === 0 ? undefined : left);
      // A facet's own choice is left out of what it counts.
      if (facet === undefined) {
        let any = 0;
        for (let word = from >> 5; word << 5 < to; word++) {
          left[word] = (left[word] as number) & (maybe[word] as number);
          any |= (left[word] as number) & maskOf(word, from, to);
        }
        if (any === 0) {
          // Whatever the others say, nothing passes.
          return;
        }
      }
    }
  }

  /** Shows the rows for which all terms hold; reads those of which they are not sure, as far as it matters. */
  #combine(block: Block, from: number, to: number): void {
    const { bits, special } = block;
    const terms = this.#terms;
    for (let word = from >> 5; word << 5 < to; word++) {
      const mask = maskOf(word, from, to);
      let all = 0xffffffff;
      let unsure = 0;
      for (let n = 0; n < terms.length; n++) {
        const { yes, maybe } = terms[n] as Term;
        all &= yes[word] as number;
        unsure |= (maybe[word] as number) & ~(yes[word] as number);
      }
      const read = unsure & (this.#left[word] as number) & mask;
      if (read !== 0) {
        this.#read(block, word, read);
        all |= read;
        for (const { yes } of terms) {
          all &= ~read | (yes[word] as number);
        }
      }
      // What is missing is missing from every choice; what another event stands for is never shown.
      const shown = all & mask & (special === undefined ? -1 : ~(special[word] as number));
      const was = bits[word] as number;
      block.shown += bitCount(shown) - bitCount(was & mask);
      bits[word] = (was & ~mask) | shown;
    }
  }

  #showMarkers(block: Block, from: number, to: number): void {
    for (const row of block.markers.keys()) {
      if (row >= from && row < to) {
        block.bits[row >> 5] = (block.bits[row >> 5] as number) | (1 << (row & 31));
        block.shown++;
      }
    }
  }

  /** The rows for which all terms hold, but for those of one facet. */
  #combineWithout(block: Block, name: string, from: number, to: number): void {
    let bits = block.variants.get(name);
    if (bits === undefined) {
      bits = new Uint32Array(block.bits.length);
      block.variants.set(name, bits);
    }
    for (let word = from >> 5; word << 5 < to; word++) {
      let all = 0xffffffff;
      for (const { yes, facet } of this.#terms) {
        all &= facet === name ? 0xffffffff : (yes[word] as number);
      }
      const mask = maskOf(word, from, to);
      bits[word] = ((bits[word] as number) & ~mask) | (all & mask);
    }
  }

  /** Reads events of a word, and notes what the terms that are not sure of them say. */
  #read(block: Block, word: number, rows: number): void {
    for (let left = rows; left !== 0; left &= left - 1) {
      const bit = left & -left;
      const row = (word << 5) + 31 - Math.clz32(bit);
      if (block.markers.has(row)) {
        continue;
      }
      const subject = this.#reading.subject({ block, row });
      for (const { query, yes, maybe } of this.#terms) {
        if (((maybe[word] as number) & ~(yes[word] as number) & bit) !== 0) {
          if (query.accepts(subject)) {
            yes[word] = (yes[word] as number) | bit;
          } else {
            maybe[word] = (maybe[word] as number) & ~bit;
          }
        }
      }
    }
  }
}

function termOf(plan: Plan, query: Query, facet: string | undefined): Term {
  return { plan, query, facet, yes: plan.yes, maybe: plan.maybe };
}
