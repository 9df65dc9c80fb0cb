// The page's state: what the worker says of the stream, in signals for the parts around the rows, and what a reader does. The rows themselves
// are list.ts, the events and their search the worker's. One file of many lines, because what is said and what is done are one state.
import { signal } from '@preact/signals';
import { printQuery, type QueryNode, type QueryProblem } from '../live/query/ast.ts';
import type { Completion } from '../live/query/complete.ts';
import { type Choice, choose, chooseAll, fieldTerm, isTime, termsOf, withRange, withTerm } from '../live/query/edit.ts';
import { addressOf } from './address.ts';
import type { Link } from './connection.ts';
import { EventReader } from './event.ts';
import { type FacetLists, noFacets } from './facet.ts';
import { type Filter, filterOf, isFilter, noFilter, parseFilter } from './filter.ts';
import type { Held } from './held.ts';
import { chooseKeeping, chosenKeeping, keeping } from './keeping.ts';
import { List, type ListState } from './list.ts';
import type { Gap, Picture } from './picture.ts';
import { type Failed, Remote } from './remote.ts';
import { readAccess } from './session.ts';
import { text } from './strings.ts';
import { View } from './view.ts';
import type { FromWorker, Totals, Update } from './wire.ts';

/** Updates after which an event that an address names is given up. */
const mostTries = 200;
/** Updates that are taken in one frame; but one where it brings so many events. */
const mostUpdates = 4;
const flood = 4000;

export class Stream {
  readonly view = new View();
  readonly reader = new EventReader();

  readonly keeping = signal(keeping());
  /** Megabytes that the reader has chosen; 0 for the usual. */
  readonly memory = signal(chosenKeeping());
  readonly link = signal<Link | { readonly kind: 'failed' }>({ kind: 'connecting' });
  readonly node = signal('');
  readonly title = signal(text.title as string);
  readonly holding = signal<readonly string[]>([]);
  readonly locked = signal(false);
  readonly totals = signal<Totals>({
    ...{ rate: 0, kept: 0, gone: 0, dropped: 0, shown: 0, query: '', took: 0, search: 100, bytes: 0, plain: false },
  });
  readonly facets = signal<FacetLists>(noFacets);
  readonly timeline = signal<{ readonly picture: Picture | undefined; readonly gaps: readonly Gap[] }>({
    picture: undefined,
    gaps: [],
  });
  readonly list = signal<ListState>({
    ...{ following: true, paused: false, fresh: 0, beyond: false, length: 0, first: 0, fit: 0 },
  });
  /** Names the collector's run: a link to an event is of one. */
  readonly run = signal('');
  /** The event whose details are open. */
  readonly opened = signal<Held | undefined>(undefined);
  readonly filterText = signal('');
  /** What the text of the filter means, or the last one that could be read. */
  readonly filter = signal<Filter>(noFilter);
  /** What is wrong with the text of the filter. */
  readonly problem = signal<QueryProblem | undefined>(undefined);

  rows: List | undefined;
  readonly #remote = new Remote((message) => this.#take(message));
  /** The number of the oldest event that is kept, and of the one that comes next. */
  #first = 0;
  #next = 0;
  /** Of the query that was asked for. */
  #asked = 0;
  #tail = 0;
  #sought: { readonly stream: string; readonly seq: number } | undefined;
  #tries = 0;
  #opening = -1;
  #frame = 0;
  /** Updates since the last frame, the event that came next at that time, and whether the worker waits for the next one. */
  #updates = 0;
  #framed = 0;
  #isOwed = false;
  /** What is said around the rows, and is not yet. */
  #around: Pick<Update, 'totals' | 'facets' | 'picture'> | undefined;
  /** The last query that was not empty. */
  #lastQuery = '';
  #hits = Promise.resolve();

  start(): void {
    this.locked.value = false;
    this.#remote.tell({ op: 'start', address: location.href.replace(/#.*/, ''), keeping: this.keeping.value });
  }

  hurry(): void {
    this.#remote.tell({ op: 'hurry' });
  }

  attach(host: HTMLElement, changed: (state: ListState) => void): List {
    const stream = this;
    const { view, reader } = this;
    const source = {
      ...{ view, reader },
      get first() {
        return stream.#first;
      },
      // What is painted is what was searched for, not what is being typed.
      get filter() {
        return stream.filter.value;
      },
      get: (id: number) => stream.#remote.get(id),
      want: (ids: readonly number[]) => stream.#remote.want(ids),
    };
    this.rows = new List(host, source, (state) => {
      this.list.value = state;
      const tail = state.following ? Math.ceil(state.fit) + 2 : 0;
      if (tail !== this.#tail) {
        this.#tail = tail;
        this.#remote.tell({ op: 'tail', rows: tail });
      }
      changed(state);
    });
    this.rows.schedule();
    return this.rows;
  }

