// The goals: CPU seconds per million events, memory, idling, pauses. Where a machine is slower than the one that they were set on, which the
// floor shows, the bar of CPU time moves with it; where it is faster, the bar stays.
import type { Target, Variant } from './configs.ts';
import type { Result } from './measure.ts';
import type { Pauses } from './pause.ts';

interface BarRow {
  readonly title: string;
  readonly workload: string;
  readonly target: Target;
  /** CPU seconds per million events: the bar, the floor where it was set, and what others cost there. */
  readonly bar: number;
  readonly floor?: number;
  readonly fluentBit: string;
  readonly fluentd: string;
  /** The ratio to the floor that the bar moves with; a row without a floor of its own moves with another row's, in proportion. */
  readonly ratio?: number;
  readonly movesWith?: 'message' | 'packed';
}

export const rows: readonly BarRow[] = [
  {
    title: 'Message to null',
    workload: 'message',
    target: 'null',
    bar: 0.13,
    floor: 0.064,
    ratio: 2.03,
    fluentBit: '1.34',
    fluentd: '3.7',
  },
  {
    title: 'Message to file',
    workload: 'message',
    target: 'file',
    bar: 0.36,
    floor: 0.174,
    ratio: 2.1,
    fluentBit: '2.27 to 2.47',
    fluentd: '17.95',
  },
  {
    title: 'Message to stdout, a pipe that is read',
    workload: 'message',
    target: 'stdout',
    bar: 0.43,
    movesWith: 'message',
    fluentBit: '2.56',
    fluentd: '13.55',
  },
  {
    title: 'PackedForward to null',
    workload: 'packed',
    target: 'null',
    bar: 0.1,
    floor: 0.051,
    ratio: 1.96,
    fluentBit: '0.41',
    fluentd: '1.6',
  },
  {
    title: 'PackedForward to file',
    workload: 'packed',
    target: 'file',
    bar: 0.31,
    floor: 0.14,
    ratio: 2.2,
    fluentBit: '1.20 to 1.29',
    fluentd: '7.5',
  },
  {
    title: "PackedForward in Fluent Bit's form to file",
    workload: 'fluent-bit',
    target: 'file',
    bar: 0.36,
    movesWith: 'packed',
    fluentBit: '',
    fluentd: '',
  },
  {
    title: 'gzip to null',
    workload: 'packed-gzip',
    target: 'null',
    bar: 0.25,
    movesWith: 'packed',
    fluentBit: '0.47',
    fluentd: '',
  },
  {
    title: 'gzip to file',
    workload: 'packed-gzip',
    target: 'file',
    bar: 0.46,
    movesWith: 'packed',
    fluentBit: '1.25',
    fluentd: '',
  },
  {
    title: 'Forward to file',
    workload: 'forward',
    target: 'file',
    bar: 0.34,
    movesWith: 'packed',
    fluentBit: '1.63',
    fluentd: '',
  },
];

/** Beside the table. */
export const limits = {
  peakMegabytes: 110,
  idlePercent: 0.1,
  pauseMilliseconds: 100,
  grepSeconds: 0.15,
  /** Times the CPU time of a plain sink in Node. */
  tlsRatio: 1.5,
  /** Of the throughput. */
  authPercent: 5,
  openMilliseconds: 200,
  idleMegabytes: 70,
  /** What a round of short connections may leave behind. */
  megabytesPerRound: 16,
} as const;

export interface Verdict {
  readonly row: BarRow;
  readonly cpu: number;
  readonly floor: number | undefined;
  /** The bar on this machine, in seconds; the bar as it was set where the floor is no higher, or was not measured. */
  readonly moved: number;
  readonly absolute: boolean;
  readonly met: boolean;
}

type Find = (workload: string, target: Target, subject: string, variant?: Variant) => Result | undefined;

export function findIn(results: readonly Result[]): Find {
  return (workload, target, subject, variant = 'plain') =>
    results.find(
      (each) =>
        each.workload === workload && each.target === target && each.subject === subject && each.variant === variant,
    );
}

/** One for each row of the table that was measured. */
export function verdicts(results: readonly Result[]): Verdict[] {
  const find = findIn(results);
  return rows.flatMap((row) => {
    const cpu = find(row.workload, row.target, 'forebay')?.cpu;
    if (cpu === undefined) return [];
    const floor = find(row.workload, row.target, 'floor')?.cpu;
    const moved = Math.max(row.bar, movedBar(row, floor, find) ?? 0);
    return [{ row, cpu, floor, moved, absolute: cpu <= row.bar, met: cpu <= moved }];
  });
}

function movedBar(row: BarRow, floor: number | undefined, find: Find): number | undefined {
  if (row.ratio !== undefined) return floor === undefined ? undefined : floor * row.ratio;
  const other = rows.find(({ workload, target }) => workload === row.movesWith && target === 'file');
  const otherFloor = find(row.movesWith ?? '', 'file', 'floor')?.cpu;
  if (other?.floor === undefined || otherFloor === undefined) return undefined;
  return row.bar * (otherFloor / other.floor);
}

/** What the grep filter costs more than the same row without it: CPU seconds per million events. */
export function grepCosts(results: readonly Result[]): { name: string; cost: number }[] {
  const find = findIn(results);
  return results.flatMap(({ workload, target, subject, variant, cpu }) => {
    const without = find(workload, target, subject)?.cpu;
    return variant === 'grep' && without !== undefined
      ? [{ name: `${workload} to ${target}`, cost: cpu - without }]
      : [];
  });
}

/** How many times the CPU time of its floor a row over TLS costs. */
export function tlsRatios(results: readonly Result[]): { name: string; ratio: number }[] {
  const find = findIn(results);
  return results.flatMap(({ workload, target, subject, variant, cpu }) => {
    const floor = find(workload, target, 'floor', 'tls')?.cpu;
    return subject === 'forebay' && variant === 'tls' && floor !== undefined
      ? [{ name: `${workload} to ${target}`, ratio: cpu / floor }]
      : [];
  });
}

/** The most memory that a row of the table took, with its filters and the long runs too. */
export function highestPeak(results: readonly Result[], pauses: readonly Pauses[]): Peak | undefined {
  const inTable = results.filter(
    (each) =>
      each.subject === 'forebay' && rows.some((row) => row.workload === each.workload && row.target === each.target),
  );
  const peaks = [
    ...inTable.map((each) => ({ name: `${each.workload} to ${each.target}`, megabytes: each.peakMegabytes })),
    ...pauses.map((each) => ({ name: `${each.events} of ${each.workload} to file`, megabytes: each.peakMegabytes })),
  ];
  return peaks.sort((a, b) => b.megabytes - a.megabytes)[0];
}

interface Peak {
  readonly name: string;
  readonly megabytes: number;
}
