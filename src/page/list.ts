// The list of rows: which events of the view are on the screen, at the tail or where the reader has scrolled to. Nothing that comes, goes
// or is found shifts what is being read. Rows are made once, moved and filled by hand. Where the list is scrolled to is position.ts; wheel,
// finger and keys are gestures.ts and keys.ts. One file of many lines, because following, pausing and scrolling are one state.
import { Heights } from './heights.ts';
import type { Held } from './held.ts';
import { child } from './paint.ts';
import { type Metrics, Position } from './position.ts';
import { type ListSource, RowPool } from './row-pool.ts';

export interface ListState {
  readonly following: boolean;
  readonly paused: boolean;
  /** Events below what has been seen. */
  readonly fresh: number;
  /** Whether the rows on the screen are older than all that is kept. */
  readonly beyond: boolean;
  readonly length: number;
  /** The first row on the screen and how many fit, both in events. */
  readonly first: number;
  readonly fit: number;
}

/** Rows above and below the screen that are got before they are needed. */
const margin = 120;
/** Rows that may be written in one frame in more than one go. */
const few = 8;

export class List {
  /** The event that keys and details are about, or -1. */
  selected = -1;
  readonly #host: HTMLElement;
  readonly #body: HTMLElement;
  readonly #source: ListSource;
  readonly #changed: (state: ListState) => void;
  readonly #observer: ResizeObserver;
  readonly #position: Position;
  readonly #heights: Heights;
  readonly #rows: RowPool;
  #frame = 0;
  /** Whether the next frame has something to paint. */
  #isDue = false;
  /** Rows that were written since the last frame. */
  #written = 0;
  #height = 0;
  #width = 0;
  #following = true;
  /** The last event before the pause; undefined where there is none. */
  #pausedAt: number | undefined;
  /** The last event that the reader has had on the screen. */
  #seen = -1;
  /** The events on the screen are kept no more: they stay there until the reader moves. */
  #beyond = false;
  #selectedY = -1;
  /** The choice of events is another one: the reader's place may be behind its end until older ones are found. */
  #settling = false;

  constructor(host: HTMLElement, source: ListSource, changed: (state: ListState) => void) {
    this.#host = host;
    this.#source = source;
    this.#changed = changed;
    this.#body = child(host, 'div', 'rows-body');
    this.#body.setAttribute('role', 'presentation');
    this.#rows = new RowPool(this.#body, source);
    this.#heights = new Heights(host);
    this.#position = new Position(this.#metrics());
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(host);
  }

  stop(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#host.textContent = '';
  }

  get following(): boolean {
    return this.#following;
  }

  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** The event at the upper edge. */
  get top(): number {
    return this.#position.top;
  }

