// What is measured of the page, one run each: a fresh collector and a fresh browser, so that no run knows of another.
import { setTimeout as delay } from 'node:timers/promises';
import { startForebay } from '../../support/forebay.ts';
import { freePort } from '../../support/ports.ts';
import { cpuSeconds, residentMegabytes } from '../proc.ts';
import { type Chromium, startChromium, type Tab } from './devtools.ts';
import { Load } from './load.ts';
import { countsOf, forget, search, seenBy, until, watch, worth } from './watch.ts';

export interface Desk {
  readonly tab: Tab;
  readonly load: Load;
  readonly url: string;
  readonly serverPid: number;
}

/** A collector with a page, a browser on another page of its own, and a sender. `system` stands before the rest of the configuration. */
export async function withDesk<T>(memory: string, work: (desk: Desk) => Promise<T>, system = ''): Promise<T> {
  const web = await freePort();
  const forebay = await startForebay({
    config: `${system}<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type viewer\nport ${web}\nmemory_size ${memory}\n</match>\n`,
    open: [web],
  });
  let chromium: Chromium | undefined;
  let load: Load | undefined;
  try {
    chromium = await startChromium();
    load = await Load.open(forebay.port);
    const url = `http://127.0.0.1:${web}/`;
    return await work({ tab: chromium.tab, load, url, serverPid: forebay.pid });
  } finally {
    load?.close();
    await chromium?.stop();
    await forebay.stop();
  }
}

/** Opens the page, and follows what happens in it. */
async function open({ tab, url }: Desk): Promise<void> {
  await tab.goto(url);
  await until(tab, "document.querySelector('.status .is-connected') !== null");
  await watch(tab);
}

export type Figures = Readonly<Record<string, number>>;

/** Rates between which the highest is looked for, events a second, and how often the half is taken: it is found to one part in twelve. */
const [slowest, fastest, halvings] = [100_000, 2_400_000, 5];
const stepSeconds = 3;
/** Seconds after the last of a step was sent in which all must have come. */
const patience = 0.25;

/**
 * The highest steady rate at which nothing is dropped and no backlog grows, for a page that counts bytes only, which is the floor, and for
 * the page. The collector lets a reader be behind by 16 MB and drops what is older: a rate is held where after three seconds of it nothing
 * was dropped, and a quarter of a second later all that was sent stands counted in the status bar. It is the rate that was really sent. A
 * step that fails is tried once more: others are on this machine. Processor time is that of the step with the highest rate.
 */
export function intake(part: number): Promise<Figures> {
  return withDesk('64m', async (desk) => {
    const { tab, load, serverPid } = desk;
    await tab.goto(`${desk.url}session`);
    await tab.evaluate(barePage);
    const bare = await highestRate(desk, part, 'window.events', 'window.lost');
    await open(desk);
    await settled(tab);
    const page = await highestRate(desk, part, 'counts.kept + counts.gone', 'counts.dropped');
    // What the server costs at this rate when nobody looks.
    await tab.goto('about:blank');
    const [sent, cpu] = [load.sent, cpuSeconds(serverPid)];
    await load.steady(page.rate, stepSeconds * part);
    const alone = ((cpuSeconds(serverPid) - cpu) * 1e6) / (load.sent - sent);
    return {
      'bytes counted by a bare page, events/s': bare.rate,
      'events/s into the page': page.rate,
      'events/s into the page, % of the bare page': (100 * page.rate) / bare.rate,
      'bare page: CPU s per 1 M events': bare.pageCpu,
      'page CPU s per 1 M events': page.pageCpu,
      'server CPU s per 1 M events and viewer': Math.max(0, page.serverCpu - alone),
    };
  });
}