  // What a reader does

  /** Takes a query as it was typed; where it cannot be read, the one before it stays. */
  setFilter(value: string): void {
    if (value === this.filterText.value) {
      return;
    }
    this.filterText.value = value;
    const read = parseFilter(value);
    this.problem.value = isFilter(read) ? undefined : read;
    if (isFilter(read)) {
      this.filter.value = read;
      this.#narrow(value);
    }
  }

  setNode(node: QueryNode | undefined): void {
    const value = printQuery(node);
    this.filterText.value = value;
    this.problem.value = undefined;
    this.filter.value = filterOf(node, Date.now());
    this.#narrow(value);
  }

  /** Adds a value of a field to the query, or takes it out. */
  choose(name: string, value: string, choice: Choice): void {
    this.setNode(choose(this.filter.value.node, name, value, choice));
  }

  /** Takes all that was chosen of a field out of the query. */
  showAll(name: string): void {
    this.setNode(chooseAll(this.filter.value.node, name));
  }

  /** From all lines to warnings and worse, to errors and worse, and back. */
  nextLevel(): void {
    const { node } = this.filter.value;
    const isLeast = (term: QueryNode) => term.kind === 'field' && term.name === 'level' && term.operator === '>=';
    const least = termsOf(node).find(isLeast);
    const now = least?.kind === 'field' ? least.value : '';
    const next = now === '' ? 'warn' : now === 'warn' ? 'error' : undefined;
    this.setNode(withTerm(node, next === undefined ? undefined : fieldTerm('level', '>=', next), isLeast));
  }

  /** A pause ends at the tail: what has come meanwhile is there. */
  togglePause(): void {
    if (this.rows?.paused === true) {
      this.rows.toTail();
    } else {
      this.rows?.pause();
    }
  }

  /** Opens the details of an event; of a line in pieces, all of it when it has come. */
  open(held: Held | undefined): void {
    this.opened.value = held;
    this.#opening = held?.id ?? -1;
    if (held?.whole !== undefined) {
      void this.#openWhole(held.id);
    }
  }

