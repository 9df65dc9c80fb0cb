// What helps to read: columns, saved queries, lines around a line, links to it, folded stack traces, fields of logfmt.
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { counted, line, lines, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('reading', { timeout: 60_000 }, () => {
  const play = theatre();

  test('a field becomes a column, and stays one when the page is opened again', async () => {
    const { page, sender, complaints } = await play.stage();
    await sender.sendAll([line('{"msg":"slow","ms":120}', 'api'), line('level=warn msg="logfmt too" ms=7', 'proxy')]);
    await page.locator(shownRows, { hasText: 'slow' }).click();
    await page.getByRole('button', { name: 'Show ms as a column' }).click();
    await expect.poll(() => page.locator(`${shownRows} .pin`).allTextContents()).toEqual(['120', '7']);
    // Logfmt shows its message first, then its fields, and its level.
    expect(await lines(page)).toEqual(['slow', 'logfmt too']);
    expect(await page.locator('.row.is-warn .level').textContent()).toBe('WRN');
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
    await page.reload();
    await seen(page, 'logfmt too');
    await expect.poll(() => page.locator(`${shownRows} .pin`).allTextContents()).toEqual(['120', '7']);
    await page.locator('.columns').getByRole('button', { name: 'No column ms' }).click();
    await expect.poll(() => page.locator(`${shownRows} .pin`).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a query is saved, used again, and forgotten', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll([line('one'), line('two')]);
    await seen(page, 'two');
    await page.fill('.filter input', 'two');
    await page.getByRole('button', { name: 'Save this filter' }).click();
    await expect.poll(() => page.url()).toContain('#q=two');
    await page.reload();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await expect.poll(() => lines(page)).toEqual(['one', 'two']);
    await page.getByRole('button', { name: 'Filter by two' }).click();
    await expect.poll(() => lines(page)).toEqual(['two']);
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
    await page.locator('.saved').getByRole('button', { name: 'Forget two' }).click();
    await page.locator('.saved').waitFor({ state: 'detached' });
  });

  test('how much is kept is chosen, and stays so when the page is opened again', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll([line('one')]);
    await seen(page, 'one');
    const memory = page.getByLabel('Memory of this page');
    expect(await memory.inputValue()).toBe('0');
    await memory.selectOption('64');
    await page.locator('.status .kept[title*="64 MB"]').waitFor();
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
    await page.reload();
    await seen(page, 'one');
    expect(await memory.inputValue()).toBe('64');
  });

  test('the lines around a line are shown, whatever the filter', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(Array.from({ length: 200 }, (_, n) => line(`line ${n}`, n % 2 === 0 ? 'even' : 'odd')));
    await seen(page, 'line 199');
    await page.fill('.filter input', '"line 100"');
    await expect.poll(() => lines(page)).toEqual(['line 100']);
    await page.locator(shownRows).first().click();
    await page.getByRole('button', { name: 'Lines around it' }).click();
    const around = page.locator('.context li');
    await expect.poll(() => around.count()).toBe(100);
    expect(await page.locator('.context .here').textContent()).toContain('line 100');
    await page.locator('.context button', { hasText: 'line 96' }).click();
    await page.locator('.details .raw', { hasText: 'line 96' }).waitFor();
  });

  test('a link to a line opens it', async () => {
    const { page, sender, url } = await play.stage();
    await sender.sendAll(Array.from({ length: 300 }, (_, n) => line(`line ${n}`)));
    await seen(page, 'line 299');
    await page.fill('.filter input', 'line');
    await page.keyboard.press('Enter');
    await page.keyboard.press('g');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    // The row is painted after the key was taken: it is the second one that is waited for.
    const chosen = 'line 1';
    await page.locator('.row[aria-selected=true] .line', { hasText: /^line 1$/ }).waitFor();
    await page.keyboard.press('c');
    await page.getByText('Link copied').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(new RegExp(`^${url}#q=line&at=[\\w-]+\\.\\d+$`));
    const other = await play.visit(link);
    await other.page.locator('.details .raw', { hasText: /^line 1$/ }).waitFor();
    expect(await other.page.inputValue('.filter input')).toBe('line');
    await expect.poll(() => other.page.locator('.row[aria-selected=true] .line').textContent()).toBe(chosen);
  });

  test('a stack trace is one row, and the details show all of it', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll([
      line('Error: no cart', 'api'),
      line('in between', 'web'),
      line('    at open (cart.js:12:3)', 'api'),
      line('    at get (api.js:40:1)', 'api'),
      line('next', 'api'),
    ]);
    await seen(page, 'next');
    await page.locator(`${shownRows} .note`, { hasText: '+ 2 lines' }).waitFor();
    expect(await lines(page)).toEqual(['Error: no cart', 'in between', 'next']);
    await expect.poll(async () => (await counted(page)).kept).toBe(3);
    await page.locator(shownRows, { hasText: 'no cart' }).click();
    await expect
      .poll(() => page.locator('.details .raw').textContent())
      .toBe('Error: no cart\n    at open (cart.js:12:3)\n    at get (api.js:40:1)');
  });
});
