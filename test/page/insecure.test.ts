// The page over plain http from another host: no secure context, so no shared memory, no clipboard of the page's own.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openBrowser, reasonToSkipBrowser, visit } from './browser.ts';
import { config, counted, line, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('over plain http from another host', { timeout: 60_000 }, () => {
  const play = theatre();
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(['logs.example']);
  });
  afterAll(() => browser.close());

  test('all of it works; where nothing can be copied, that is said with what to do', async () => {
    const viewer = '@type viewer\n  port WEB\n  hosts logs.example\n  token open-sesame-12345';
    const { forebay, url } = await play.collector(config.replace('@type null', viewer), []);
    const { page, complaints, close } = await visit(
      browser,
      `http://logs.example:${new URL(url).port}/#token=open-sesame-12345`,
    );
    onTestFinished(close);
    await page.waitForSelector('.status .is-connected');
    expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated, typeof SharedArrayBuffer])).toEqual([
      false,
      false,
      'undefined',
    ]);
    const sender = await play.sender(forebay.port);
    await sender.sendAll([line('{"msg":"slow","ms":120}'), line('ERROR last')]);
    await page.fill('.filter input', 'ms>100');
    await expect.poll(async () => (await counted(page)).shown).toBe(1);
    await seen(page, 'slow');
    await page.locator(shownRows, { hasText: 'slow' }).click();
    const details = page.locator('.details');
    // The old command copies here too: what it copied is pasted into the query.
    await details.getByRole('button', { name: 'Copy ms', exact: true }).click();
    await details.getByRole('button', { name: 'Copied' }).waitFor();
    await page.fill('.filter input', '');
    await page.focus('.filter input');
    await page.keyboard.press('Control+V');
    expect(await page.inputValue('.filter input')).toBe('120');
    await page.fill('.filter input', '');
    // A browser that has it no more, or whose policy forbids it.
    await page.evaluate(() => {
      document.execCommand = () => false;
    });
    const refusal = 'Over plain http the browser lets no page copy: select the text instead';
    await details.getByRole('button', { name: 'Copy link' }).click();
    await details.getByText(refusal).waitFor();
    await details.getByRole('button', { name: 'Copy ms', exact: true }).click();
    expect(await details.getByText(refusal).count()).toBeGreaterThan(0);
    await page.focus('#rows');
    await page.keyboard.press('c');
    await page.locator('.toast', { hasText: refusal }).waitFor();
    // Chromium says of each such page that a header has no meaning there.
    expect(complaints.filter((one) => !one.includes('Cross-Origin-Opener-Policy'))).toEqual([]);
  });
});
