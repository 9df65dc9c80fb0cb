// Wheel and finger on the list, and the scroll bar beside it. The list has no scrolling of the browser's own: it shows a window of what
// may be millions of rows.
import type { List, ListState } from './list.ts';

const rowOfWheel = 20;
/** Pixels that a finger may stray in a tap. */
const stray = 6;
/** Share of a flick's speed that is left after a millisecond. */
const glide = 0.9965;

export function listenToWheel(host: HTMLElement, list: () => List | undefined): void {
  host.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) {
        const unit = event.deltaMode === 1 ? rowOfWheel : event.deltaMode === 2 ? host.clientHeight : 1;
        list()?.scrollBy(event.deltaY * unit);
      }
    },
    { passive: true },
  );
}

/** A finger drags the list, and lets it glide. A mouse selects text instead. */
export function listenToFinger(host: HTMLElement, list: () => List | undefined): void {
  let finger = -1;
  let y = 0;
  let time = 0;
  let speed = 0;
  let dragged = false;
  let frame = 0;
  host.addEventListener('pointerdown', (event) => {
    cancelAnimationFrame(frame);
    if (event.pointerType === 'touch') {
      finger = event.pointerId;
      y = event.clientY;
      time = event.timeStamp;
      speed = 0;
      dragged = false;
    }
  });
  host.addEventListener('pointermove', (event) => {
    const moved = y - event.clientY;
    if (event.pointerId !== finger || (!dragged && Math.abs(moved) < stray)) {
      return;
    }
    dragged = true;
    host.setPointerCapture(finger);
    const took = Math.max(1, event.timeStamp - time);
    speed = 0.6 * speed + (0.4 * moved) / took;
    y = event.clientY;
    time = event.timeStamp;
    list()?.scrollBy(moved);
  });
  const lift = (event: PointerEvent) => {
    if (event.pointerId === finger) {
      finger = -1;
      if (dragged && event.timeStamp - time < 80) {
        let last = performance.now();
        const step = (now: number) => {
          const took = now - last;
          last = now;
          list()?.scrollBy(speed * took);
          speed *= glide ** took;
          frame = Math.abs(speed) > 0.02 ? requestAnimationFrame(step) : 0;
        };
        frame = requestAnimationFrame(step);
      }
    }
  };
  host.addEventListener('pointerup', lift);
  host.addEventListener('pointercancel', lift);
}

/** The scroll bar: its thumb is as large as the share of the list that is on the screen. */
export class ScrollBar {
  readonly #track: HTMLElement;
  readonly #thumb: HTMLElement;
  readonly #list: () => List | undefined;
  #state: ListState | undefined;
  #grip = -1;

  constructor(track: HTMLElement, thumb: HTMLElement, list: () => List | undefined) {
    this.#track = track;
    this.#thumb = thumb;
    this.#list = list;
    track.addEventListener('pointerdown', (event) => this.#grab(event));
    track.addEventListener('pointermove', (event) => this.#drag(event));
    track.addEventListener('pointerup', () => this.#let());
    track.addEventListener('pointercancel', () => this.#let());
  }

  show(state: ListState): void {
    this.#state = state;
    const { length, fit, first } = state;
    const needed = length > fit;
    this.#track.classList.toggle('idle', !needed);
    const share = needed ? Math.min(1, first / Math.max(1, length - fit)) : 1;
    this.#track.setAttribute('aria-valuenow', String(Math.round(share * 100)));
    const height = this.#thumbHeight();
    this.#thumb.style.height = `${height}px`;
    this.#thumb.style.transform = `translateY(${share * (this.#track.clientHeight - height)}px)`;
  }

  #thumbHeight(): number {
    const { length = 1, fit = 1 } = this.#state ?? {};
    const track = this.#track.clientHeight;
    return Math.min(track, Math.max(28, (track * fit) / Math.max(1, length)));
  }

  #grab(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault();
    this.#track.setPointerCapture(event.pointerId);
    const thumb = this.#thumb.getBoundingClientRect();
    const inside = event.clientY >= thumb.top && event.clientY <= thumb.bottom;
    this.#grip = inside ? event.clientY - thumb.top : thumb.height / 2;
    this.#track.classList.add('held');
    if (!inside) {
      this.#drag(event);
    }
  }

  #drag(event: PointerEvent): void {
    if (this.#grip >= 0) {
      const track = this.#track.getBoundingClientRect();
      const room = track.height - this.#thumbHeight();
      this.#list()?.toShare(room > 0 ? (event.clientY - track.top - this.#grip) / room : 1);
    }
  }

  #let(): void {
    this.#grip = -1;
    this.#track.classList.remove('held');
  }
}
