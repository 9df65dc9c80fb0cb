// Brings the view, and the counts of the facets, in line with the query: live events at once, those already kept in slices, newest first, so
// that the page never stands still.
import { levelNumber } from '../live/query/levels.ts';
import type { EventReader } from './event.ts';
import { Facets } from './facets.ts';
import { type Filter, isEmpty, noFilter } from './filter.ts';
import { type EventRef, isFolded, markerOf, type Store } from './store.ts';
import type { View } from './view.ts';

/** Ms that a slice may take. */
const slice = 10;
/** Events between two looks at the clock. */
const step = 200;
/** Events between two looks at the clock within a step. */
const few = 20;

export class Search {
  filter: Filter = noFilter;
  readonly #store: Store;
  readonly facets: Facets;
  readonly #reader: EventReader;
  readonly #view: View;
  /** Events from `next` - 1 downwards are still to be looked at, until `from`. */
  #next = 0;
  #total = 0;

  constructor(store: Store, reader: EventReader, view: View) {
    this.facets = new Facets(store);
    this.#store = store;
    this.#reader = reader;
    this.#view = view;
  }

  get narrowed(): boolean {
    return !isEmpty(this.filter);
  }

  /** Percent done; 100 where no search runs. */
  get progress(): number {
    const left = this.#next - this.#store.first;
    return left <= 0 || this.#total === 0 ? 100 : Math.floor(100 * (1 - left / this.#total));
  }

  get running(): boolean {
    return this.#next > this.#store.first;
  }

  /** Whether an event is to be shown. Markers always are: what is missing is missing from every choice. */
  accepts(ref: EventRef): boolean {
    if (isFolded(ref)) {
      return false;
    }
    if (markerOf(ref) !== undefined) {
      return true;
    }
    return isEmpty(this.filter) || this.filter.query.accepts(this.#reader.subject(ref));
  }

  /** Takes the events from `from` on in, which have just come. */
  take(from: number): void {
    for (let id = Math.max(from, this.#store.first); id < this.#store.next; id++) {
      const ref = this.#store.ref(id);
      if (ref !== undefined && this.#store.pieces.line(id) !== undefined) {
        this.#setLevel(ref);
      }
      if (ref !== undefined && this.accepts(ref)) {
        this.#view.push(id);
        this.#count(ref, true);
      }
    }
    this.#view.dropBefore(this.#store.first);
  }

  /** An event that was taken in has changed. */
  again(id: number): void {
    const ref = this.#store.ref(id);
    if (ref === undefined) {
      return;
    }
    this.#setLevel(ref);
    if (id >= this.#next) {
      const shown = this.accepts(ref);
      this.#view.set(id, shown);
      this.#count(ref, shown);
    }
  }

  /** Of a line in pieces the level may stand in any of them. */
  #setLevel(ref: EventRef): void {
    this.facets.setLevel(ref, levelNumber(this.#reader.subject(ref).level()));
  }

  #count(ref: EventRef, shown: boolean): void {
    if (markerOf(ref) === undefined) {
      this.facets.set(ref, shown);
    }
  }

  /** Begins anew; looks at all events down to `until` at once, at the rest in slices. */
  restart(until: number): void {
    this.#view.clear();
    this.facets.clear();
    this.#next = this.#store.next;
    this.#total = this.#store.size;
    while (this.#next > Math.max(until, this.#store.first)) {
      this.#some(Number.POSITIVE_INFINITY);
    }
    this.run(performance.now() + slice);
  }

  /** Goes on until the time is up; returns whether there is more to do. */
  run(until: number): boolean {
    while (this.running && performance.now() < until) {
      this.#some(until);
    }
    return this.running;
  }

  #some(until: number): void {
    const found: number[] = [];
    const stop = Math.max(this.#store.first, this.#next - step);
    while (this.#next > stop) {
      const ref = this.#store.ref(--this.#next);
      if (ref !== undefined && this.accepts(ref)) {
        found.push(ref.id);
        this.#count(ref, true);
      }
      if (this.#next % few === 0 && performance.now() > until) {
        break;
      }
    }
    this.#view.unshift(found);
  }
}
