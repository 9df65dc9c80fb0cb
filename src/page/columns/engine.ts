// All that the worker knows of the stream: the columns, the search, what is missing; and what of it the page has yet to be told. Knows no
// worker and no socket, so that tests run it as it is.
import type { Hello } from '../../live/protocol.ts';
import { Query } from '../../live/query/compile.ts';
import { rangeOf } from '../../live/query/edit.ts';
import { levelNumber } from '../../live/query/levels.ts';
import { parseQuery } from '../../live/query/parse.ts';
import type { Held, Marker } from '../held.ts';
import type { Gap } from '../picture.ts';
import type { Joined } from '../pieces.ts';
import type { Answers, BlockView, Keeping, Question, Update } from '../wire.ts';
import type { Block, BlockSize } from './block.ts';
import { Columns } from './columns.ts';
import { facetLists } from './facets.ts';
import type { KernelAndMemory } from './kernel.ts';
import { Reading } from './reading.ts';
import { Search } from './search.ts';
import { suggest } from './suggest.ts';

/** Ms between two looks at counts and clocks. */
export const beat = 250;
/** Beats that the rate is taken over. */
const beats = 8;
/** Bytes of a line in pieces that a row gets. */
const rowLine = 64 * 1024 + 1;
/** Rows that are told anew at once, when they look different. */
const mostTouched = 100;
const mostGaps = 500;
/** Events that are looked through for the context of one. */
const mostLooked = 200_000;
/** Ms that the first part of a search may take. */
const firstSlice = 8;
/** Ms in a row that values of fields are read: what comes in meanwhile waits. */
const fieldSlice = 3;
/** Bins of the histogram. */
const bins = 240;

export class Engine {
  readonly columns: Columns;
  readonly reading: Reading;
  readonly search: Search;
  readonly #now: () => number;
  readonly #plain: boolean;
  #generation = 0;
  #query = '';
  /** Seconds that the histogram shows. */
  #range: { readonly from: number | undefined; readonly to: number | undefined } = { from: undefined, to: undefined };
  #anew = true;
  #away = 0;
  #dropped = 0;
  /** The position up to which events are old: held by the server before this page came. */
  #backlog = 0;
  #arrivals = new Array<number>(beats).fill(0);
  #slot = 0;
  #rate = 0;
  #tail = 0;
  #sent = -1;
  readonly #touched = new Set<number>();
  readonly #gaps: Gap[] = [];
  #counted = -1;
  #countedAt = 0;

  constructor(kernel: KernelAndMemory, keeping: Keeping, now: () => number, size?: BlockSize) {
    this.columns = new Columns(kernel, keeping, now, size);
    this.reading = new Reading(this.columns);
    this.search = new Search(this.columns, this.reading);
    this.#now = now;
    this.#plain = kernel.memory.wasm === undefined;
    this.columns.on = {
      took: (block, from, to) => this.search.took(block, from, to),
      gone: (block) => this.search.gone(block),
      changed: (line) => this.#changed(line),
    };
  }

  get running(): boolean {
    return this.search.running || this.search.fields.running;
  }

  /** Searches on until the time is up, then reads the values of fields that are facets. */
  work(time: number): void {
    const { search } = this;
    if (search.running) {
      search.run(time);
    } else {
      search.fields.run(Math.min(time, performance.now() + fieldSlice));
    }
  }

  /** Keeps so much from now on. */
  keep(keeping: Keeping): void {
    this.columns.keep(keeping);
  }

  // What the connection brings

  /** The connection is lost since that time. */
  away(since: number): void {
    this.#away = since;
  }

  hello(hello: Hello, resumed: boolean): void {
    const now = this.#now();
    if (this.#away > 0) {
      this.#mark({ kind: 'away', from: this.#away, to: now });
      this.#gap({ kind: 'away', from: this.#away, to: now });
      if (!resumed) {
        this.#mark({ kind: 'restarted', at: now });
      }
      this.#away = 0;
    }
    this.#backlog = hello.next;
  }

