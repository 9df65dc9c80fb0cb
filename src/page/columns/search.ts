// Brings what is shown, and what is counted, in line with the query: events that come at once, those already kept block by block, newest first.
import type { QueryNode } from '../../live/query/ast.ts';
import { Query } from '../../live/query/compile.ts';
import { chooseAll, termsOf } from '../../live/query/edit.ts';
import { type FacetName, facetNames } from '../facet.ts';
import { bitCount } from '../view.ts';
import type { Bits, Block } from './block.ts';
import type { Columns } from './columns.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan-base.ts';
import type { Reading } from './reading.ts';
import { maskOf, putRows } from './rows.ts';
import { Tally } from './tally.ts';
import { Timeline } from './timeline.ts';

interface Term {
  readonly plan: Plan;
  readonly query: Query;
  /** The facet whose choice it is, if it is one. */
  readonly facet: FacetName | undefined;
}

export class Search {
  /** What passes the query. */
  readonly tally: Tally;
  /** What passes all of it but a facet's own choice, for facets that have one. */
  readonly variants = new Map<FacetName, Tally>();
  /** All that is kept. */
  readonly kept: Tally;
  readonly timeline: Timeline;
  /** Blocks whose bits have changed. */
  readonly dirty = new Set<Block>();
  shown = 0;
  /** Ms that the search has taken, without what it waited. */
  spent = 0;
  node: QueryNode | undefined;
  readonly #columns: Columns;
  readonly #reading: Reading;
  /** For each facet, where it has a choice. */
  readonly #tallies: readonly Tally[];
  #terms: readonly Term[] = [];
  /** Rows that the terms looked at so far may hold for. */
  #left: Bits = new Uint32Array(0);
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
    const facetOf = new Map<QueryNode, FacetName>();
    for (const name of facetNames) {
      const rest = termsOf(chooseAll(node, name));
      for (const term of termsOf(node)) {
        if (!rest.includes(term)) {
          facetOf.set(term, name);
        }
      }
    }
    // Those that no facet leaves out come first, and of them those that cost little: the others look at what these leave only.
    this.#terms = termsOf(node)
      .map((term) => ({
        plan: planOf(term, this.#columns, now),
        query: new Query(term, now),
        facet: facetOf.get(term),
      }))
      .sort((a, b) => Number(a.facet !== undefined) - Number(b.facet !== undefined) || a.plan.cost - b.plan.cost);
    this.#left = new Uint32Array(this.#columns.size.events / 32);
    this.variants.clear();
    for (const name of new Set(facetOf.values())) {
      const tally = this.#tallies[facetNames.indexOf(name)];
      if (tally !== undefined) {
        tally.clear();
        this.variants.set(name, tally);
      }
    }
    this.spent = 0;
    this.tally.clear();
    this.timeline.clear();
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
    this.kept.add(block, undefined, row, row + 1, 1);
    if (block.first + row >= this.#next) {
      this.#take(block, row, row + 1);
    }
  }

  gone(block: Block): void {
    this.#count(block, 0, block.count, -1);
    this.kept.add(block, undefined, 0, block.count, -1);
    this.shown -= block.shown;
    this.dirty.delete(block);
  }

  #count(block: Block, from: number, to: number, by: 1 | -1): void {
    if (putRows(this.#columns.memory, block, block.bits, from, to)) {
      this.tally.addRows(block, from, to, by);
      this.timeline.addRows(block, from, to, by);
    }
    for (const [name, bits] of block.variants) {
      this.variants.get(name as FacetName)?.add(block, bits, from, to, by);
    }
  }

  /** Looks at rows and counts them. */
  #take(block: Block, from: number, to: number): void {
    this.#look(block, from, to);
    this.#read(block, from, to);
    this.#combine(block.bits, undefined, from, to);
    if (block.special !== undefined) {
      // What is missing is missing from every choice; what another event stands for is never shown.
      for (let word = from >> 5; word << 5 < to; word++) {
        const special = (block.special[word] as number) & maskOf(word, from, to);
        block.bits[word] = (block.bits[word] as number) & ~special;
      }
      for (const row of block.markers.keys()) {
        if (row >= from && row < to) {
          block.bits[row >> 5] = (block.bits[row >> 5] as number) | (1 << (row & 31));
        }
      }
    }
    for (const name of this.variants.keys()) {
      let bits = block.variants.get(name);
      if (bits === undefined) {
        bits = new Uint32Array(block.bits.length);
        block.variants.set(name, bits);
      }
      this.#combine(bits, name, from, to);
    }
    this.#count(block, from, to, 1);
    const before = block.shown;
    block.shown = 0;
    for (const word of block.bits) {
      block.shown += bitCount(word);
    }
    this.shown += block.shown - before;
    this.dirty.add(block);
  }

  /** Asks each term of the rows that the ones before it may hold for. */
  #look(block: Block, from: number, to: number): void {
    const left = this.#left;
    left.fill(0xffffffff, from >> 5, (to + 31) >> 5);
    for (const [n, { plan, facet }] of this.#terms.entries()) {
      plan.look(block, from, to, n === 0 ? undefined : left);
      // A facet's own choice is left out of what it counts.
      if (facet === undefined) {
        let any = 0;
        for (let word = from >> 5; word << 5 < to; word++) {
          left[word] = (left[word] as number) & (plan.maybe[word] as number);
          any |= (left[word] as number) & maskOf(word, from, to);
        }
        if (any === 0) {
          // Whatever the others say, nothing passes.
          return;
        }
      }
    }
  }

  /** The rows for which all terms hold, but for those of one facet. */
  #combine(bits: Bits, without: FacetName | undefined, from: number, to: number): void {
    for (let word = from >> 5; word << 5 < to; word++) {
      let all = 0xffffffff;
      for (const { plan, facet } of this.#terms) {
        all &= without !== undefined && facet === without ? 0xffffffff : (plan.yes[word] as number);
      }
      const mask = maskOf(word, from, to);
      bits[word] = ((bits[word] as number) & ~mask) | (all & mask);
    }
  }

  /** Reads the events of which the terms are not sure, as far as it matters. */
  #read(block: Block, from: number, to: number): void {
    const terms = this.#terms;
    for (let word = from >> 5; word << 5 < to; word++) {
      let unsure = 0;
      let needed = 0xffffffff;
      for (const { plan, facet } of terms) {
        unsure |= (plan.maybe[word] as number) & ~(plan.yes[word] as number);
        needed &= facet === undefined ? (plan.maybe[word] as number) : 0xffffffff;
      }
      let left = unsure & needed & maskOf(word, from, to);
      while (left !== 0) {
        const bit = left & -left;
        left &= left - 1;
        this.#readOne(block, (word << 5) + (31 - Math.clz32(bit)), word, bit);
      }
    }
  }

  #readOne(block: Block, row: number, word: number, bit: number): void {
    if (block.markers.has(row)) {
      return;
    }
    const subject = this.#reading.subject({ block, row });
    for (const { plan, query } of this.#terms) {
      const { yes, maybe } = plan;
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
