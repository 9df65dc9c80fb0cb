// The lines over time in a real browser: a drag, a click and keys choose a time; what is missing is hatched.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { counted, line, lines, seen, theatre } from './stage.ts';

const bars = '#histogram';
/** It is there from the beginning; this is when it has something to show. */
const drawn = `${bars}:not([aria-valuemax="0"])`;
const start = Math.floor(Date.now() / 1000) - 600;

/** One line each second for ten minutes. */
const tenMinutes = Array.from({ length: 600 }, (_, n) =>
  line(`${n % 60 === 0 ? 'ERROR' : 'INFO'} second ${n}`, 'web', { time: start + n }),
);

async function drag(page: Page, from: number, to: number): Promise<void> {
  const box = await page.locator(bars).boundingBox();
  const { x = 0, y = 0, width = 0 } = box ?? {};
  await page.mouse.move(x + width * from, y + 10);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + 12, { steps: 4 });
  await page.mouse.up();
}

describe.skipIf(reasonToSkipBrowser() !== undefined)('the histogram', { timeout: 60_000 }, () => {
  const play = theatre();

  test('a drag chooses a time, which is part of the query, and all times come back', async () => {
    const { page, sender, complaints } = await play.stage();
    await sender.sendAll(tenMinutes);
    await seen(page, 'second 599');
    await expect.poll(async () => (await counted(page)).kept).toBe(600);
    await page.locator(drawn).waitFor();
    await drag(page, 0.25, 0.5);
    await expect.poll(() => page.inputValue('.filter input')).toMatch(/^since:\S+Z until:\S+Z$/);
    await expect.poll(async () => (await counted(page)).shown).toBeGreaterThan(130);
    const { shown } = await counted(page);
    expect(shown).toBeLessThan(170);
    await expect.poll(async () => Number((await lines(page)).at(-1)?.split(' ').at(-1))).toBeGreaterThan(280);
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('since');
    const range = page.getByLabel('Time range');
    expect(await range.locator('option:checked').textContent()).toBe('Chosen time');
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
    await range.selectOption('From 5 minutes ago');
    await expect.poll(() => page.inputValue('.filter input')).toBe('since:5m');
    await seen(page, 'second 599');
    await range.selectOption('All times');
    await expect.poll(() => page.inputValue('.filter input')).toBe('');
    await expect.poll(async () => (await counted(page)).kept).toBe(600);
    expect(complaints).toEqual([]);
  });

  test('a click goes to that time, and keys alone do all of it', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(tenMinutes);
    await seen(page, 'second 599');
    await expect.poll(async () => (await counted(page)).kept).toBe(600);
    await page.locator(drawn).waitFor();
    await drag(page, 0.5, 0.5);
    const selected = page.locator('.row[aria-selected=true] .line');
    await expect.poll(async () => Number((await selected.textContent())?.split(' ').at(-1))).toBeGreaterThan(290);
    await page.focus('#rows');
    await page.keyboard.press('t');
    for (let n = 0; n < 4; n++) {
      await page.keyboard.press('ArrowLeft');
    }
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await page.getAttribute(bars, 'aria-valuetext')).toMatch(/\d\d:\d\d:\d\d.*lines/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.inputValue('.filter input')).toContain('until:');
    await expect.poll(async () => (await counted(page)).shown).toBeGreaterThan(0);
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
  });

  test('what no match took has a lane of its own', async () => {
    const config = `<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match docker.**>\n@type null\n</match>\n`;
    const { page, sender } = await play.stage({}, await play.collector(config));
    await sender.sendAll([line('taken'), line('not taken', 'web', { tag: 'other' })]);
    await seen(page, 'not taken');
    await page.locator('.lane-names', { hasText: 'unmatched' }).waitFor();
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
  });
});
