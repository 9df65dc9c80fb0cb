// The page and its collector: what is lost between them is said, and who may look.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { bytesOf } from './sender.ts';
import { config, counted, line, lines, seen, shownRows, theatre } from './stage.ts';

/** All that was sent has come, or is known to be lost. */
const settled = (page: Page, sent: number) =>
  expect
    .poll(async () => {
      const { kept, gone, dropped } = await counted(page);
      return kept + gone + dropped;
    })
    .toBe(sent);

describe.skipIf(reasonToSkipBrowser() !== undefined)('the connection', { timeout: 60_000 }, () => {
  const play = theatre();

  test('says how many events it lost where it could not keep up', async () => {
    const { forebay, url } = await play.collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  memory_size 1m'),
      [],
    );
    const { page } = await play.visit(url);
    const sender = await play.sender(forebay.port);
    await page.waitForSelector('.status .is-connected');
    const batch = bytesOf(Array.from({ length: 1000 }, (_, n) => line(`line ${n} ${'x'.repeat(1000)}`)));
    let sent = 1;
    // Until it is too much for it: twenty megabytes at once, up to two hundred.
    for (let n = 0; n < 10 && (await counted(page)).dropped === 0; n++) {
      const busy = page.evaluate(() => {
        const end = performance.now() + 500;
        while (performance.now() < end);
      });
      for (let part = 0; part < 20; part++) {
        await sender.write(batch);
        sent += 1000;
      }
      await busy;
      await settled(page, sent - 1);
    }
    await sender.sendAll([line('the last')]);
    await seen(page, 'the last');
    await page.locator('.status .dropped').waitFor();
    await settled(page, sent);
    console.log(`${(await counted(page)).dropped} events dropped of ${sent}`);
    await page.keyboard.press('g');
    await page.fill('.filter input', 'nothing-like-it');
    await page.locator(`${shownRows}.marker`).first().waitFor();
    expect((await lines(page)).every((text) => /^[\d,]+ lines? not shown/.test(text))).toBe(true);
  });

  test("goes on after the collector's restart, and says what was in between", async () => {
    const place = await play.collector();
    const { forebay, url } = place;
    const { page, sender } = await play.stage({}, place);
    sender.send(line('before'));
    await seen(page, 'before');
    const web = Number(new URL(url).port);
    await forebay.stop();
    await page.locator('.status', { hasText: /(Disconnected since|Collector stopped at) \d\d:\d\d:\d\d/ }).waitFor();
    const again = await play.collector(config, undefined, [forebay.port, web]);
    const second = await play.sender(again.forebay.port);
    second.send(line('after'));
    await page.waitForSelector('.status .is-connected');
    await seen(page, 'after');
    const all = (await lines(page)).map((text) => text.replace(/\d\d:\d\d:\d\d/g, 'T'));
    expect(all).toEqual(['before', 'No connection from T to T', 'The collector was started anew', 'after']);
    // Over time it is hatched, and named.
    await expect.poll(() => page.getAttribute('#histogram', 'aria-valuetext')).toContain('no connection');
    const isHatched = () =>
      page.evaluate(() => {
        // No bar comes up to here.
        const canvas = document.querySelector<HTMLCanvasElement>('#histogram canvas');
        const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, 2).data ?? [];
        return pixels.some((value, at) => at % 4 === 3 && value > 0);
      });
    await expect.poll(isHatched).toBe(true);
  });

  test('asks for the token, takes it from the address, and shows it nowhere', async () => {
    const { url } = await play.collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  token open-sesame-12345'),
      [],
    );
    const { page, complaints } = await play.visit(url);
    await page.getByText('This page needs its token').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token of this collector.').waitFor();
    await page.getByLabel('Token').fill('open-sesame-12345');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.status .is-connected');
    const other = await play.visit(`${url}#token=open-sesame-12345`);
    await other.page.waitForSelector('.status .is-connected');
    expect(other.page.url()).toBe(url);
    expect(
      await other.page.evaluate(() => document.cookie + JSON.stringify(localStorage) + location.href),
    ).not.toContain('sesame');
    expect([...complaints, ...other.complaints]).toEqual([]);
  });
});
