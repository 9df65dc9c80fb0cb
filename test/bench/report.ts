// The tables of a run, for the terminal and for RESULTS.md.
import type { AuthCost } from './auth.ts';
import { findIn, grepCosts, highestPeak, limits, tlsRatios, verdicts } from './bars.ts';
import { sayOfVariant } from './configs.ts';
import type { IdleResult } from './idle.ts';
import type { Latency } from './latency.ts';
import type { Pauses } from './pause.ts';
import type { Summary } from './rows.ts';
import { table, yesNo } from './table.ts';
import { sayOf, workloadNames } from './workloads.ts';

/** What was measured; parts that were not asked for are empty. */
export interface Measured {
  readonly results: Summary[];
  readonly latencies: Latency[];
  readonly pauses: Pauses[];
  readonly auth: AuthCost[];
  idle: IdleResult | undefined;
  readonly leftOut: string[];
}

const intro = `Medians of the runs, least and most in brackets. \`CPU s\` is user and system time of the program alone, by the scheduler's count, without
its start. The load is prepared bytes that a C program sends from a process of its own over loopback; \`file\` is a file in memory (\`append true\`,
\`<format>\` json), \`stdout\` a pipe that \`cat\` reads. Events and bytes in the output are compared with those sent (to null: the program's own
counters), acks one by one; a run in which they differ is refused. \`floor\` is a C program that reads the same bytes and writes as many, and
understands nothing. Figures of Fluent Bit and Fluentd are from the machine that the bars were set on.`;

/** All parts that were measured, with headings. */
export function report(measured: Measured): string {
  const { results, latencies, pauses, auth, idle, leftOut } = measured;
  const parts: [string, string][] = [];
  const goals = goalTable(results);
  if (goals !== '') parts.push(['CPU time against the bars', goals]);
  const others = otherBars(measured);
  if (others !== '') parts.push(['The other bars', others]);
  if (results.length > 0) parts.push(['Every row', `${loadTable(results)}\n\n${workloadList(results)}`]);
  if (latencies.length > 0) parts.push(['Latency from socket to file', latencyTable(latencies)]);
  if (pauses.length > 0) parts.push(['Pauses at full speed', pauseTable(pauses)]);
  if (auth.length > 0) parts.push(['Throughput with authentication', authTable(auth)]);
  if (idle !== undefined) parts.push(['Idle, start, short connections', idleTable(idle)]);
  if (leftOut.length > 0) parts.push(['Left out', leftOut.map((each) => `- ${each}`).join('\n')]);
  return [intro, ...parts.map(([title, text]) => `## ${title}\n\n${text}`)].join('\n\n');
}

function goalTable(results: readonly Summary[]): string {
  const judged = verdicts(results);
  if (judged.length === 0) return '';
  const rows = judged.map(({ row, cpu, floor, moved, absolute, met }) => {
    const ratio = floor === undefined ? undefined : cpu / floor;
    const other = `with ${row.movesWith === 'message' ? 'Message' : 'PackedForward'} to file`;
    const measured = [row.title, cpu.toFixed(3), row.bar.toFixed(2), yesNo(absolute)];
    const floors = [floor?.toFixed(3) ?? '', row.floor?.toFixed(3) ?? '', ratio?.toFixed(2) ?? ''];
    const ratios = [row.ratio?.toFixed(2) ?? other, row.ratio && ratio ? yesNo(ratio <= row.ratio) : ''];
    return [...measured, ...floors, ...ratios, moved.toFixed(3), yesNo(met), row.fluentBit, row.fluentd];
  });
  const absolute = ['CPU s per 1 M events', 'here', 'bar', 'within'];
  const relative = [
    'floor here',
    'floor then',
    'times the floor',
    'bar for that',
    'within',
    'bar on this machine',
    'MET',
  ];
  return `${table([...absolute, ...relative, 'Fluent Bit', 'Fluentd'], rows)}

Where the floor reads higher than then, the bar moves with it, as a ratio to the floor; a row without a floor of its own then moves with Message
to file's (Message rows) or PackedForward to file's (the others). Where it reads lower, the bar stays.`;
}

function otherBars({ results, pauses, auth, idle }: Measured): string {
  const rows: string[][] = [];
  const add = (name: string, figure: string, bar: string, met: boolean) => rows.push([name, figure, bar, yesNo(met)]);
  const { peakMegabytes, grepSeconds, tlsRatio, authPercent, idlePercent, pauseMilliseconds } = limits;
  const peak = highestPeak(results, pauses);
  if (peak !== undefined) {
    const { name, megabytes } = peak;
    const bar = `below ${peakMegabytes} MB`;
    add(`most memory, ${name}`, `${megabytes.toFixed(0)} MB`, bar, megabytes < peakMegabytes);
  }
  for (const { name, cost } of grepCosts(results)) {
    add(`grep for a literal, ${name}`, `${cost.toFixed(3)} more`, `below ${grepSeconds}`, cost < grepSeconds);
  }
  for (const { name, ratio } of tlsRatios(results)) {
    const bar = `at most ${tlsRatio} times`;
    add(`TLS, ${name}`, `${ratio.toFixed(2)} times a plain sink in Node`, bar, ratio <= tlsRatio);
  }
  for (const { workload, percent } of auth) {
    const bar = `below ${authPercent} %`;
    add(`authentication, ${workload} to null`, `${percent.toFixed(1)} % of throughput`, bar, percent < authPercent);
  }
  if (idle !== undefined) {
    const figure = `${idle.idlePercent.toFixed(3)} %`;
    add('CPU when idle', figure, `below ${idlePercent} %`, idle.idlePercent < idlePercent);
  }
  for (const { workload, most, events } of pauses) {
    const name = `longest pause in ${events.toLocaleString('en-US')} events, ${workload} to file`;
    add(name, `${most.toFixed(0)} ms`, `at most ${pauseMilliseconds} ms`, most <= pauseMilliseconds);
  }
  return rows.length === 0 ? '' : table(['', 'here', 'bar', 'met'], rows);
}

