// The page's state: brings together the connection, what is kept, what is searched and what is shown, and says in signals what the parts
// around the rows show. The rows themselves are list.ts.
import { signal } from '@preact/signals';
import type { Frame, Hello } from '../live/protocol.ts';
import { printQuery, type QueryNode, type QueryProblem } from '../live/query/ast.ts';
import { type Choice, choose, chooseAll, fieldTerm, termsOf, withTerm } from '../live/query/edit.ts';
import { Connection, type Link } from './connection.ts';
import { EventReader } from './event.ts';
import { filterOf, isFilter, parseFilter } from './filter.ts';
import { List, type ListState } from './list.ts';
import { Search } from './search.ts';
import { readAccess } from './session.ts';
import { type EventRef, Store } from './store.ts';
import { text } from './strings.ts';
import { Values } from './values.ts';
import { View } from './view.ts';

export const limits = { events: 200_000, bytes: 128 * 1024 * 1024 };
const mostContainers = 2000;
/** Ms between two looks at counts and clocks. */
const beat = 250;
/** Beats that the rate is taken over. */
const beats = 8;

export interface Totals {
  /** Events per second. */
  readonly rate: number;
  /** Lines kept, let go, not received, shown. */
  readonly kept: number;
  readonly gone: number;
  readonly dropped: number;
  readonly shown: number;
  /** Percent of the search; 100 where none runs. */
  readonly search: number;
  readonly narrowed: boolean;
  /** Moves on with what the facets count. */
  readonly facets: number;
}

export class Stream {
  readonly store = new Store(limits, new Values(text.otherValues, mostContainers), () => Date.now());
  readonly view = new View();
  readonly reader = new EventReader(this.store);
  readonly search = new Search(this.store, this.reader, this.view);

  readonly link = signal<Link>({ kind: 'connecting' });
  readonly node = signal('');
  readonly title = signal(text.title as string);
  readonly holding = signal<readonly string[]>([]);
  readonly locked = signal(false);
  readonly totals = signal<Totals>({
    rate: 0,
    kept: 0,
    gone: 0,
    dropped: 0,
    shown: 0,
    search: 100,
    narrowed: false,
    facets: 0,
  });
  readonly list = signal<ListState>({
    following: true,
    paused: false,
    fresh: 0,
    beyond: false,
    length: 0,
    first: 0,
    fit: 0,
  });
  /** The event whose details are open. */
  readonly opened = signal<EventRef | undefined>(undefined);
  readonly filterText = signal('');
  /** What is wrong with the text of the filter. */
  readonly problem = signal<QueryProblem | undefined>(undefined);

  rows: List | undefined;
  readonly #connection: Connection;
  #timer = 0;
  #searchFrame = 0;
  #dropped = 0;
  /** The position up to which events are old: held by the server before this page came. */
  #backlog = 0;
  #away = 0;
  #arrivals = new Array<number>(beats).fill(0);
  #slot = 0;

