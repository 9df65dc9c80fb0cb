// Two programs' runs, made in turn, as ratios with their spread.
import type { Result } from './measure.ts';

/** The cells of a row: medians of both, the ratio, the least and the most of the pairs' ratios, rate, memory, and what can be said of it. */
export function compared(before: readonly Result[], after: readonly Result[]): string[] {
  const pairs = after.slice(0, before.length).map((result, run) => result.cpu / (before[run]?.cpu ?? Number.NaN));
  const [was, is] = [middle(before.map((each) => each.cpu)), middle(after.map((each) => each.cpu))];
  const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
  const rate = middle(after.map((each) => each.rate)) / middle(before.map((each) => each.rate));
  const peak =
    Math.max(...after.map((each) => each.peakMegabytes)) / Math.max(...before.map((each) => each.peakMegabytes));
  // Where even one pair says the opposite, or there are few, or the ratio is hardly one, chance may have made it.
  const few = pairs.length < fewestRuns;
  const same = Math.abs(is / was - 1) < smallest;
  const seen = few
    ? 'too few runs'
    : same
      ? 'no difference'
      : most < 1
        ? 'cheaper'
        : least > 1
          ? 'dearer'
          : 'no difference';
  return [was, is]
    .map((each) => each.toFixed(3))
    .concat(
      [is / was, least, most, rate, peak].map((each) => each.toFixed(2)),
      seen,
    );
}

const fewestRuns = 5;
const smallest = 0.02;

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
