// The runs that take long: a page that is left open under load with a query on, and many readers of which one stands still.
import { setTimeout as delay } from 'node:timers/promises';
import { decode } from '@msgpack/msgpack';
import { connectLive } from '../../../src/live/live-client.ts';
import { freePort } from '../../support/ports.ts';
import { residentMegabytes } from '../proc.ts';
import type { Tab } from './devtools.ts';
import { chunkCount, entriesOf, perChunk } from './load.ts';
import { type Desk, type Figures, pageMegabytes, share, withDesk } from './measures.ts';
import { countsOf, forget, search, seenBy, until, watch } from './watch.ts';

const rate = 20_000;
const query = 'level>=warn -retried';

/** What the long run is held to. */
export const longBars: Readonly<Record<string, string>> = {
  'events sent that the collector did not count': '< 1',
  'events sent that the page has not kept, let go or dropped': '< 1',
  'events dropped': '< 1',
  'events dropped by the count of the page, not of the collector': '< 1',
  'lines shown that should not be, or not shown that should': '< 1',
  'counts of containers that are wrong': '< 1',
  'counts of tags that are wrong': '< 1',
  'counts of levels that are wrong': '< 1',
  'page: growth between the second and the last quarter, %': '< 5',
  'collector: growth between the second and the last quarter, %': '< 5',
  'long tasks over 100 ms': '< 1',
};

/** 20,000 events a second with a query on: memory, long tasks, and whether every count equals what was sent and what the collector counted. */
export async function longRun(minutes: number, say: (text: string) => void): Promise<Figures> {
  const metrics = await freePort();
  const system = `<system>\nhttp_port ${metrics}\n</system>\n`;
  return withDesk('64m', (desk) => openLong(desk, metrics, minutes, say), system);
}

async function openLong(
  { tab, load, url, serverPid }: Desk,
  metrics: number,
  minutes: number,
  say: (text: string) => void,
): Promise<Figures> {
  await tab.goto(url);
  // A bound that is reached in the first quarter: from then on the oldest go all of the time.
  const bound = Math.max(16, Math.min(256, Math.floor((minutes * 60 * rate * 126) / 1e6 / 6)));
  await tab.evaluate(`localStorage.setItem('forebay.memory', '${bound}')`);
  await tab.goto(url);
  await until(tab, "document.querySelector('.status .is-connected') !== null");
  await watch(tab);
  await search(tab, query);
  const memory: number[] = [];
  const server: number[] = [];
  const longTasks: number[] = [];
  const parts = Math.max(8, minutes * 2);
  for (let part = 0; part < parts; part++) {
    await load.steady(rate, (minutes * 60) / parts);
    longTasks.push(...(await seenBy(tab)).longTasks);
    memory.push(await pageMegabytes(tab));
    server.push(residentMegabytes(serverPid, 'VmRSS'));
    await forget(tab);
    say(
      `${part + 1} of ${parts}: page ${memory.at(-1)?.toFixed(0)} MB, collector ${server.at(-1)?.toFixed(0)} MB, longest task ${Math.max(0, ...longTasks).toFixed(0)} ms`,
    );
  }
  await until(tab, `counts.kept + counts.gone + counts.dropped >= ${load.sent}`);
  // The facets are told a few times a second.
  await delay(2000);
  const counts = await countsOf(tab);
  const taken = await metric(metrics, 'forebay_input_events_total');
  const dropped = await metric(metrics, 'forebay_viewer_dropped_events_total');
  const expected = expectedOf(load.sent, counts.kept);
  const wrong = async (facet: string, wanted: ReadonlyMap<string, number>) => {
    const seen = await facetOf(tab, facet);
    return [...new Set([...wanted.keys(), ...seen.keys()])].filter(
      (name) => (seen.get(name) ?? 0) !== (wanted.get(name) ?? 0),
    ).length;
  };
  return {
    minutes,
    'MB that the page may keep': bound,
    'events sent': load.sent,
    'events kept at the end': counts.kept,
    'lines shown': counts.shown,
    'events sent that the collector did not count': Math.abs(load.sent - taken),
    'events sent that the page has not kept, let go or dropped': Math.abs(
      load.sent - counts.kept - counts.gone - counts.dropped,
    ),
    'events dropped': counts.dropped,
    'events dropped by the count of the page, not of the collector': Math.abs(counts.dropped - dropped),
    'lines shown that should not be, or not shown that should': Math.abs(counts.shown - expected.shown),
    'counts of containers that are wrong': await wrong('containers', expected.containers),
    'counts of tags that are wrong': await wrong('tags', expected.tags),
    'counts of levels that are wrong': await wrong('levels', expected.levels),
    'page, MB, second quarter': quarter(memory, 1),
    'page, MB, last quarter': quarter(memory, 3),
    'page: growth between the second and the last quarter, %': growth(memory),
    'collector, MB, second quarter': quarter(server, 1),
    'collector, MB, last quarter': quarter(server, 3),
    'collector: growth between the second and the last quarter, %': growth(server),
    'long tasks over 100 ms': longTasks.filter((task) => task > 100).length,
    'longest task, ms': Math.max(0, ...longTasks),
  };
}

