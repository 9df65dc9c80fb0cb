// What is noted inside the page while it is measured: gaps between frames, long tasks, and how old the newest line is when it is in the page.
import type { Tab } from './devtools.ts';

export interface Seen {
  /** Ms between frames. */
  readonly gaps: readonly number[];
  readonly longTasks: readonly number[];
  /** Ms from the sending of a line to its being in the page, and to the end of the frame that shows it. */
  readonly ages: readonly number[];
  readonly framed: readonly number[];
}

export interface Counts {
  readonly kept: number;
  readonly gone: number;
  readonly dropped: number;
  readonly shown: number;
  readonly searching: boolean;
  /** Ms that the worker took for the last search. */
  readonly took: number;
}

const watcher = `(() => {
  const seen = (window.seen = { gaps: [], longTasks: [], ages: [], framed: [] });
  let last = performance.now();
  // Lines that the next frame shows; lines of the frame that is being made, which has ended when the message comes.
  const next = [];
  const due = [];
  const ended = new MessageChannel();
  let isInside = false;
  ended.port1.onmessage = () => {
    isInside = false;
    const now = performance.timeOrigin + performance.now();
    seen.framed.push(...due.splice(0).map((sent) => now - sent));
  };
  const frame = (now) => {
    seen.gaps.push(now - last);
    last = now;
    isInside = true;
    due.push(...next.splice(0));
    ended.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => seen.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
  let newest = '';
  new MutationObserver(() => {
    const rows = document.querySelectorAll('.rows-body .row:not([hidden])');
    for (let n = rows.length - 1; n >= 0; n--) {
      const found = /t=(\\d{14}\\.\\d{3})/.exec(rows[n].textContent);
      if (found) {
        if (found[1] > newest) {
          newest = found[1];
          seen.ages.push(performance.timeOrigin + performance.now() - Number(newest));
          (isInside ? due : next).push(Number(newest));
        }
        break;
      }
    }
  }).observe(document.querySelector('#rows'), { subtree: true, childList: true, characterData: true });
})()`;

const countsNow = `(() => {
  const bar = document.querySelector('.status');
  const text = bar?.textContent ?? '';
  const number = (form) => Number((form.exec(text)?.[1] ?? '0').replaceAll(',', ''));
  return {
    kept: number(/([\\d,]+) lines? kept/), gone: number(/([\\d,]+) let go/), dropped: number(/([\\d,]+) dropped/),
    shown: number(/([\\d,]+) shown/), searching: /searching/.test(text),
    took: Number(/(\\d+) ms/.exec(document.querySelector('.status .found')?.title ?? '')?.[1] ?? NaN),
  };
})()`;

export function watch(tab: Tab): Promise<void> {
  return tab.evaluate(watcher);
}

export function forget(tab: Tab): Promise<void> {
  return tab.evaluate('void (seen.gaps.length = seen.longTasks.length = seen.ages.length = seen.framed.length = 0)');
}

export function seenBy(tab: Tab): Promise<Seen> {
  return tab.evaluate<Seen>('seen');
}

export function countsOf(tab: Tab): Promise<Counts> {
  return tab.evaluate<Counts>(countsNow);
}

/** What an expression is worth in which the page's `counts` may be. */
export function worth(tab: Tab, expression: string): Promise<unknown> {
  return tab.evaluate(`(() => { const counts = ${countsNow}; return ${expression}; })()`);
}

/** Resolves with the ms since the page's opening, by its own clock, when the counts are as wanted. */
export function until(tab: Tab, wanted: string, patience = 120_000): Promise<number> {
  return tab.evaluate<number>(`new Promise((resolve, reject) => {
    const end = performance.now() + ${patience};
    const look = () => {
      const counts = ${countsNow};
      if (${wanted}) resolve(performance.now());
      else if (performance.now() > end) reject(new Error('waited in vain: ' + JSON.stringify(counts)));
      else setTimeout(look, 4);
    };
    look();
  })`);
}

/** Types a query; resolves with the ms until all of it has been counted and painted, and those that the worker took. */
export async function search(tab: Tab, query: string): Promise<{ readonly seen: number; readonly worker: number }> {
  const seen = await tab.evaluate<number>(`new Promise((resolve) => {
    const input = document.querySelector('.filter input');
    const begin = performance.now();
    input.value = ${JSON.stringify(query)};
    input.dispatchEvent(new Event('input', { bubbles: true }));
    const look = () => {
      const found = document.querySelector('.status .found');
      if (found?.dataset.query === ${JSON.stringify(query)} && !/searching/.test(document.querySelector('.status').textContent)) {
        resolve(performance.now() - begin);
      } else {
        setTimeout(look, 1);
      }
    };
    look();
  })`);
  return { seen, worker: (await countsOf(tab)).took };
}
