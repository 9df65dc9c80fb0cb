// The rows of the page in a real browser: following, scrolling, pausing, letting go.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { bytesOf } from './sender.ts';
import { counted, line, lines, numbered, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('the rows', { timeout: 60_000 }, () => {
  const play = theatre();

  test('shows a line as it comes', async () => {
    const { page, sender, complaints } = await play.stage();
    await page.evaluate(() => {
      const times: Record<string, number> = {};
      Object.assign(window, { times });
      const look = () => {
        for (const [mark] of document.querySelector('.rows-body')?.textContent?.matchAll(/mark-\d+-/g) ?? []) {
          times[mark] ??= Date.now();
        }
      };
      const rows = document.querySelector('#rows');
      if (rows !== null) {
        new MutationObserver(look).observe(rows, { childList: true, subtree: true, characterData: true });
      }
    });
    const sent = new Map<string, number>();
    for (let n = 0; n < 30; n++) {
      const mark = `mark-${n}-`;
      sent.set(mark, Date.now());
      sender.send(line(mark));
      await delay(23);
    }
    await seen(page, 'mark-29-');
    const times = await page.evaluate(() => (window as unknown as { times: Record<string, number> }).times);
    const took = [...sent].map(([mark, at]) => (times[mark] ?? Number.POSITIVE_INFINITY) - at).sort((a, b) => a - b);
    console.log(`a line is seen after ${took[15]} ms (median), ${took[29]} ms (worst of 30)`);
    expect(took.every(Number.isFinite)).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('a flood is written once a frame, a line waits for none', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(numbered(50));
    await seen(page, 'line 49');
    await page.evaluate(() => {
      // For each frame how many times more than a few rows were written for it.
      const writes: number[] = [];
      Object.assign(window, { writes });
      let large = 0;
      const frame = () => {
        writes.push(large);
        large = 0;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      new MutationObserver((records) => {
        const isLine = ({ target }: MutationRecord) => target.parentElement?.className === 'line';
        large += records.filter(isLine).length > 8 ? 1 : 0;
      }).observe(document, { subtree: true, characterData: true });
      // From the second frame on the list's frames are called behind this one's.
      return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
    for (let n = 0; n < 100; n++) {
      await sender.sendAll(numbered(100, 50 + n * 100));
    }
    await seen(page, 'line 10049');
    const writes = await page.evaluate(() => (window as unknown as { writes: number[] }).writes);
    expect(Math.max(...writes)).toBe(1);
    await page.evaluate(() => {
      window.requestAnimationFrame = () => 1;
    });
    sender.send(line('without a frame'));
    await seen(page, 'without a frame');
  });

  test('a tab that nobody sees is at rest, and goes on when it is seen', async () => {
    const { page, sender } = await play.stage();
    await page.evaluate(() => {
      const state = { updates: 0, frames: [] as FrameRequestCallback[], worker: undefined as Worker | undefined };
      Object.assign(window, { state });
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function post(this: Worker, message: unknown) {
        if (state.worker === undefined) {
          state.worker = this;
          this.addEventListener('message', ({ data }) => {
            state.updates += data.op === 'update' ? 1 : 0;
          });
        }
        postMessage.call(this, message);
      };
    });
    sender.send(line('before'));
    await seen(page, 'before');
    await page.evaluate(() => {
      // Frames come no more in a tab that is hidden.
      const { state } = window as unknown as { state: { updates: number; frames: FrameRequestCallback[] } };
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      window.requestAnimationFrame = (callback) => state.frames.push(callback);
      state.updates = 0;
    });
    const isInWorker = (query: string) =>
      page.evaluate(async (text) => {
        const { worker } = (window as unknown as { state: { worker: Worker } }).state;
        const what = { kind: 'hit', query: text, from: -1, step: 1, now: Date.now() };
        worker.postMessage({ op: 'ask', request: -1, what });
        return new Promise<boolean>((resolve) => {
          worker.addEventListener('message', ({ data }) => {
            if (data.op === 'answer' && data.request === -1) {
              resolve(data.answer !== undefined);
            }
          });
        });
      }, query);
    for (const text of ['first', 'second', 'third', 'fourth', 'fifth']) {
      sender.send(line(text));
      await expect.poll(() => isInWorker(text)).toBe(true);
    }
    const updates = await page.evaluate(() => (window as unknown as { state: { updates: number } }).state.updates);
    expect(updates).toBeLessThan(2);
    expect(await lines(page)).toEqual(['before']);
    await page.evaluate(() => {
      const { state } = window as unknown as { state: { frames: FrameRequestCallback[] } };
      Object.defineProperty(document, 'hidden', { value: false });
      for (const callback of state.frames.splice(0)) {
        callback(performance.now());
      }
    });
    await seen(page, 'fifth');
    expect(await lines(page)).toEqual(['before', 'first', 'second', 'third', 'fourth', 'fifth']);
  });

  test('follows the tail, leaves it when one scrolls up, and nothing shifts there', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(numbered(300));
    await seen(page, 'line 299');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -707);
    await page.waitForSelector('.pill');
    const where = () =>
      page
        .locator(shownRows)
        .evaluateAll((rows) => rows.map((row) => `${row.getBoundingClientRect().top} ${row.textContent}`));
    const before = await where();
    await sender.sendAll(numbered(100, 300));
    await page.locator('.pill', { hasText: '100 new' }).waitFor();
    expect(await where()).toEqual(before);
    await page.click('.pill');
    await seen(page, 'line 399');
    expect(await page.locator('.pill').count()).toBe(0);
  });

  test('scrolls by pixels where rows are of different heights', async () => {
    const { page, sender } = await play.stage();
    await page.keyboard.press('w');
    await sender.sendAll(
      Array.from({ length: 300 }, (_, n) => line(`line ${n}. ${'words and more '.repeat((n * 7) % 40)}`)),
    );
    await seen(page, 'line 299.');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -900);
    await page.waitForSelector('.pill');
    const places = () =>
      page
        .locator(shownRows)
        .evaluateAll((rows) =>
          rows.map(
            (row) =>
              [
                row.querySelector('.line')?.textContent?.split('.')[0],
                Math.round(row.getBoundingClientRect().top),
              ] as const,
          ),
        );
    for (const by of [-400, -37, 250, -900, 333]) {
      const before = new Map(await places());
      await page.mouse.wheel(0, by);
      await expect
        .poll(async () => (await places()).filter(([name, top]) => before.get(name) === top + by).length)
        .toBeGreaterThan(0);
      const moved = (await places()).filter(([name]) => before.has(name));
      expect(moved.map(([name, top]) => (before.get(name) ?? 0) - top)).toEqual(moved.map(() => by));
    }
    // A row that is opened stays where it is, although the rows above it become higher.
    const row = page.locator(shownRows).nth(4);
    const name = await row.locator('.line').textContent();
    const top = (await row.boundingBox())?.y;
    await row.click();
    await page.locator('.details').waitFor();
    await expect.poll(async () => (await page.locator(shownRows, { hasText: name ?? '' }).boundingBox())?.y).toBe(top);
  });

  test('a pause stops the rows; nothing is lost by it', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(numbered(5));
    await seen(page, 'line 4');
    await page.keyboard.press('Space');
    await page.locator('.status .paused').waitFor();
    const before = await lines(page);
    await sender.sendAll(numbered(50, 5));
    await page.locator('.pill', { hasText: '50 new' }).waitFor();
    expect(await lines(page)).toEqual(before);
    await page.locator('.status .kept', { hasText: '55 lines' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await seen(page, 'line 54');
  });

  test('keys walk through the rows', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(numbered(200));
    await seen(page, 'line 199');
    const selected = (text: string) => page.locator('.row[aria-selected="true"] .line', { hasText: text }).waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await selected('line 198');
    await page.keyboard.press('j');
    await selected('line 199');
    await page.keyboard.press('Enter');
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('k');
    }
    await selected('line 139');
    await page.locator('.details .raw', { hasText: 'line 139' }).waitFor();
    await page.keyboard.press('g');
    await seen(page, 'line 0');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('Shift+G');
    await seen(page, 'line 199');
    // From hit to hit of the last filter, with all lines in between.
    await page.fill('.filter input', '"line 5" OR "line 150"');
    await page.locator('.status', { hasText: '12 shown' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.status .found').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+G');
    await page.keyboard.press('Shift+N');
    await selected('line 59');
    await page.keyboard.press('Shift+N');
    await selected('line 58');
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    await selected('line 150');
    await page.locator('.details .raw', { hasText: 'line 150' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('w');
    await page.locator('.rows.wrap').waitFor();
  });

  test('a row is one line high, whatever is in it; wrapped, all of it is seen', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll([
      line('plain'),
      line('one\ntwo\nthree'),
      line(`語 ${'🦀'.repeat(300)} e\u0301\u0302\u0303\u0304`),
      line('control \u0007', 'web-1', { fields: { partial_message: 'true' } }),
      line('x'.repeat(5000)),
      line('the last'),
    ]);
    await seen(page, 'the last');
    const heights = () => page.locator(shownRows).evaluateAll((rows) => rows.map((row) => row.clientHeight));
    const [ordinary = 0, ...others] = await heights();
    expect(others).toEqual(others.map(() => ordinary));
    await page.keyboard.press('w');
    await page.locator('.rows.wrap').waitFor();
    expect((await heights()).slice(0, 2)).toEqual([ordinary, 3 * ordinary]);
  });

  test('what it lets go does not move what is being read', { timeout: 120_000 }, async () => {
    const { page, sender, complaints } = await play.stage({ memory: 16 });
    await sender.sendAll(numbered(100));
    await seen(page, 'line 99');
    const batch = bytesOf(
      Array.from({ length: 500 }, (_, n) =>
        line(
          `INFO request=${n} handled in ${n % 97} ms by the worker for user ${n % 1000}, attempt 1 of 3`,
          `c-${n % 12}`,
        ),
      ),
    );
    await sender.write(batch);
    await expect.poll(async () => (await counted(page)).kept).toBe(600);
    // To the oldest line; then so much more that it is let go.
    await page.mouse.click(600, 300);
    await page.locator('.details .raw').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.details .raw').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await seen(page, 'line 0');
    const before = await lines(page);
    let sent = 600;
    const arrived = async () => {
      const { kept, gone, dropped } = await counted(page);
      return kept + gone + dropped;
    };
    // No faster than the page takes it: what it drops fills nothing.
    for (let n = 0; n < 60 && (await counted(page)).gone === 0; n++) {
      await sender.write(Buffer.concat(Array.from({ length: 20 }, () => batch)));
      sent += 20 * 500;
      await expect.poll(arrived, { timeout: 30_000 }).toBe(sent);
    }
    await page.locator('.status', { hasText: 'let go' }).waitFor({ timeout: 40_000 });
    await page.getByText('These lines are no longer kept').waitFor();
    expect(await lines(page)).toEqual(before);
    await page.locator(shownRows, { hasText: 'line 7' }).first().click();
    await page.locator('.details .raw', { hasText: 'line 7' }).waitFor();
    await page.fill('.filter input', 'request=77 "user 77"');
    await page.waitForFunction(() => !/searching/.test(document.querySelector('.status')?.textContent ?? 'searching'));
    await expect.poll(async () => (await lines(page)).every((text) => text.includes('request=77 '))).toBe(true);
    expect(complaints).toEqual([]);
  });
});