  async #openWhole(id: number): Promise<void> {
    const whole = await this.#remote.ask({ kind: 'whole', id });
    if (whole !== undefined && this.#opening === id) {
      this.opened.value = whole;
    }
  }

  openSelected(): void {
    const { rows } = this;
    if (rows === undefined || rows.selected < 0) {
      return;
    }
    const held = rows.refOfSelected();
    if (held !== undefined) {
      this.open(held);
    } else {
      this.#opening = rows.selected;
      void this.#openWhole(rows.selected);
    }
  }

  /** Selects the event so many rows down; its details follow where they are open. */
  selectBy(rows: number): void {
    this.rows?.selectBy(rows);
    if (this.opened.value !== undefined) {
      this.openSelected();
    }
  }

  /** Shows the lines between two times only, ms since the epoch. */
  setRange(range: { readonly from: number; readonly to: number }): void {
    this.setNode(withRange(this.filter.value.node, range));
  }

  /** Shows the lines from so long ago, as `15m`, or of all times where it is ''. */
  setSince(ago: string): void {
    this.setNode(withTerm(this.filter.value.node, ago === '' ? undefined : fieldTerm('since', ':', ago), isTime));
  }

  /** Goes to the first line that is shown and not before that second. */
  async jump(second: number): Promise<void> {
    const id = await this.#remote.ask({ kind: 'at', second });
    if (id !== undefined) {
      this.rows?.select(id);
    }
  }

  /** Goes to the next line that passes the query, or passed the last one; down or up. */
  nextHit(step: 1 | -1): void {
    // One after the other: each goes on from where the one before it came to.
    this.#hits = this.#hits.then(() => this.#toHit(step));
  }

  async #toHit(step: 1 | -1): Promise<void> {
    if (this.filterText.value !== '') {
      this.selectBy(step);
      return;
    }
    const { rows } = this;
    if (rows === undefined || this.#lastQuery === '') {
      return;
    }
    const from = rows.selected >= 0 ? rows.selected : rows.following ? this.#next : rows.top - step;
    const id = await this.#remote.ask({ kind: 'hit', query: this.#lastQuery, from, step, now: Date.now() });
    if (id !== undefined) {
      rows.select(id);
      if (this.opened.value !== undefined) {
        this.openSelected();
      }
    }
  }

  /** Keeps so many megabytes from now on, in this browser. */
  setMemory(megabytes: number): void {
    chooseKeeping(megabytes);
    this.memory.value = megabytes;
    this.keeping.value = keeping(megabytes);
    this.#remote.tell({ op: 'keep', keeping: this.keeping.value });
  }

  /** The events of the same container around one, whatever the query. */
  context(id: number, count: number): Promise<readonly Held[]> {
    return this.#remote.ask({ kind: 'context', id, count });
  }

  /** Opens an event by its number, as soon as it is there; not where the collector is another one. */
  seek(event: { readonly stream: string; readonly seq: number }): void {
    this.#sought = event;
  }

  async #seek(): Promise<void> {
    const sought = this.#sought;
    if (sought === undefined || this.run.value === '' || this.totals.value.kept === 0) {
      return;
    }
    this.#sought = undefined;
    const id = sought.stream === this.run.value ? await this.#remote.ask({ kind: 'find', seq: sought.seq }) : undefined;
    if (id !== undefined) {
      this.rows?.select(id);
      this.#opening = id;
      await this.#openWhole(id);
    } else if (sought.stream === this.run.value && this.#tries++ < mostTries) {
      this.#sought = sought;
    }
  }

  /** A link to an event, or to what is shown. */
  linkTo(held: Held | undefined): string {
    return addressOf(this.filterText.value, held === undefined ? undefined : { stream: this.run.value, seq: held.seq });
  }

  /** Shows fields as columns. */
  setPins(pins: readonly string[]): void {
    this.reader.pins = pins;
    this.rows?.refresh();
  }

  /** Makes fields facets too. */
  setFacets(names: readonly string[]): void {
    this.#remote.tell({ op: 'facets', names });
  }

  suggest(completion: Completion): Promise<readonly string[]> {
    return this.#remote.ask({ kind: 'suggest', completion });
  }

  #narrow(value: string): void {
    // What is on the screen must be found before it is painted; a reader at the tail needs the newest only.
    const until = this.rows === undefined || this.rows.following ? this.#next : this.rows.top;
    this.#asked++;
    this.#lastQuery = value === '' ? this.#lastQuery : value;
    this.#remote.tell({ op: 'filter', text: value, now: Date.now(), generation: this.#asked, until });
  }

  // What the worker says

  #take(message: FromWorker | Failed): void {
    switch (message.op) {
      case 'update':
        this.#update(message);
        return;
      case 'rows':
        this.rows?.schedule();
        return;
      case 'failed':
        this.link.value = { kind: 'failed' };
        return;
      case 'link':
        this.link.value = this.link.value.kind === 'failed' ? this.link.value : message.link;
        if (message.link.kind === 'away' || message.link.kind === 'stopped') {
          this.holding.value = [];
        }
        return;
      case 'hello':
        this.run.value = message.hello.stream;
        this.node.value = message.hello.node;
        this.title.value = message.hello.title === '' ? text.title : message.hello.title;
        return;
      case 'holding':
        this.holding.value = message.sentences;
        return;
      case 'refused':
        void this.#refused();
        return;
      default:
    }
  }

  #update(update: Update): void {
    if (update.anew) {
      this.view.clear();
    }
    for (const block of update.blocks) {
      this.view.put(block);
    }
    this.#first = update.first;
    this.#next = update.next;
    this.view.dropBefore(update.first);
    for (const { id } of update.touched) {
      this.rows?.touch(id);
    }
    const { totals, facets = this.#around?.facets, picture = this.#around?.picture } = update;
    this.#around = { totals, facets, picture };
    // The rows first: what is said of them is not to be ahead of them.
    if (update.anew && update.generation === this.#asked) {
      this.rows?.refresh();
      this.rows?.paint();
      this.#tellAround();
    } else {
      this.rows?.arrived();
    }
    this.#updates++;
    this.#isOwed = this.#updates >= mostUpdates || this.#next - this.#framed > flood || document.hidden;
    if (!this.#isOwed) {
      this.#remote.tell({ op: 'more' });
    }
    // After the rows: frames are called in the order in which they were asked for.
    this.#frame ||= requestAnimationFrame(() => this.#nextFrame());
  }

  #nextFrame(): void {
    this.#frame = 0;
    this.#updates = 0;
    this.#framed = this.#next;
    this.#tellAround();
    if (this.#isOwed) {
      this.#isOwed = false;
      this.#remote.tell({ op: 'more' });
    }
  }

  #tellAround(): void {
    const around = this.#around;
    if (around === undefined) {
      return;
    }
    this.#around = undefined;
    this.facets.value = around.facets ?? this.facets.value;
    this.timeline.value = around.picture ?? this.timeline.value;
    this.#tellTotals(around.totals);
    void this.#seek();
  }

  #tellTotals(totals: Totals): void {
    const old = this.totals.value;
    const now = this.link.value.kind === 'connected' ? totals : { ...totals, rate: 0 };
    if ((Object.keys(now) as (keyof Totals)[]).some((key) => now[key] !== old[key])) {
      this.totals.value = now;
    }
  }

  /** The server is away, or wants a token now. */
  async #refused(): Promise<void> {
    if ((await readAccess()) === 'needed') {
      this.#remote.tell({ op: 'stop' });
      this.locked.value = true;
    }
  }
}
