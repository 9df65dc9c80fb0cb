// One row of the list: elements that are made once and filled again and again.

import { levelMarks } from '../live/query/levels.ts';
import { visible } from './controls.ts';
import type { EventReader, Shown } from './event.ts';
import type { Filter } from './filter.ts';
import type { Held, Marker } from './held.ts';
import { child, paintLine, setText } from './paint.ts';
import { number, text } from './strings.ts';
import { clock, localTime, millis, size, utcTime } from './times.ts';

export class Row {
  readonly element: HTMLElement;
  /** What it shows; undefined where it is free. */
  ref: Held | undefined;
  /** Which state of filter and stream it was filled in. */
  stamp = -1;
  readonly #time: HTMLElement;
  readonly #second: HTMLElement;
  readonly #millis: HTMLElement;
  readonly #level: HTMLElement;
  readonly #who: HTMLElement;
  readonly #body: HTMLElement;
  readonly #pins: HTMLElement;
  readonly #line: HTMLElement;
  readonly #rest: HTMLElement;

  constructor(id: string) {
    this.element = document.createElement('div');
    this.element.id = id;
    this.element.setAttribute('role', 'option');
    this.#time = child(this.element, 'span', 'time');
    this.#second = child(this.#time, 'span', '');
    this.#millis = child(this.#time, 'span', 'millis');
    this.#level = child(this.element, 'span', 'level');
    this.#who = child(this.element, 'span', 'who');
    this.#body = child(this.element, 'span', 'body');
    this.#pins = child(this.#body, 'span', 'pins');
    this.#line = child(this.#body, 'span', 'line');
    this.#rest = child(this.#body, 'span', 'rest');
  }

  get id(): number {
    return this.ref?.id ?? -1;
  }

  fill(ref: Held, reader: EventReader, filter: Filter, stamp: number): void {
    this.ref = ref;
    this.stamp = stamp;
    const { marker } = ref;
    if (marker === undefined) {
      this.#event(reader.shown(ref), filter);
    } else {
      this.#marker(marker);
    }
  }

  #event(shown: Shown, filter: Filter): void {
    const { time, level, container, text: line } = shown;
    this.element.className = level === undefined ? 'row' : `row is-${level}`;
    setText(this.#second, clock(time.sec * 1000));
    setText(this.#millis, millis(time));
    this.#time.title = `${localTime(time)}\n${utcTime(time)}`;
    setText(this.#level, level === undefined ? '' : levelMarks[level]);
    this.#who.className = `who color-${shown.color}`;
    paintLine(this.#who, container, filter);
    this.#who.title = visible(container);
    this.#fillPins(shown, filter);
    paintLine(this.#line, line, filter);
    this.#fillRest(shown, filter);
  }

  #fillPins({ pins }: Shown, filter: Filter): void {
    if (this.#pins.firstChild !== null) {
      this.#pins.textContent = '';
    }
    for (const [name, value] of pins) {
      const pin = child(this.#pins, 'span', 'pin');
      pin.title = `${visible(name)}=${visible(value)}`;
      paintLine(pin, value, filter);
    }
  }

  #fillRest(shown: Shown, filter: Filter): void {
    const rest = this.#rest;
    if (rest.firstChild !== null) {
      rest.textContent = '';
    }
    const { whole, more, fields, late, ahead, time } = shown;
    if (more > 0) {
      rest.append(' ');
      child(rest, 'span', 'note').textContent = text.moreText(size(more));
    }
    if (late) {
      rest.append(' ');
      const mark = child(rest, 'span', 'note');
      mark.textContent = text.late;
      mark.title = text.lateTitle;
    }
    if (ahead) {
      rest.append(' ');
      const mark = child(rest, 'span', 'note odd');
      mark.textContent = text.ahead;
      mark.title = text.aheadTitle(localTime(time));
    }
    if (whole !== undefined && (whole.count > 1 || whole.state !== 'whole')) {
      rest.append(' ');
      const pieces = child(rest, 'span', whole.state === 'gaps' || whole.state === 'unfinished' ? 'note odd' : 'note');
      const { count } = whole;
      pieces.textContent = whole.isTrace ? text.traceLines(count - 1) : `⧉ ${number(count)}`;
      pieces.title = whole.isTrace
        ? text.traceTitle
        : whole.state === 'whole'
          ? text.pieces(count)
          : whole.state === 'gaps'
            ? text.piecesLost(count)
            : text.piecesOpen(count);
    }
    for (const [name, value] of fields) {
      rest.append('  ');
      const field = child(rest, 'span', 'field');
      const key = child(field, 'span', 'key');
      paintLine(key, name, filter);
      key.append('=');
      paintLine(child(field, 'span', ''), value, filter);
    }
  }

  #marker(marker: Marker): void {
    this.element.className = 'row marker';
    for (const part of [this.#second, this.#millis, this.#level, this.#who]) {
      setText(part, '');
    }
    this.#time.title = '';
    this.#who.className = 'who';
    this.#who.title = '';
    this.#rest.textContent = '';
    this.#pins.textContent = '';
    setText(this.#line, markerText(marker));
  }

  /** A row of one line, to measure. */
  blank(): void {
    this.#marker({ kind: 'restarted', at: 0 });
    this.element.className = 'row';
    setText(this.#second, '00:00:00');
  }

  select(selected: boolean): void {
    this.element.setAttribute('aria-selected', String(selected));
  }

  place(index: number, length: number): void {
    this.element.setAttribute('aria-posinset', String(index + 1));
    this.element.setAttribute('aria-setsize', String(length));
  }
}

function markerText(marker: Marker): string {
  switch (marker.kind) {
    case 'dropped':
      return text.marker.dropped(marker.count);
    case 'away':
      return text.marker.away(clock(marker.from), clock(marker.to));
    case 'restarted':
      return text.marker.restarted;
    default:
      return text.marker.unreadable;
  }
}
