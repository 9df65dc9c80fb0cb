// The rows on the screen, in order: made once, moved from one end to the other and filled again as the list moves. A row that is still wanted
// keeps its element, so that a selection of text in it stays.
import type { EventReader } from './event.ts';
import type { Filter } from './filter.ts';
import type { Held } from './held.ts';
import { Row } from './row.ts';
import type { View } from './view.ts';

export interface ListSource {
  readonly view: View;
  /** The number of the oldest event that is kept. */
  readonly first: number;
  /** An event, where it is at hand. */
  get(id: number): Held | undefined;
  /** Gets events that are not at hand; the list is painted again when they have come. */
  want(ids: readonly number[]): void;
  readonly reader: EventReader;
  readonly filter: Filter;
}

export class RowPool {
  readonly #body: HTMLElement;
  readonly #source: ListSource;
  readonly #rows: Row[] = [];
  readonly #stale = new Set<number>();
  #used = 0;
  #stamp = 0;

  constructor(body: HTMLElement, source: ListSource) {
    this.#body = body;
    this.#source = source;
  }

  /** Those that show something, from above. */
  get shown(): readonly Row[] {
    return this.#rows.slice(0, this.#used);
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Everything is filled again at the next `show`. */
  refresh(): void {
    this.#stamp++;
  }

  /** One event is filled again at the next `show`. */
  touch(id: number): void {
    this.#stale.add(id);
  }

  byId(id: number): Row | undefined {
    return this.#rows.find((row) => row.id === id && id >= 0);
  }

  /** The row that holds an element. */
  holding(element: Element): Row | undefined {
    return this.#rows.find((row) => row.element.contains(element));
  }

  /** Shows `count` rows of the view from `first` on; `length` is that of the whole list. Returns how many were filled. */
  show(first: number, count: number, length: number): number {
    const { view, reader, filter } = this.#source;
    let filled = 0;
    this.#rotate(first, count);
    while (this.#rows.length < count) {
      const row = new Row(`row-${this.#rows.length}`);
      this.#rows.push(row);
      this.#body.append(row.element);
    }
    this.#used = count;
    for (const [n, row] of this.#rows.entries()) {
      row.element.hidden = n >= count;
      if (n >= count) {
        row.ref = undefined;
        continue;
      }
      const id = view.at(first + n);
      const ref = row.id !== id || row.stamp !== this.#stamp || this.#stale.has(id) ? this.#source.get(id) : undefined;
      if (ref !== undefined) {
        row.fill(ref, reader, filter, this.#stamp);
        filled++;
      }
      row.place(first + n, length);
    }
    this.#stale.clear();
    return filled;
  }

  /** Moves rows from one end to the other where the list has moved by less than a screen. */
  #rotate(first: number, count: number): void {
    const rows = this.#rows;
    const head = rows[0]?.id ?? -1;
    if (count === 0 || head < 0) {
      return;
    }
    const { view } = this.#source;
    const wanted = view.at(first);
    const over = rows.findIndex((row) => row.id === wanted);
    const under = over < 0 && head > wanted ? view.place(head) - first : 0;
    if (over > 0) {
      const moved = rows.splice(0, over);
      rows.push(...moved);
      this.#body.append(...moved.map((row) => row.element));
    } else if (under > 0 && under < rows.length) {
      const moved = rows.splice(rows.length - under);
      rows.unshift(...moved);
      this.#body.prepend(...moved.map((row) => row.element));
    }
  }
}
