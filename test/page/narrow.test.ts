// What a query and a click on a facet leave of the rows.
import { describe, expect, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { line, lines, numbered, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('the choice of lines', { timeout: 60_000 }, () => {
  const play = theatre();

  test('the filter narrows what is kept and what comes, and marks its hits', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll([
      line('GET /cart ok'),
      line('GET /healthz ok'),
      line('POST /Cart failed'),
      line('nothing', 'cart-1'),
    ]);
    await seen(page, 'nothing');
    await page.keyboard.press('/');
    await page.keyboard.type('cart -healthz');
    await page.locator('.status', { hasText: '3 shown' }).waitFor();
    expect(await lines(page)).toEqual(['GET /cart ok', 'POST /Cart failed', 'nothing']);
    expect(await page.locator(`${shownRows} mark`).allTextContents()).toEqual(['cart', 'Cart', 'cart']);
    await sender.sendAll([line('GET /other'), line('cart again')]);
    await seen(page, 'cart again');
    expect(await lines(page)).toHaveLength(4);
    await page.keyboard.press('Escape');
    await seen(page, 'GET /other');
    expect(await lines(page)).toHaveLength(6);
    await page.fill('.filter input', 'nowhere');
    await page.getByText('No line matches').waitFor();
    // From a place further up: what was on the screen, or what follows it, and no half-empty screen.
    await page.fill('.filter input', '');
    await sender.sendAll(numbered(400));
    await seen(page, 'line 399');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -1000);
    await page.fill('.filter input', 'line -1 -2 -5 -6 -7');
    await seen(page, 'line 399');
    expect((await lines(page)).length).toBeGreaterThan(30);
  });

  test('a click shows one container, Alt hides one, Ctrl adds one', async () => {
    const { page, sender } = await play.stage();
    await sender.sendAll(
      ['a', 'b', 'c'].flatMap((name) => [line(`one of ${name}`, name), line(`two of ${name}`, name)]),
    );
    await seen(page, 'two of c');
    await expect.poll(() => page.locator('.containers .label').allTextContents()).toEqual(['a', 'b', 'c']);
    const pick = (name: string) =>
      page.locator('.containers .pick').filter({ has: page.locator(`.label:text-is("${name}")`) });
    await pick('b').click();
    await page.locator('.status', { hasText: '2 shown' }).waitFor();
    expect(await lines(page)).toEqual(['one of b', 'two of b']);
    await pick('c').click({ modifiers: ['Control'] });
    await page.locator('.status', { hasText: '4 shown' }).waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await pick('a').click({ modifiers: ['Alt'] });
    await page.locator('.status', { hasText: '4 shown' }).waitFor();
    expect(await lines(page)).toEqual(['one of b', 'two of b', 'one of c', 'two of c']);
    await page.getByRole('button', { name: 'Hide a' }).click();
    await seen(page, 'one of a');
    const colors = await page
      .locator('.containers .dot')
      .evaluateAll((dots) => dots.map((dot) => getComputedStyle(dot).color));
    expect(new Set(colors).size).toBe(3);
  });
});