  /** Takes a frame; returns the position behind the last of its events that the server took, where it has one. */
  frame(bytes: Uint8Array, dropped: number): number | undefined {
    let next: number | undefined;
    if (dropped > 0) {
      const now = this.#now();
      this.#dropped += dropped;
      this.#mark({ kind: 'dropped', count: dropped, at: now });
      this.#gap({ kind: 'dropped', from: now - beat, to: now });
    }
    const isRead = this.columns.append(bytes, (position, count) => {
      // Its events come by their times.
      next = Math.max(next ?? 0, position + count);
      if (position >= this.#backlog) {
        this.#arrivals[this.#slot] = (this.#arrivals[this.#slot] as number) + count;
      }
    });
    if (!isRead) {
      this.#mark({ kind: 'unreadable', at: this.#now() });
    }
    return next;
  }

  #mark(marker: Marker): void {
    this.columns.mark(marker);
  }

  #gap(gap: Gap): void {
    const last = this.#gaps.at(-1);
    if (last?.kind === gap.kind && gap.from - last.to < 1000) {
      this.#gaps[this.#gaps.length - 1] = { ...last, to: gap.to };
    } else {
      this.#gaps.push(gap);
      this.#gaps.splice(0, this.#gaps.length - mostGaps);
    }
  }

  #changed(line: Joined): void {
    const where = this.columns.where(line.head);
    if (where !== undefined) {
      const level = levelNumber(this.reading.subject(where).level());
      this.search.again(where.block, where.row, level);
      this.#touched.add(line.head);
    }
  }

  // What the page asks for

  filter(text: string, now: number, generation: number, until: number, time = firstSlice): void {
    const read = parseQuery(text);
    if (read.ok) {
      this.#generation = generation;
      this.#query = text;
      this.#anew = true;
      const { from, to } = rangeOf(read.node, now);
      this.#range = { from: from === undefined ? from : from / 1000, to: to === undefined ? to : to / 1000 };
      this.#sent = -1;
      this.search.restart(read.node, now);
      this.search.run(performance.now() + time, until);
    }
  }

  /** Makes these fields facets. */
  facets(names: readonly string[]): void {
    this.search.setFields(names);
  }

  /** Rows at the tail that the page shows. */
  tail(rows: number): void {
    this.#tail = rows;
    this.#sent = -1;
  }

  rows(ids: readonly number[]): { readonly rows: Held[]; readonly missing: number[] } {
    const rows: Held[] = [];
    const missing: number[] = [];
    for (const id of ids) {
      const held = this.reading.held(id, rowLine);
      if (held === undefined) {
        missing.push(id);
      } else {
        rows.push(held);
      }
    }
    return { rows, missing };
  }

  answer(what: Question): Answers[keyof Answers] {
    switch (what.kind) {
      case 'whole':
        return this.reading.held(what.id, Number.POSITIVE_INFINITY);
      case 'suggest':
        return suggest(this, what.completion);
      case 'context':
        return this.#context(what.id, what.count);
      case 'hit':
        return this.#hit(what);
      case 'at':
        return this.#at(what.second);
      default:
        return this.#find(what.seq);
    }
  }

  /** The events of the same container around one. */
  #context(id: number, count: number): Held[] {
    const where = this.columns.where(id);
    if (where === undefined) {
      return [];
    }
    const { memory, shapes } = this.columns;
    const of = (block: Block, row: number) => shapes.get(memory.u16[(block.at.shapes >> 1) + row] as number).container;
    const container = of(where.block, where.row);
    const walk = (step: 1 | -1) => {
      const found: number[] = [];
      for (let n = 1; n < mostLooked && found.length < count; n++) {
        const at = this.columns.where(id + n * step);
        if (at === undefined) {
          break;
        }
        if (of(at.block, at.row) === container && this.#isRow(at.block, at.row)) {
          found.push(id + n * step);
        }
      }
      return found;
    };
    return this.rows([...walk(-1).reverse(), id, ...walk(1)]).rows;
  }

  /** Looks at events one by one: of what is far away nothing is known. */
  #hit({ query, from, step, now }: Question & { readonly kind: 'hit' }): number | undefined {
    const read = parseQuery(query);
    if (!read.ok) {
      return undefined;
    }
    const wanted = new Query(read.node, now);
    const { first, next } = this.columns;
    // From above the first of the screen, or below the last.
    let id = Math.min(next, Math.max(first - 1, from)) + step;
    for (let n = 0; n < mostLooked; n++, id += step) {
      const at = this.columns.where(id);
      if (at === undefined) {
        return undefined;
      }
      if (this.#isRow(at.block, at.row) && wanted.accepts(this.reading.subject(at))) {
        return id;
      }
    }
    return undefined;
  }

  #isRow(block: Block, row: number): boolean {
    return this.columns.isLine(block, row);
  }

  /** The first event that is shown and not before that second. */
  #at(second: number): number | undefined {
    const { memory } = this.columns;
    for (const block of this.columns.blocks) {
      const seconds = block.at.seconds >> 2;
      for (let row = 0; row < block.count; row++) {
        if ((memory.u32[seconds + row] as number) >= second && ((block.bits[row >> 5] as number) >>> (row & 31)) & 1) {
          return block.first + row;
        }
      }
    }
    return undefined;
  }

  #find(seq: number): number | undefined {
    for (const block of this.columns.blocks.toReversed()) {
      const row = block.rowOf(seq);
      if (row !== undefined) {
        return block.first + row;
      }
    }
    return undefined;
  }

  // What the page is told

  /** Every 250 ms: lines in pieces that have waited too long; the rate. */
  beat(): void {
    this.columns.expire(this.#now());
    const seconds = (beats * beat) / 1000;
    this.#rate = Math.round(this.#arrivals.reduce((sum, one) => sum + one, 0) / seconds);
    this.#slot = (this.#slot + 1) % beats;
    this.#arrivals[this.#slot] = 0;
  }

  /** What has changed since the last one. */
  update(): Update {
    const { columns, search } = this;
    const anew = this.#anew;
    this.#anew = false;
    const blocks = [...search.dirty].sort((a, b) => a.first - b.first).map(viewOf);
    search.dirty.clear();
    const counts = this.#counts(anew);
    return {
      op: 'update',
      ...{ generation: this.#generation, anew, first: columns.first, next: columns.next, blocks },
      rows: this.#tailRows(),
      touched: this.#touchedRows(),
      totals: {
        // Of lines: what says that something is missing is shown too, and is none.
        ...{ rate: this.#rate, kept: columns.lines, gone: columns.gone, dropped: this.#dropped },
        shown: search.tally.total,
        ...{
          query: this.#query,
          took: Math.round(search.spent),
          search: search.progress,
          bytes: columns.bytes,
          plain: this.#plain,
        },
      },
      facets: counts ? facetLists(columns, search) : undefined,
      picture: counts ? { picture: search.timeline.picture(this.#range, bins), gaps: [...this.#gaps] } : undefined,
    };
  }

  /** Whether facets and histogram are told too: a few times a second. */
  #counts(anew: boolean): boolean {
    const { timeline, fields } = this.search;
    const version = timeline.version + fields.version + this.#gaps.length;
    const now = performance.now();
    if (!anew && (version === this.#counted || (now - this.#countedAt < beat && this.#countedAt > 0))) {
      return false;
    }
    this.#counted = version;
    this.#countedAt = now;
    return true;
  }

  /** The newest rows that are shown, as far as they have not been told. */
  #tailRows(): Held[] {
    const ids: number[] = [];
    for (const block of this.columns.blocks.toReversed()) {
      for (let row = block.count - 1; row >= 0 && ids.length < this.#tail; row--) {
        if (block.first + row <= this.#sent) {
          break;
        }
        if (((block.bits[row >> 5] as number) >>> (row & 31)) & 1) {
          ids.push(block.first + row);
        }
      }
      if (ids.length >= this.#tail || block.first <= this.#sent) {
        break;
      }
    }
    this.#sent = Math.max(this.#sent, this.columns.next - 1);
    return this.rows(ids.reverse()).rows;
  }

  #touchedRows(): Held[] {
    const ids = [...this.#touched].slice(-mostTouched);
    this.#touched.clear();
    return this.rows(ids).rows;
  }
}

function viewOf(block: Block): BlockView {
  const { first, count, shown } = block;
  return { first, count, shown, bits: shown === count ? undefined : block.bits.slice(0, (count + 31) >> 5) };
}
