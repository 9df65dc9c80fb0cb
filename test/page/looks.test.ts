// That everybody can use the page: both themes, a small screen, a finger.
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { sampleLines } from './samples.ts';
import { line, numbered, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('the page is of use to everybody', { timeout: 60_000 }, () => {
  const play = theatre();

  test.each(['light', 'dark'] as const)('axe finds nothing: %s', async (theme) => {
    const { page, sender } = await play.stage({ theme, height: 560 });
    const faults = () => accessibilityFaults(page);
    expect(await faults()).toEqual([]);
    const esc = '\u001b';
    const colors = [...Array(16).keys()]
      .map((n) => `${esc}[38;5;${n}mcolor${esc}[0m ${esc}[48;5;${n}mground${esc}[0m`)
      .join(' ');
    await sender.sendAll([
      ...sampleLines(40, new Date()),
      ...Array.from({ length: 40 }, (_, n) => line('INFO all hues', `hue-${n}`)),
      line(`ERROR ${colors} ${esc}[2mdim${esc}[0m ${esc}[31mred on the ground of an error${esc}[0m`),
      line(`WARN ${colors} \u202e\u0007 x${'y'.repeat(3000)}`, 'web-1', {
        fields: { region: 'north', partial_message: 'true' },
      }),
    ]);
    await seen(page, 'all hues');
    expect(await faults()).toEqual([]);
    await page.fill('.filter input', 'hue -hue-3 all');
    await page.keyboard.press('Enter');
    await page
      .locator('.containers .pick')
      .nth(3)
      .click({ modifiers: ['Alt'] });
    await page.focus('#rows');
    await page.keyboard.press('Space');
    await page.locator(shownRows).nth(3).click();
    await page.locator('.details').waitFor();
    expect(await faults()).toEqual([]);
    await page.fill('.filter input', '');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+G');
    await page.locator(shownRows, { hasText: 'ERROR color' }).first().click();
    await page.keyboard.press('w');
    expect(await faults()).toEqual([]);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await faults()).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('is of use on a screen of 360 pixels, with a finger', async () => {
    const { page, sender, complaints } = await play.stage({ width: 360, height: 740, touch: true });
    await sender.sendAll([...numbered(200), line(`ERROR ${'long '.repeat(60)}`, 'api-1'), line('the last')]);
    await seen(page, 'the last');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: 180, y }] });
    await touch('touchStart', 300);
    for (let y = 310; y <= 640; y += 30) {
      await touch('touchMove', y);
    }
    await touch('touchEnd');
    await page.waitForSelector('.pill');
    // A tap that comes too soon ends the flick, and is none.
    const tap = async () => {
      await page.touchscreen.tap(180, 300);
      return page.locator('.details').count();
    };
    await expect.poll(tap, { interval: 300 }).toBe(1);
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.locator('.pill').tap();
    await seen(page, 'the last');
    await page.locator('.menu-button').tap();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('.containers .pick', { hasText: 'api-1' }).tap();
    await page.locator('.status', { hasText: '1 shown' }).waitFor();
    await page.locator('.menu-button').tap();
    await page.locator('.containers').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });
});
