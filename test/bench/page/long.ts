// The runs that take long: a page that is left open under load with a query on, and many readers of which one stands still.
import { setTimeout as delay } from 'node:timers/promises';
import { connectLive } from '../../../src/live/live-client.ts';
import { residentMegabytes } from '../proc.ts';
import { type Figures, pageMegabytes, share, withDesk } from './measures.ts';
import { countsOf, forget, search, seenBy, until, watch } from './watch.ts';

const rate = 20_000;
const query = 'level>=warn -retried';

/** 20,000 events a second with a query on: memory, long tasks, and whether every count equals what was sent. */
export function longRun(minutes: number, say: (text: string) => void): Promise<Figures> {
  return withDesk('64m', async ({ tab, load, url, serverPid }) => {
    await tab.goto(url);
    // A small bound, so that the oldest go nearly all of the time.
    await tab.evaluate("localStorage.setItem('forebay.memory', '256')");
    await tab.goto(url);
    await until(tab, "document.querySelector('.status .is-connected') !== null");
    await watch(tab);
    await search(tab, query);
    const memory: number[] = [];
    const server: number[] = [];
    const longTasks: number[] = [];
    const parts = Math.max(4, minutes * 2);
    for (let part = 0; part < parts; part++) {
      await load.steady(rate, (minutes * 60) / parts);
      memory.push(await pageMegabytes(tab));
      server.push(residentMegabytes(serverPid, 'VmRSS'));
      longTasks.push(...(await seenBy(tab)).longTasks);
      await forget(tab);
      say(`${part + 1} of ${parts}: page ${memory.at(-1)?.toFixed(0)} MB, collector ${server.at(-1)?.toFixed(0)} MB`);
    }
    await until(tab, `counts.kept + counts.gone + counts.dropped >= ${load.sent}`);
    const counts = await countsOf(tab);
    // Everything that is kept now came in whole chunks, each of which has as many lines that pass.
    const rows = await tab.evaluate<number[]>(`(() => {
      const number = (text) => Number(text.replaceAll(',', ''));
      const sum = (facet) => [...document.querySelectorAll('.facet.' + facet + ' li .count')].reduce((all, one) => all + number(one.textContent), 0);
      return [sum('containers'), sum('tags')];
    })()`);
    const half = Math.floor(memory.length / 2);
    return {
      minutes,
      'events sent': load.sent,
      'kept, let go and dropped, less those sent': counts.kept + counts.gone + counts.dropped - load.sent,
      'rows shown, less the sum of the containers': counts.shown - (rows[0] ?? 0),
      'rows shown, less the sum of the tags': counts.shown - (rows[1] ?? 0),
      'page, MB, first half': share(memory.slice(0, half), 0.5),
      'page, MB, second half': share(memory.slice(half), 0.5),
      'collector, MB, first half': share(server.slice(0, half), 0.5),
      'collector, MB, second half': share(server.slice(half), 0.5),
      'long tasks over 100 ms': longTasks.filter((task) => task > 100).length,
      'longest task, ms': Math.max(0, ...longTasks),
    };
  });
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
