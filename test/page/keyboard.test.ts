// The page without a mouse: everything that people do in it, by keys alone.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { counted, line, lines, seen, theatre } from './stage.ts';

const query = (page: Page) => page.inputValue('.filter input');
const rowHeight = (page: Page) => page.locator('.row[aria-selected=true]').evaluate((row) => row.clientHeight);

/** Tab, or Shift+Tab, until what has the focus is called so. */
async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  for (let n = 0; n < 150; n++) {
    await page.keyboard.press(key);
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    });
    if (typeof name === 'string' ? found === name : name.test(found)) {
      return;
    }
  }
  throw new Error(`Tab does not come to ${name}.`);
}

describe.skipIf(reasonToSkipBrowser() !== undefined)('by keys alone', { timeout: 60_000 }, () => {
  const play = theatre();

  async function withLines() {
    const staged = await play.stage();
    const start = Math.floor(Date.now() / 1000) - 120;
    await staged.sender.sendAll([
      ...Array.from({ length: 100 }, (_, n) =>
        line(
          `{"level":"${n % 10 === 0 ? 'error' : 'info'}","msg":"line ${n}","user":{"id":${n % 7}}}`,
          n % 2 ? 'odd' : 'even',
          {
            time: start + n,
          },
        ),
      ),
    ]);
    await seen(staged.page, 'line 99');
    await expect.poll(async () => (await counted(staged.page)).kept).toBe(100);
    // Facets and the lines over time come a moment later.
    await staged.page.locator('#histogram[aria-valuemax="99"]').waitFor();
    return staged;
  }

  test('a query is typed, completed, saved, used again and cleared', async () => {
    const { page, complaints } = await withLines();
    await page.keyboard.press('/');
    await page.keyboard.type('user.id=3 cont');
    await page.locator('.completions [role=option]', { hasText: 'container' }).first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('ev');
    await page.locator('.completions [role=option]', { hasText: 'even' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await query(page)).toBe('user.id=3 container:even ');
    await expect.poll(async () => (await counted(page)).shown).toBe(7);
    await tabTo(page, 'Save this filter');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Clear the filter');
    await page.keyboard.press('Enter');
    expect(await query(page)).toBe('');
    await tabTo(page, /^Filter by user\.id/);
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await counted(page)).shown).toBe(7);
    expect(complaints).toEqual([]);
  });

  test('facets choose, add and leave out', async () => {
    const { page } = await withLines();
    await page.keyboard.press('/');
    await tabTo(page, /^error/);
    await page.keyboard.press('Enter');
    await expect.poll(() => query(page)).toBe('level=error');
    await tabTo(page, /^info/);
    await page.keyboard.press('Shift+Enter');
    await expect.poll(() => query(page)).toBe('level=error OR level=info');
    await tabTo(page, 'Hide odd');
    await page.keyboard.press('Space');
    await expect.poll(async () => (await counted(page)).shown).toBe(50);
    await tabTo(page, 'Show all: Levels', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => query(page)).toBe('-container=odd');
  });

  test('a line is opened; its fields are asked for, left out, made columns, copied; what is around it is read', async () => {
    const { page } = await withLines();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.locator('.details .raw', { hasText: 'line 98' }).waitFor();
    await tabTo(page, 'Lines around it');
    await page.keyboard.press('Enter');
    await page.locator('.context .here', { hasText: 'line 98' }).waitFor();
    await tabTo(page, 'Copy user.id');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('0');
    await tabTo(page, 'Show user.id as a column', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.locator('.columns', { hasText: 'user.id' }).waitFor();
    await tabTo(page, 'id', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => query(page)).toBe('user.id=0');
    await tabTo(page, 'No lines with user.id=0');
    await page.keyboard.press('Enter');
    await expect.poll(() => query(page)).toBe('-user.id=0');
    await page.keyboard.press('Escape');
    await page.locator('.details').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.id === 'rows');
  });

  test('time, pause, wrapping, density, colours, memory and the list of keys', async () => {
    const { page } = await withLines();
    await page.keyboard.press('t');
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press('ArrowLeft');
    }
    for (let n = 0; n < 9; n++) {
      await page.keyboard.press('Shift+ArrowLeft');
    }
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await counted(page)).shown).toBe(10);
    await tabTo(page, 'Time range');
    await page.keyboard.press('Home');
    await expect.poll(() => query(page)).toBe('');
    await page.focus('#rows');
    await page.keyboard.press('Space');
    await page.locator('.status .paused').waitFor();
    await page.keyboard.press('k');
    const usual = await rowHeight(page);
    await page.keyboard.press('d');
    await expect.poll(() => rowHeight(page)).toBeLessThan(usual);
    await page.keyboard.press('w');
    await page.locator('.rows.wrap').waitFor();
    await page.keyboard.press('Space');
    await page.locator('.status .paused').waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await tabTo(page, /^Colours/);
    await page.keyboard.press('Enter');
    await page.locator('html[data-theme=light]').waitFor();
    await page.focus('#rows');
    await tabTo(page, 'Memory of this page');
    await page.keyboard.press('ArrowDown');
    await page.locator('.status .kept[title*="64 MB"]').waitFor();
    await page.focus('#rows');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    // What was chosen stays, also where the page is opened again.
    await page.reload();
    await seen(page, 'line 99');
    await page.locator('html.dense').waitFor();
    await page.locator('.rows.wrap').waitFor();
    expect((await lines(page)).length).toBeGreaterThan(10);
  });
});
