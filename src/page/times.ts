// Times and sizes as text.
import type { EventTime } from './event.ts';

const two = (value: number) => String(value).padStart(2, '0');

/** `HH:MM:SS` of the reader's own zone. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? '--:--:--'
    : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The same with its day in front, where that is not today: `11-24 23:59:59`, of another year `2096-10-02 07:06:40`. */
export function dayClock(ms: number, now = Date.now()): string {
  const [date, today] = [new Date(ms), new Date(now)];
  if (Number.isNaN(date.getTime()) || date.toDateString() === today.toDateString()) {
    return clock(ms);
  }
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${date.getFullYear() === today.getFullYear() ? day : `${date.getFullYear()}-${day}`} ${clock(ms)}`;
}

/** `YYYY-MM-DD HH:MM:SS.nnnnnnnnn +hh:mm` of the reader's own zone; the seconds where they are no date. */
export function localTime(time: EventTime): string {
  const date = new Date(time.sec * 1000);
  if (Number.isNaN(date.getTime())) {
    return `${time.sec} s`;
  }
  const zone = -date.getTimezoneOffset();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const offset = `${zone < 0 ? '-' : '+'}${two(Math.floor(Math.abs(zone) / 60))}:${two(Math.abs(zone) % 60)}`;
  return `${day} ${clock(time.sec * 1000)}${fraction(time)} ${offset}`;
}

/** The same of ms since the epoch, to the millisecond. */
export function localMillis(ms: number): string {
  const time = { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1_000_000, fine: true };
  return localTime(time).replace(/(\.\d{3})\d{6}/, '$1');
}

/** ISO 8601 in UTC with all digits that the sender knew. */
export function utcTime(time: EventTime): string {
  const date = new Date(time.sec * 1000);
  return Number.isNaN(date.getTime()) ? `${time.sec} s` : date.toISOString().replace(/\.\d+Z$/, `${fraction(time)}Z`);
}

function fraction(time: EventTime): string {
  return time.fine ? `.${String(time.nsec).padStart(9, '0')}` : '';
}

/** Three digits of the second, '' where the sender knew whole seconds only. */
export function millis(time: EventTime): string {
  return time.fine ? `.${String(Math.floor(time.nsec / 1_000_000)).padStart(3, '0')}` : '';
}

/** `14.8 KB`. */
export function size(bytes: number): string {
  const units = ['KB', 'MB', 'GB'] as const;
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) {
    value /= 1024;
  }
  return bytes < 1000 ? `${bytes} B` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
