// How high rows are: one height where lines do not wrap; else measured with a row that nobody sees, and remembered.
import type { EventReader } from './event.ts';
import type { Filter } from './filter.ts';
import type { Held } from './held.ts';
import { child } from './paint.ts';
import { Row } from './row.ts';

const mostKnown = 5000;

export class Heights {
  wrap = false;
  /** Of a row of one line; 0 before the first `measure`. */
  ordinary = 0;
  readonly #probe = new Row('row-probe');
  readonly #known = new Map<number, number>();

  constructor(host: HTMLElement) {
    const probing = child(host, 'div', 'rows-probe');
    probing.setAttribute('aria-hidden', 'true');
    this.#probe.element.removeAttribute('role');
    probing.append(this.#probe.element);
  }

  /** Takes sizes anew: width, wrapping or content has changed. */
  measure(): void {
    this.#probe.blank();
    this.ordinary = Math.max(1, this.#probe.element.offsetHeight);
    this.forget();
  }

  forget(id?: number): void {
    if (id === undefined) {
      this.#known.clear();
    } else {
      this.#known.delete(id);
    }
  }

  of(ref: Held, reader: EventReader, filter: Filter): number {
    const known = this.#known.get(ref.id);
    if (known !== undefined) {
      return known;
    }
    this.#probe.fill(ref, reader, filter, 0);
    const height = Math.max(1, this.#probe.element.offsetHeight);
    if (this.#known.size >= mostKnown) {
      this.#known.clear();
    }
    this.#known.set(ref.id, height);
    return height;
  }
}
