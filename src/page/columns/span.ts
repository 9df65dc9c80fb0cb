// Which stretch of time the histogram draws where none is chosen: all of it, but for the few events whose clocks are days or years off. One
// event of another century would make everything else a single bar.

/** Shorter stretches are drawn as they are, seconds. */
const day = 86_400;
/** Of the events, at each end, that may be left out: one of so many. */
const share = 50;
/** What is left out must make the stretch so many times shorter. */
const shorter = 4;
const parts = 512;

export interface Span {
  /** Seconds since the epoch; both have events. */
  readonly first: number;
  readonly last: number;
}

/** `seconds` are the seconds that have events, with their numbers, each time they are asked for. Linear in them, a few times. */
export function usualSpan(seconds: () => Iterable<readonly [number, number]>): Span {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let total = 0;
  for (const [second, count] of seconds()) {
    first = Math.min(first, second);
    last = Math.max(last, second);
    total += count;
  }
  let low = Math.floor(total / share);
  let high = low;
  while (last - first > day) {
    const width = (last - first + 1) / parts;
    const counts = new Float64Array(parts);
    for (const [second, count] of seconds()) {
      if (second >= first && second <= last) {
        const part = Math.floor((second - first) / width);
        counts[part] = (counts[part] as number) + count;
      }
    }
    let from = 0;
    let to = parts - 1;
    for (; from < to && (counts[from] as number) <= low; from++) {
      low -= counts[from] as number;
    }
    for (; to > from && (counts[to] as number) <= high; to--) {
      high -= counts[to] as number;
    }
    if ((to - from + 1) * shorter > parts) {
      break;
    }
    const [least, most] = [first + from * width, first + (to + 1) * width];
    first = Number.POSITIVE_INFINITY;
    last = Number.NEGATIVE_INFINITY;
    for (const [second] of seconds()) {
      if (second >= least && second < most) {
        first = Math.min(first, second);
        last = Math.max(last, second);
      }
    }
  }
  return { first, last };
}