function loadTable(results: readonly Summary[]): string {
  const find = findIn(results);
  const rows = results.map((result) => {
    const floor = find(result.workload, result.target, 'floor', result.variant === 'tls' ? 'tls' : 'plain');
    return [
      result.workload + (result.variant === 'plain' ? '' : `, ${result.variant}`),
      result.target,
      result.subject,
      `${result.cpu.toFixed(3)} (${result.least.toFixed(3)} to ${result.most.toFixed(3)})`,
      floor === undefined ? '' : (result.cpu / floor.cpu).toFixed(2),
      Math.round(result.rate).toLocaleString('en-US'),
      Math.round(result.megabytes).toLocaleString('en-US'),
      result.peakMegabytes.toFixed(0),
      result.startCpu.toFixed(2),
      result.counted === undefined
        ? `${result.events} sent${result.acked ? ', acked' : ''}`
        : `${result.counted} of ${result.events}`,
    ];
  });
  const names = [
    'workload',
    'to',
    'program',
    'CPU s per 1 M events',
    'times the floor',
    'events/s',
    'MB/s on the wire',
  ];
  return table([...names, 'peak MB', 'CPU s to start', 'counted'], rows);
}

function workloadList(results: readonly Summary[]): string {
  const used = new Set(results.map((each) => each.workload));
  const variants = [...new Set(results.map((each) => each.variant))].filter((each) => each !== 'plain');
  return [
    ...workloadNames.filter((name) => used.has(name)).map((name) => `- ${name}: ${sayOf(name)}`),
    ...variants.map((variant) => `- ${variant}: ${sayOfVariant(variant)}`),
  ].join('\n');
}

function latencyTable(latencies: readonly Latency[]): string {
  const rows = latencies.map((each) => [
    each.workload,
    each.subject,
    each.pace.toLocaleString('en-US'),
    each.messages.toLocaleString('en-US'),
    each.p50.toFixed(2),
    each.p99.toFixed(2),
    each.most.toFixed(2),
    each.late.toFixed(2),
  ]);
  const header = [
    'workload',
    'program',
    'events/s',
    'messages',
    'p50 ms',
    'p99 ms',
    'longest ms',
    'sender late at most, ms',
  ];
  return `${table(header, rows)}

From before a message is written to the socket until the file is long enough to hold the last of its lines; whoever sends also watches the file,
by inotify, and asks for its size. What the file then holds is compared with what was sent. \`late\` is how far the sender fell behind its own
schedule: the machine's share, about.`;
}

function pauseTable(pauses: readonly Pauses[]): string {
  const rows = pauses.map(({ range: [low, high], ...each }) => [
    `${each.workload}, ${each.events.toLocaleString('en-US')} events`,
    each.probes.toLocaleString('en-US'),
    each.p50.toFixed(1),
    each.p99.toFixed(1),
    each.most.toFixed(1) + (low < high ? ` (${low.toFixed(1)} to ${high.toFixed(1)})` : ''),
    each.still.toFixed(1),
    each.late.toFixed(1),
    each.peakMegabytes.toFixed(0),
  ]);
  const header = ['to file', 'probes', 'p50 ms', 'p99 ms', 'longest ms', 'file still, ms', 'probe late, ms', 'peak MB'];
  return `${table(header, rows)}

A second connection sends one event each 5 ms that goes to null and asks for an ack: the time to the ack is how long the program did not look after
it. \`file still\` is the longest time that the output did not grow; \`probe late\` how long the probe itself was kept from running.`;
}

function authTable(costs: readonly AuthCost[]): string {
  const rows = costs.map(({ workload, pairs, without, with: with_, percent, range: [low, high] }) => [
    workload,
    String(pairs),
    Math.round(without).toLocaleString('en-US'),
    Math.round(with_).toLocaleString('en-US'),
    `${percent.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`,
  ]);
  return `${table(['to null', 'pairs of runs', 'events/s without', 'events/s with', '% slower'], rows)}

One process with two listeners, one of which asks for a key and a user, takes the same load through each in turn; the handshake is over when the
clock starts. \`% slower\` is the median of the pairs, in brackets between which values half of them are; below 0 it was faster.`;
}

function idleTable(idle: IdleResult): string {
  return table(
    ['with the test.conf of the first run', 'figure'],
    [
      ['start to port open, median', `${idle.openMilliseconds.toFixed(0)} ms (${idle.openSpread})`],
      ['memory 2 s after the start', `${idle.idleMegabytes.toFixed(1)} MB`],
      [`CPU time over ${idle.idleSeconds} s without events`, `${idle.idlePercent.toFixed(3)} % of a core`],
      ...idle.rounds.map((round, index) => [
        `after ${round.connections.toLocaleString('en-US')} connections${index === 0 ? '' : ' more'}`,
        `${round.descriptors} open descriptors (before: ${idle.descriptors}), ${round.megabytes.toFixed(1)} MB, ${round.counted} of ${round.sent} events`,
      ]),
    ],
  );
}