/** Counts the events of the same bytes, and looks at nothing else of them. */
const barePage = `(() => {
  window.events = window.lost = 0;
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live');
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') {
      if (JSON.parse(data).type === 'hello') socket.send(JSON.stringify({ op: 'start' }));
      return;
    }
    const view = new DataView(data);
    window.lost += view.getUint16(2) * 2 ** 32 + view.getUint32(4);
    for (let at = 12; at < data.byteLength; at += 4 + view.getUint32(at)) window.events += view.getUint32(at + 16);
  };
})()`;

interface Rate {
  /** Events a second. */
  readonly rate: number;
  /** Seconds per 1 M events. */
  readonly pageCpu: number;
  readonly serverCpu: number;
}

/** `taken` and `lost` are expressions of the page: the events that it has had, and those that it was told it lost. */
async function highestRate(desk: Desk, part: number, taken: string, lost: string): Promise<Rate> {
  let best: Rate = { rate: 0, pageCpu: Number.NaN, serverCpu: Number.NaN };
  let [low, high] = [slowest, fastest];
  await heldRate(desk, low, stepSeconds * part, taken, lost);
  for (let n = 0; n < halvings; n++) {
    const rate = Math.sqrt(low * high);
    const held =
      (await heldRate(desk, rate, stepSeconds * part, taken, lost)) ??
      (await heldRate(desk, rate, stepSeconds * part, taken, lost));
    if (held === undefined) {
      high = rate;
    } else {
      low = rate;
      best = held.rate > best.rate ? held : best;
    }
  }
  return best;
}

/** What it costs to take this rate; undefined where it is not held. */
async function heldRate({ tab, load, serverPid }: Desk, rate: number, seconds: number, taken: string, lost: string) {
  const counted = () => worth(tab, `[${taken}, ${lost}]`) as Promise<[number, number]>;
  const [takenBefore, lostBefore] = await counted();
  const [pageBefore, serverBefore] = [await pageCpuSeconds(tab), cpuSeconds(serverPid)];
  const sentBefore = load.sent;
  const begin = performance.now();
  await load.steady(rate, seconds);
  const took = (performance.now() - begin) / 1000;
  const sent = load.sent - sentBefore;
  await delay(patience * 1000);
  const [takenNow, lostNow] = await counted();
  const isHeld = takenNow - takenBefore === sent;
  const millions = (takenNow - takenBefore) / 1e6;
  const pageCpu = ((await pageCpuSeconds(tab)) - pageBefore) / millions;
  const serverCpu = (cpuSeconds(serverPid) - serverBefore) / millions;
  await until(tab, `(${taken}) + (${lost}) >= ${takenBefore + lostBefore + sent}`);
  return isHeld && lostNow === lostBefore ? { rate: sent / took, pageCpu, serverCpu } : undefined;
}

/** All that the collector holds has come: nothing more does. */
async function settled(tab: Tab): Promise<void> {
  for (let before = -1, now = 0; now !== before; ) {
    await delay(500);
    before = now;
    now = (await countsOf(tab)).kept;
  }
}

/** A steady rate with painting: frames, and how old the newest line is. `query` is on if there is one. */
export function steady(rate: number, seconds: number, query: string): Promise<Figures> {
  return withDesk('64m', async (desk) => {
    const { tab, load } = desk;
    await open(desk);
    if (query !== '') {
      await search(tab, query);
    }
    await (rate < 1000 ? load.single(rate, 1) : load.steady(rate, 1));
    await forget(tab);
    const begin = performance.now();
    await (rate < 1000 ? load.single(rate, seconds) : load.steady(rate, seconds));
    const took = (performance.now() - begin) / 1000;
    const { gaps, longTasks, ages, framed } = await seenBy(tab);
    const now = await countsOf(tab);
    await until(tab, `counts.kept + counts.gone + counts.dropped >= ${load.sent}`);
    const end = await countsOf(tab);
    const name = `${rate >= 1000 ? `${rate / 1000} k` : rate}/s${query === '' ? '' : ', query on'}`;
    return {
      [`${name}: events/s sent`]: (rate * seconds) / took,
      [`${name}: not in the page when the last was sent`]: load.sent - now.kept - now.gone - now.dropped,
      [`${name}: dropped`]: end.dropped,
      [`${name}: frame p95, ms`]: share(gaps, 0.95),
      [`${name}: frames over 25 ms, %`]: (100 * gaps.filter((gap) => gap > 25).length) / gaps.length,
      [`${name}: long tasks`]: longTasks.length,
      [`${name}: line sent to in the page p50, ms`]: share(ages, 0.5),
      [`${name}: line sent to in the page p99, ms`]: share(ages, 0.99),
      [`${name}: line sent to end of its frame p50, ms`]: share(framed, 0.5),
      [`${name}: line sent to end of its frame p99, ms`]: share(framed, 0.99),
    };
  });
}