/** The median of a fourth of the values. */
function quarter(values: readonly number[], n: number): number {
  return share(values.slice((values.length * n) >> 2, (values.length * (n + 1)) >> 2), 0.5);
}

function growth(values: readonly number[]): number {
  return 100 * (quarter(values, 3) / quarter(values, 1) - 1);
}

/** A counter of the collector, all its labels together. */
async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** What a facet of the page counts. */
async function facetOf(tab: Tab, name: string): Promise<ReadonlyMap<string, number>> {
  return new Map(
    await tab.evaluate<[string, number][]>(
      `[...document.querySelectorAll('.facet.${name} li')].map((one) => [one.querySelector('.label').textContent, Number(one.querySelector('.count').textContent.replaceAll(',', ''))])`,
    ),
  );
}

interface Expected {
  readonly shown: number;
  readonly containers: ReadonlyMap<string, number>;
  readonly tags: ReadonlyMap<string, number>;
  readonly levels: ReadonlyMap<string, number>;
}

/** What passes the query of the last `kept` events of those that were sent, read from their text. */
function expectedOf(sent: number, kept: number): Expected {
  const chunks = Array.from({ length: chunkCount }, (_, n) => {
    const { tag, entries } = entriesOf(n);
    return { tag, lines: entries.map((entry) => (decode(entry) as [number, { log: string }])[1].log) };
  });
  const containers = new Map<string, number>();
  const tags = new Map<string, number>();
  const levels = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, by: number) => to.set(name, (to.get(name) ?? 0) + by);
  let shown = 0;
  for (let n = sent - kept; n < sent; n++) {
    const chunk = chunks[Math.floor(n / perChunk) % chunkCount];
    const line = chunk?.lines[n % perChunk] ?? '';
    const level = line.split(' ', 1)[0]?.toLowerCase() ?? '';
    const passes = (level === 'warn' || level === 'error') && !line.includes('retried') ? 1 : 0;
    shown += passes;
    add(containers, chunk?.tag.replace('docker.', '') ?? '', passes);
    add(tags, chunk?.tag ?? '', passes);
    add(levels, level, passes);
  }
  return { shown, containers, tags, levels };
}

/** Ten readers, of which one takes nothing. */
export function readers(seconds: number): Promise<Figures> {
  return withDesk('64m', async ({ load, url, serverPid }) => {
    const counts = new Array<number>(10).fill(0);
    const dropped = new Array<number>(10).fill(0);
    const stuck = Promise.withResolvers<void>();
    const clients = counts.map((_, n) =>
      connectLive({
        url,
        authorization: undefined,
        start: () => ({ op: 'start', since: 'now' }),
        frame(frame) {
          dropped[n] = (dropped[n] ?? 0) + frame.dropped;
          counts[n] = (counts[n] ?? 0) + frame.blocks.reduce((sum, { count }) => sum + count, 0);
          return n === 9 ? stuck.promise : undefined;
        },
      }),
    );
    // What is counted begins when all of them are there.
    while (counts.slice(0, 9).some((count) => count === 0)) {
      await load.steady(1000, 1);
      await delay(100);
    }
    await delay(1000);
    const before = load.sent;
    const start = [...counts];
    dropped.fill(0);
    await load.steady(rate, seconds);
    const end = performance.now() + 30_000;
    const missing = () => counts.slice(0, 9).map((count, n) => load.sent - before - (count - (start[n] ?? 0)));
    while (missing().some((count) => count > 0) && performance.now() < end) {
      await delay(50);
    }
    const memory = residentMegabytes(serverPid, 'VmHWM');
    stuck.resolve();
    for (const client of clients) {
      client.stop();
    }
    await Promise.all(clients.map(({ ended }) => ended));
    return {
      'events sent to ten readers': load.sent - before,
      'missing at nine of them': Math.max(...missing()),
      'dropped at nine of them': Math.max(...dropped.slice(0, 9)),
      'taken by the one that stands still': counts[9] ?? 0,
      'collector at its most, MB (64 MB of events)': memory,
    };
  });
}
