// The lines over time, above the rows: a drag chooses a time, a click goes there, and so do keys. What is drawn is draw.ts's.
import { useEffect, useRef, useState } from 'preact/hooks';
import { visible } from '../controls.ts';
import { type Chosen, draw, type Inks, totalOf } from '../draw.ts';
import type { Gap, Picture } from '../picture.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { clock, dayClock } from '../times.ts';
import { TimeRange } from './time-range.tsx';

/** Its place is there from the beginning, and always as high: what comes shifts no row. */
const nothing: Picture = { start: 0, step: 1, length: 1, lanes: [], outside: 0 };
export const histogramId = 'histogram';
/** Pixels that a pointer may stray in a click. */
const stray = 4;

interface Props {
  readonly stream: Stream;
  readonly prefs: Prefs;
}

/** Bins from where a choice began to where it is; the second is where the cursor stands. */
interface Cursor {
  readonly anchor: number;
  readonly at: number;
  readonly choosing: boolean;
}

export function Histogram({ stream, prefs }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const inks = useRef<HTMLSpanElement>(null);
  const [cursor, setCursor] = useState<Cursor | undefined>(undefined);
  const [width, setWidth] = useState(0);
  const { picture = nothing, gaps } = stream.timeline.value;
  const isEmpty = picture === nothing;
  const chosen = chosenBy(cursor);
  const theme = prefs.theme.value;
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(canvas.current?.clientWidth ?? 0));
    if (canvas.current !== null) {
      observer.observe(canvas.current);
    }
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current !== null && inks.current !== null) {
      draw(canvas.current, picture, gaps, chosen, inksOf(inks.current));
    }
  }, [picture, gaps, chosen?.from, chosen?.to, width, theme]);
  const take = (done: Cursor) => {
    setCursor(undefined);
    if (isEmpty) {
      return;
    }
    const range = chosenBy(done);
    if (range === undefined) {
      void stream.jump(timeOf(picture, done.at));
    } else {
      stream.setRange({ from: timeOf(picture, range.from) * 1000, to: timeOf(picture, range.to) * 1000 });
    }
  };
  const binAt = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    const share = box === undefined ? 0 : (event.clientX - box.left) / Math.max(1, box.width);
    return Math.min(picture.length - 1, Math.max(0, Math.floor(share * picture.length)));
  };
  return (
    <section class="histogram" aria-label={text.histogram}>
      <div
        id={histogramId}
        class="bars"
        role="slider"
        tabIndex={0}
        aria-label={text.histogram}
        aria-description={text.histogramHint}
        aria-valuemin={0}
        aria-valuemax={picture.length - 1}
        aria-valuenow={cursor?.at ?? picture.length - 1}
        aria-valuetext={
          isEmpty
            ? text.empty.waiting
            : sentence(picture, gaps, cursor ?? { anchor: 0, at: picture.length - 1, choosing: false })
        }
        title={text.histogramHint}
        onPointerDown={(event) => {
          if (event.button === 0) {
            event.currentTarget.setPointerCapture(event.pointerId);
            setCursor({ anchor: binAt(event), at: binAt(event), choosing: true });
          }
        }}
        onPointerMove={(event) => {
          const at = binAt(event);
          setCursor(cursor?.choosing === true ? { ...cursor, at } : { anchor: at, at, choosing: false });
        }}
        onPointerUp={(event) => {
          if (cursor?.choosing === true) {
            const box = canvas.current?.clientWidth ?? 1;
            const strayed = (Math.abs(binAt(event) - cursor.anchor) * box) / picture.length;
            take(strayed < stray ? { ...cursor, at: cursor.anchor, choosing: false } : { ...cursor, at: binAt(event) });
          }
        }}
        onPointerCancel={() => setCursor(undefined)}
        onPointerLeave={() => cursor?.choosing !== true && setCursor(undefined)}
        onBlur={() => setCursor(undefined)}
        onKeyDown={(event) => {
          const next = press(event, cursor, picture.length);
          if (next === 'take' && cursor !== undefined) {
            take(cursor);
          } else if (typeof next === 'object') {
            setCursor(next);
          }
          if (next !== undefined) {
            event.preventDefault();
          }
        }}
      >
        <canvas ref={canvas} />
        {picture.lanes.length > 1 ? (
          <div class="lane-names" aria-hidden="true">
            {picture.lanes.map(({ name }) => (
              <span key={name ?? ''}>{name === undefined ? text.unmatchedLane : visible(name)}</span>
            ))}
          </div>
        ) : undefined}
        <span ref={inks} class="inks" aria-hidden="true">
          <span class="ink-error" />
          <span class="ink-warn" />
          <span class="ink-rest" />
          <span class="ink-gap" />
          <span class="ink-chosen" />
        </span>
      </div>
      <div class="axis">
        <span>{isEmpty ? '' : dayClock(picture.start * 1000)}</span>
        <span class="bin" role="status">
          {cursor === undefined || isEmpty ? '' : sentence(picture, gaps, cursor)}
        </span>
        {picture.outside > 0 ? (
          <span class="outside" title={text.outsideTitle}>
            {text.outside(picture.outside)}
          </span>
        ) : undefined}
        <TimeRange stream={stream} />
        <span>{isEmpty ? '' : dayClock((picture.start + picture.length * picture.step) * 1000)}</span>
      </div>
    </section>
  );
}

function chosenBy(cursor: Cursor | undefined): Chosen | undefined {
  if (cursor === undefined || (!cursor.choosing && cursor.anchor === cursor.at)) {
    return undefined;
  }
  return { from: Math.min(cursor.anchor, cursor.at), to: Math.max(cursor.anchor, cursor.at) + 1 };
}

function timeOf({ start, step }: Picture, bin: number): number {
  return start + bin * step;
}

/** The cursor after a key; undefined where the key is none of ours. */
function press(event: KeyboardEvent, cursor: Cursor | undefined, length: number): Cursor | 'take' | undefined {
  const at = cursor?.at ?? length - 1;
  const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (step !== 0) {
    const next = Math.min(length - 1, Math.max(0, at + (cursor === undefined ? 0 : step)));
    return { anchor: event.shiftKey ? (cursor?.anchor ?? next) : next, at: next, choosing: false };
  }
  return event.key === 'Enter' && cursor !== undefined ? 'take' : undefined;
}

/** What stands where the cursor is. */
function sentence(picture: Picture, gaps: readonly Gap[], cursor: Cursor): string {
  const { from, to } = chosenBy(cursor) ?? { from: cursor.at, to: cursor.at + 1 };
  let total = 0;
  let errors = 0;
  let warnings = 0;
  for (const { counts } of picture.lanes) {
    for (let bin = from; bin < to; bin++) {
      total += totalOf(counts, bin);
      errors += counts[bin * 3] as number;
      warnings += counts[bin * 3 + 1] as number;
    }
  }
  const begin = timeOf(picture, from) * 1000;
  const end = timeOf(picture, to) * 1000;
  const gap = gaps.find((one) => one.to >= begin && one.from < end);
  const time = end - begin === 1000 ? dayClock(begin) : `${dayClock(begin)} – ${clock(end)}`;
  return `${time}  ${text.binText(total, errors, warnings)}${gap === undefined ? '' : `, ${text.gapText[gap.kind]}`}`;
}

function inksOf(host: HTMLElement): Inks {
  const ink = (name: string) => {
    const one = host.querySelector(`.ink-${name}`);
    return one === null ? '' : getComputedStyle(one).color;
  };
  return { error: ink('error'), warn: ink('warn'), rest: ink('rest'), gap: ink('gap'), chosen: ink('chosen') };
}