export const queries = [
  'needle-17',
  'level>=warn',
  'retried user',
  'nothing like it',
  'container=shop-api-3 handled',
  '-worker',
];

/** How many are kept, what they weigh, how long a search takes; with those that come later the oldest go. */
export function keeping(events: number): Promise<Figures> {
  return withDesk('64m', async (desk) => {
    const { tab, load } = desk;
    await open(desk);
    const before = await pageMegabytes(tab);
    const searches: Record<string, number> = {};
    for (const size of [1_000_000, events].filter((one, n) => n === 1 || one < events)) {
      // No faster than the page takes them: all are to be kept.
      for (let next = (await countsOf(tab)).kept; next < size; ) {
        const part = Math.min(25_000, size - next);
        await load.flood(part);
        next += part;
        await until(tab, `counts.kept + counts.dropped >= ${load.sent}`);
      }
      const times = { worker: [] as number[], seen: [] as number[] };
      for (const query of queries) {
        const { seen, worker } = await search(tab, query);
        times.worker.push(worker);
        times.seen.push(seen);
      }
      await tab.evaluate("void document.querySelector('.filter .clear').click()");
      await until(tab, `counts.shown === 0 && !counts.searching`);
      const name = `search of ${size / 1e6} M`;
      searches[`${name}, ms, median`] = median(times.worker);
      searches[`${name}, ms, worst`] = Math.max(...times.worker);
      searches[`${name}: typed to counted and painted, ms, median`] = median(times.seen);
    }
    const { kept, dropped } = await countsOf(tab);
    const weight = (((await pageMegabytes(tab)) - before) * 1e6) / kept;
    return { ...searches, 'events kept': kept, dropped, 'bytes of memory per kept event': weight };
  });
}

/** Processor time of all that run pages, and their workers. */
async function pageCpuSeconds(tab: Tab): Promise<number> {
  return (await tab.rendererPids()).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

/** Resident memory of all that run pages. */
export async function pageMegabytes(tab: Tab): Promise<number> {
  await tab.collectGarbage();
  return (await tab.rendererPids()).reduce((sum, pid) => sum + residentMegabytes(pid, 'VmRSS'), 0);
}

/** From opening the page to all of the backlog searchable; beside it a bare page, which is there already and counts it only. */
export function backlog(events: number): Promise<Figures> {
  return withDesk('512m', async (desk) => {
    const { tab, load, url } = desk;
    await load.flood(events);
    await tab.goto(`${url}session`);
    const begin = performance.now();
    await tab.evaluate(barePage);
    await until(tab, `window.events >= ${events}`);
    const bare = performance.now() - begin;
    await tab.goto('about:blank');
    await tab.goto(url);
    const opened = await until(tab, `counts.kept >= ${events}`);
    const { worker } = await search(tab, 'needle-17');
    const name = `backlog of ${events / 1e6} M`;
    return {
      [`${name} counted by a bare page after, s`]: bare / 1000,
      [`${name} searchable after, s`]: (opened + worker) / 1000,
    };
  });
}

/** The middle one, or the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

/** The value below which a share of them is. */
export function share(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
