// Where a list of rows of different heights is scrolled to: the event at the top, and how much of its row is above the edge. No pixel
// counts from the list's beginning: what comes or goes elsewhere moves nothing. Heights are asked for near the edges only.

export interface Metrics {
  /** Number of rows. */
  readonly length: number;
  /** Of what is seen. */
  readonly height: number;
  /** Of an ordinary row. */
  readonly rowHeight: number;
  idAt(index: number): number;
  /** The first row whose event is not before `id`. */
  placeOf(id: number): number;
  heightOf(index: number): number;
}

export class Position {
  /** The event of the top row. */
  top = 0;
  /** Pixels of the top row that are above the edge. */
  offset = 0;
  readonly #in: Metrics;

  constructor(metrics: Metrics) {
    this.#in = metrics;
  }

  get index(): number {
    return Math.min(this.#in.placeOf(this.top), Math.max(0, this.#in.length - 1));
  }

  set(index: number, offset: number): void {
    this.top = index < this.#in.length ? this.#in.idAt(index) : 0;
    this.offset = offset;
  }

  move(pixels: number): void {
    this.offset += pixels;
    this.normalize();
  }

  /** Brings the offset into the top row again; stops at the beginning. */
  normalize(): void {
    const { length } = this.#in;
    let { index } = this;
    while (this.offset < 0 && index > 0) {
      this.offset += this.#in.heightOf(--index);
    }
    this.offset = Math.max(0, this.offset);
    while (index < length - 1 && this.offset >= this.#in.heightOf(index)) {
      this.offset -= this.#in.heightOf(index++);
    }
    this.top = length > 0 ? this.#in.idAt(index) : 0;
  }

  /** The place at which the last row ends at the lower edge. */
  end(): { readonly index: number; readonly offset: number } {
    let index = this.#in.length;
    let sum = 0;
    while (index > 0 && sum < this.#in.height) {
      sum += this.#in.heightOf(--index);
    }
    return { index, offset: Math.max(0, sum - this.#in.height) };
  }

  /** To the end. */
  toEnd(): void {
    const end = this.end();
    this.set(end.index, end.offset);
  }

  /** Whether the end is reached, or passed. */
  isAtEnd(): boolean {
    const end = this.end();
    const { index } = this;
    return index > end.index || (index === end.index && this.offset >= end.offset - 1);
  }

  /** To a place between the beginning (0) and the end (1). */
  toShare(share: number): void {
    const end = this.end();
    const exact = Math.min(1, Math.max(0, share)) * (end.index + end.offset / this.#in.rowHeight);
    const index = Math.floor(exact);
    this.set(index, (exact - index) * this.#in.heightOf(index));
  }

  /** How far below the upper edge a row begins that is on the screen, or close to it. */
  topOf(index: number): number {
    let top = -this.offset;
    for (let n = this.index; n < index; n++) {
      top += this.#in.heightOf(n);
    }
    return top;
  }

  /** As little as is needed for the whole row to be seen. */
  bringIntoSight(index: number): void {
    const first = this.index;
    if (index < first || (index === first && this.offset > 0)) {
      this.set(index, 0);
      return;
    }
    let bottom = -this.offset;
    for (let n = first; n <= index && bottom <= this.#in.height; n++) {
      bottom += this.#in.heightOf(n);
    }
    if (bottom > this.#in.height) {
      this.set(index, this.#in.heightOf(index) - this.#in.height);
      this.normalize();
    }
  }
}
