// The page behind a proxy: below a path of its own, and through one that cuts connections and holds bytes back.
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { reasonToSkipBrowser } from './browser.ts';
import { openProxy } from './proxy.ts';
import { config, counted, lines, numbered, seen, theatre } from './stage.ts';

/** Events that the collector has taken in, by its own count. */
async function takenIn(metrics: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  return Number(/^forebay_input_events_total\{.*\} (\d+)$/m.exec(text)?.[1]);
}

describe.skipIf(reasonToSkipBrowser() !== undefined)('behind a proxy', { timeout: 90_000 }, () => {
  const play = theatre();

  test('that leaves its path in the requests, the page is below that path', async () => {
    const { forebay, url } = await play.collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  base_path /logs\n  token open-sesame-12345'),
      [],
    );
    const front = await openProxy(Number(new URL(url).port));
    const { page, complaints } = await play.visit(`http://127.0.0.1:${front.port}/logs`);
    expect(page.url()).toBe(`http://127.0.0.1:${front.port}/logs/`);
    await page.getByLabel('Token').fill('open-sesame-12345');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.status .is-connected');
    const sender = await play.sender(forebay.port);
    await sender.sendAll(numbered(3));
    await seen(page, 'line 2');
    expect(complaints).toEqual([]);
  });

  test('that cuts connections and holds bytes back, nothing is lost and nothing comes twice', async () => {
    const { forebay, url } = await play.collector();
    const front = await openProxy(Number(new URL(url).port), { hold: 150 });
    const { page } = await play.visit(`http://127.0.0.1:${front.port}/`);
    await page.waitForSelector('.status .is-connected');
    const sender = await play.sender(forebay.port);
    for (let n = 0; n < 3; n++) {
      await sender.sendAll(numbered(200, n * 200));
      // In the midst of it, at another place each time.
      if (n > 0) {
        await expect.poll(async () => (await counted(page)).kept).toBeGreaterThan((n - 1) * 200);
      }
      front.cut();
      await page.locator('.status .is-away').waitFor();
      await sender.sendAll(numbered(1, 10_000 + n));
      await page.waitForSelector('.status .is-connected');
    }
    await expect.poll(async () => counted(page), { timeout: 20_000 }).toMatchObject({ kept: 603, dropped: 0 });
    await page.fill('.filter input', '/^line (0|199|200|599|1000\\d)$/');
    await expect
      .poll(async () => (await lines(page)).filter((text) => text.startsWith('line')))
      .toEqual([...['line 0', 'line 199', 'line 10000', 'line 200', 'line 10001'], ...['line 599', 'line 10002']]);
  });

  test('that cuts every connection in the midst of a message, the page has what the collector counts', async () => {
    const metrics = await freePort();
    const { forebay, url } = await play.collector(`<system>\n  http_port ${metrics}\n</system>\n${config}`);
    // More than the largest message of the stream: each connection brings something.
    const cut = { cutOn: /^GET \/live /, cutAfter: 400_000, mostCuts: 12 };
    const front = await openProxy(Number(new URL(url).port), { hold: 20, ...cut });
    const { page } = await play.visit(`http://127.0.0.1:${front.port}/`);
    await page.waitForSelector('.status .is-connected');
    const sender = await play.sender(forebay.port);
    const count = 12_000;
    for (let n = 0; n < count; n += 1000) {
      await sender.sendAll(numbered(1000, n));
    }
    await expect.poll(() => takenIn(metrics)).toBe(count);
    await expect.poll(async () => counted(page), { timeout: 60_000 }).toMatchObject({ kept: count, dropped: 0 });
    expect(front.cuts).toBeGreaterThan(3);
    // None is missing and none came twice: of each ending there are as many as were sent.
    for (const end of ['0', '17', '999']) {
      await page.fill('.filter input', `/^line \\d*${end}$/`);
      const sent = numbered(count).filter(({ log }) => String(log).endsWith(end)).length;
      await expect.poll(async () => (await counted(page)).shown).toBe(sent);
    }
  });

  test('that cuts off its scripts, the page asks for them again', async () => {
    const { url } = await play.collector();
    const cut = { cutOn: /^GET \S*\/worker-/, cutAfter: 1000, mostCuts: 3 };
    const front = await openProxy(Number(new URL(url).port), cut);
    const { page } = await play.visit(`http://127.0.0.1:${front.port}/#q=level>=warn`);
    await page.waitForSelector('.status .is-connected');
    expect(front.cuts).toBe(3);
    await page.locator('.status .found[data-query="level>=warn"]').waitFor();
  });
});