  /** Rows, as far as a pause lets them be seen. */
  get #length(): number {
    const { view } = this.#source;
    return this.#pausedAt === undefined ? view.length : view.place(this.#pausedAt + 1);
  }

  /** Paints at once. */
  paint(): void {
    this.#isDue = false;
    this.#written += this.#paint();
    this.#askForFrame();
  }

  /** Paints in the next frame. */
  schedule(): void {
    this.#isDue = true;
    this.#askForFrame();
  }

  /**
   * Events have come. What is written now is in the browser's next frame, as if it had waited for that; what comes while much has been written
   * for that frame already waits, so that a flood is written once a frame.
   */
  arrived(): void {
    const { view } = this.#source;
    const hasRoom = this.#written === 0 || this.#written + view.length - view.place(this.#seen + 1) <= few;
    if (this.#following && hasRoom && !document.hidden) {
      this.paint();
    } else {
      this.schedule();
    }
  }

  #askForFrame(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#written = 0;
        if (this.#isDue) {
          this.paint();
        }
      });
    }
  }

  /** Another choice of events, or they look different. Stays at the event at the top, or what follows it. */
  refresh(): void {
    if (this.#beyond) {
      this.#beyond = false;
      this.#position.set(0, 0);
    }
    this.#settling = true;
    this.#rows.refresh();
    this.#heights.forget();
    this.schedule();
  }

  /** One event looks different now. */
  touch(id: number): void {
    this.#rows.touch(id);
    this.#heights.forget(id);
    this.schedule();
  }

  setWrap(wrap: boolean): void {
    this.#heights.wrap = wrap;
    this.#host.classList.toggle('wrap', wrap);
    this.#measure();
  }

  // Moving

  /** Scrolls by pixels, downwards when positive. */
  scrollBy(pixels: number): void {
    if (pixels === 0 || (this.#following && pixels > 0)) {
      return;
    }
    this.leaveTail();
    this.#settling = false;
    this.#comeBack();
    this.#position.move(pixels);
    if (pixels > 0) {
      this.#stopAtEnd();
    }
    this.schedule();
  }

  scrollRows(rows: number): void {
    this.scrollBy(rows * this.#heights.ordinary);
  }

  scrollPages(pages: number): void {
    this.scrollBy(pages * Math.max(this.#heights.ordinary, this.#height - 2 * this.#heights.ordinary));
  }

  /** To a place between the oldest event (0) and the newest (1). */
  toShare(share: number): void {
    this.leaveTail();
    this.#beyond = false;
    this.#position.toShare(share);
    if (share >= 1) {
      this.#stopAtEnd();
    }
    this.schedule();
  }

  /** To the newest event, and on with those that come. */
  toTail(): void {
    this.#pausedAt = undefined;
    this.#following = true;
    this.#beyond = false;
    this.schedule();
  }

  /** Follows the tail no more; the rows stay where they are. */
  leaveTail(): void {
    if (this.#following) {
      this.#position.toEnd();
      this.#seen = this.#idAt(this.#length - 1);
      this.#following = false;
      this.schedule();
    }
  }

  pause(): void {
    if (this.#pausedAt === undefined) {
      this.leaveTail();
      this.#pausedAt = this.#idAt(this.#source.view.length - 1);
      this.schedule();
    }
  }

  #idAt(index: number): number {
    return index >= 0 ? this.#source.view.at(index) : -1;
  }

  /** From rows that are kept no more to the oldest that is. */
  #comeBack(): void {
    if (this.#beyond) {
      this.#beyond = false;
      this.#position.set(0, 0);
    }
  }

  #stopAtEnd(): void {
    if (this.#position.isAtEnd()) {
      if (this.paused) {
        this.#position.toEnd();
      } else {
        this.toTail();
      }
    }
  }

  /** Selects an event and brings it into sight; -1 selects none. */
  select(id: number): void {
    this.selected = id;
    if (id >= 0) {
      this.leaveTail();
      if (!this.#beyond) {
        const place = this.#source.view.place(id);
        this.#position.bringIntoSight(place);
        this.#selectedY = this.#position.topOf(place);
      }
    }
    this.schedule();
  }

  /** Selects the event so many rows further down; the first time one on the screen. */
  selectBy(rows: number): void {
    const { view } = this.#source;
    const length = this.#length;
    if (length > 0) {
      const place = view.has(this.selected)
        ? view.place(this.selected) + rows
        : this.#following
          ? length - 1
          : this.#position.index;
      this.select(view.at(Math.min(length - 1, Math.max(0, place))));
    }
  }

  /** What the row that holds this element shows. */
  refOf(element: Element): Held | undefined {
    return this.#rows.holding(element)?.ref;
  }

  /** The selected event, also where it is on the screen only and kept no more. */
  refOfSelected(): Held | undefined {
    return this.#rows.byId(this.selected)?.ref ?? this.#source.get(this.selected);
  }

  // Measuring

  #resized(): void {
    if (this.#host.clientWidth !== this.#width) {
      this.#measure();
    } else if (this.#host.clientHeight !== this.#height) {
      this.#height = this.#host.clientHeight;
      this.schedule();
    }
  }

  /** Takes the sizes anew; the selected row, or else the top one, stays where it is. */
  #measure(): void {
    const y = this.#selectedY;
    this.#width = this.#host.clientWidth;
    this.#height = this.#host.clientHeight;
    this.#heights.measure();
    if (!this.#following && !this.#beyond) {
      if (y >= 0 && y < this.#height && this.#source.view.has(this.selected)) {
        this.#position.top = this.selected;
        this.#position.offset = -y;
        this.#position.normalize();
      } else {
        this.#position.offset = 0;
      }
    }
    this.schedule();
  }

  #metrics(): Metrics {
    const list = this;
    const { view, reader } = this.#source;
    return {
      get length() {
        return list.#length;
      },
      get height() {
        return list.#height;
      },
      get rowHeight() {
        return list.#heights.ordinary;
      },
      idAt: (index) => view.at(index),
      placeOf: (id) => view.place(id),
      heightOf: (index) => {
        const heights = list.#heights;
        const ref = heights.wrap && index < list.#length ? list.#source.get(view.at(index)) : undefined;
        return ref === undefined ? heights.ordinary : heights.of(ref, reader, list.#source.filter);
      },
    };
  }

  // Painting

  /** Returns how many rows it has written. */
  #paint(): number {
    if (this.#heights.ordinary === 0) {
      this.#measure();
    }
    const length = this.#length;
    if (this.#settling && !this.#following && this.#position.isAtEnd()) {
      this.#position.toEnd();
    }
    const fit = Math.ceil(this.#height / this.#heights.ordinary) + 1;
    this.#beyond = !this.#following && !this.#rows.isEmpty && this.#position.top < this.#source.first;
    const first = this.#following ? Math.max(0, length - fit) : this.#position.index;
    const isAtHand = this.#fetch(first, Math.min(length - first, fit + 1), length);
    if (!isAtHand) {
      return 0;
    }
    let written = 0;
    if (!this.#beyond) {
      written = this.#rows.show(first, Math.min(length - first, fit + 1), length);
      this.#host.classList.toggle('at-tail', this.#following);
      const { offset } = this.#position;
      this.#body.style.transform = this.#following || offset === 0 ? '' : `translateY(${-offset}px)`;
    }
    this.#paintSelection();
    this.#tell(first, length);
    return written;
  }

  /** Whether the rows to be shown are at hand; gets them where not, and those around them in good time. */
  #fetch(first: number, count: number, length: number): boolean {
    if (this.#beyond) {
      return true;
    }
    const { view } = this.#source;
    const missing = (from: number, to: number) => {
      const ids: number[] = [];
      for (let index = Math.max(0, from); index < Math.min(to, length); index++) {
        const id = view.at(index);
        if (this.#source.get(id) === undefined) {
          ids.push(id);
        }
      }
      return ids;
    };
    const needed = missing(first, first + count);
    const around = this.#following && needed.length === 0 ? [] : missing(first - margin, first + count + margin);
    if (around.length > 0) {
      this.#source.want([...needed, ...around]);
    }
    return needed.length === 0;
  }

  #paintSelection(): void {
    for (const row of this.#rows.shown) {
      row.select(row.id === this.selected);
    }
    const active = this.#rows.byId(this.selected)?.element;
    if (active === undefined) {
      this.#host.removeAttribute('aria-activedescendant');
      this.#selectedY = -1;
    } else {
      this.#host.setAttribute('aria-activedescendant', active.id);
      if (this.#following) {
        this.#selectedY = -1;
      } else if (this.#host.clientWidth === this.#width) {
        // Where the list has become narrower or wider just now, the row is where it was only as we remember it.
        this.#selectedY = active.offsetTop - this.#position.offset;
      }
    }
  }

  #tell(first: number, length: number): void {
    const { view } = this.#source;
    const fit = this.#height / this.#heights.ordinary;
    if (this.#following) {
      this.#seen = this.#idAt(length - 1);
    } else if (!this.#beyond) {
      this.#seen = Math.max(this.#seen, this.#lastOnScreen());
    }
    this.#changed({
      following: this.#following,
      paused: this.paused,
      fresh: this.#following ? 0 : view.length - view.place(this.#seen + 1),
      beyond: this.#beyond,
      length,
      first: this.#following ? Math.max(0, length - fit) : first,
      fit,
    });
  }

  #lastOnScreen(): number {
    const edge = this.#height + this.#position.offset + 1;
    let last = -1;
    for (const [n, { id, element }] of this.#rows.shown.entries()) {
      const bottom = this.#heights.wrap ? element.offsetTop + element.offsetHeight : (n + 1) * this.#heights.ordinary;
      if (bottom > edge) {
        break;
      }
      last = id;
    }
    return last;
  }
}