  constructor() {
    this.#connection = new Connection({
      link: (link) => this.#linked(link),
      hello: (hello, resumed) => this.#hello(hello, resumed),
      frame: (frame) => this.#frame(frame),
      state: (state) => {
        this.holding.value = state.holding;
      },
      refused: () => void this.#refused(),
    });
  }

  start(): void {
    this.locked.value = false;
    this.#connection.start();
    clearInterval(this.#timer);
    this.#timer = window.setInterval(() => this.#beat(), beat);
  }

  hurry(): void {
    this.#connection.hurry();
  }

  attach(host: HTMLElement, changed: (state: ListState) => void): List {
    const { view, store, reader, search } = this;
    const source = {
      view,
      store,
      reader,
      get filter() {
        return search.filter;
      },
    };
    this.rows = new List(host, source, (state) => {
      this.list.value = state;
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
      this.search.filter = read;
      this.#narrow();
    }
  }

  #setNode(node: QueryNode | undefined): void {
    this.filterText.value = printQuery(node);
    this.problem.value = undefined;
    this.search.filter = filterOf(node, Date.now());
    this.#narrow();
  }

  /** Adds a value of a field to the query, or takes it out. */
  choose(name: string, value: string, choice: Choice): void {
    this.#setNode(choose(this.search.filter.node, name, value, choice));
  }

  /** Takes all that was chosen of a field out of the query. */
  showAll(name: string): void {
    this.#setNode(chooseAll(this.search.filter.node, name));
  }

  /** From all lines to warnings and worse, to errors and worse, and back. */
  nextLevel(): void {
    const { node } = this.search.filter;
    const isLeast = (term: QueryNode) => term.kind === 'field' && term.name === 'level' && term.operator === '>=';
    const least = termsOf(node).find(isLeast);
    const now = least?.kind === 'field' ? least.value : '';
    const next = now === '' ? 'warn' : now === 'warn' ? 'error' : undefined;
    this.#setNode(withTerm(node, next === undefined ? undefined : fieldTerm('level', '>=', next), isLeast));
  }

  /** A pause ends at the tail: what has come meanwhile is there. */
  togglePause(): void {
    if (this.rows?.paused === true) {
      this.rows.toTail();
    } else {
      this.rows?.pause();
    }
  }

  open(ref: EventRef | undefined): void {
    this.opened.value = ref;
  }

  /** Selects the event so many rows down; its details follow where they are open. */
  selectBy(rows: number): void {
    this.rows?.selectBy(rows);
    if (this.opened.value !== undefined) {
      this.open(this.rows?.refOfSelected());
    }
  }

  #narrow(): void {
    cancelAnimationFrame(this.#searchFrame);
    // What is on the screen must be found before it is painted; a reader at the tail needs the newest only.
    const top = this.rows === undefined || this.rows.following ? this.store.next : this.rows.top;
    this.search.restart(top);
    this.rows?.refresh();
    this.#searchOn();
    this.#tellTotals();
  }

  #searchOn(): void {
    if (this.search.running) {
      this.#searchFrame = requestAnimationFrame(() => {
        this.search.run(performance.now() + 10);
        this.rows?.schedule();
        this.#tellTotals();
        this.#searchOn();
      });
    }
  }

  // What comes over the connection

  #linked(link: Link): void {
    this.link.value = link;
    if (link.kind === 'away' || link.kind === 'stopped') {
      this.#away = link.since;
      this.holding.value = [];
    }
  }

  #hello(hello: Hello, resumed: boolean): void {
    this.node.value = hello.node;
    this.title.value = hello.title === '' ? text.title : hello.title;
    const from = this.store.next;
    if (this.#away > 0) {
      this.store.mark({ kind: 'away', from: this.#away, to: Date.now() });
      if (!resumed) {
        this.store.mark({ kind: 'restarted' });
      }
      this.#away = 0;
    }
    this.#backlog = hello.next;
    this.search.take(from);
    this.rows?.schedule();
  }

  #frame(frame: Frame | undefined): void {
    const from = this.store.next;
    if (frame === undefined) {
      this.store.mark({ kind: 'unreadable' });
    } else if (frame.dropped > 0) {
      this.#dropped += frame.dropped;
      this.store.mark({ kind: 'dropped', count: frame.dropped });
    }
    for (const block of frame?.blocks ?? []) {
      const before = this.store.next;
      const changed = this.store.append(block);
      for (const line of changed) {
        if (line.head < before) {
          this.rows?.touch(line.head);
          if (line.state !== 'open' && line.head < from) {
            this.search.again(line.head);
          }
        }
      }
      if (block.position >= this.#backlog) {
        this.#arrivals[this.#slot] = (this.#arrivals[this.#slot] ?? 0) + block.count;
      }
    }
    this.search.take(from);
    this.rows?.schedule();
  }

  /** The server is away, or wants a token now. */
  async #refused(): Promise<void> {
    if ((await readAccess()) === 'needed') {
      this.#connection.stop();
      this.locked.value = true;
    }
  }

  #beat(): void {
    const now = Date.now();
    this.#connection.check(now);
    for (const line of this.store.pieces.expire(now)) {
      this.rows?.touch(line.head);
      this.search.again(line.head);
    }
    this.#tellTotals();
    this.#slot = (this.#slot + 1) % beats;
    this.#arrivals[this.#slot] = 0;
  }

  #tellTotals(): void {
    const { store, view, search } = this;
    const connected = this.link.value.kind === 'connected';
    const seconds = (beats * beat) / 1000;
    const totals = {
      rate: connected ? Math.round(this.#arrivals.reduce((sum, one) => sum + one, 0) / seconds) : 0,
      kept: store.lines,
      gone: store.gone,
      dropped: this.#dropped,
      shown: view.length,
      search: search.progress,
      narrowed: search.narrowed,
      facets: store.containers.version + search.facets.version,
    };
    const old = this.totals.value;
    if ((Object.keys(totals) as (keyof Totals)[]).some((key) => totals[key] !== old[key])) {
      this.totals.value = totals;
    }
  }
}
