// The query in a real browser: facets, clicks, completion, what is wrong with it, the address.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser, type VisitOptions } from './browser.ts';
import { sampleLines } from './samples.ts';
import type { Sent } from './sender.ts';
import { line, lines, shownRows, theatre } from './stage.ts';

const field = '.filter input';
const options = (page: Page) => page.locator('.completions [role=option] .label').allTextContents();
const count = (page: Page, facet: string) =>
  page
    .locator(`.facet.${facet} li`)
    .evaluateAll((items) =>
      items.map((item) => `${item.querySelector('.label')?.textContent} ${item.querySelector('.count')?.textContent}`),
    );
/** The count in the status bar comes before the rows are painted: what is seen is looked at until it has come to rest. */
const settling = { timeout: 10_000 };

const shown = (page: Page, value: number) =>
  page.locator('.status', { hasText: new RegExp(`(^|\\D)${value} shown`) }).waitFor();

describe.skipIf(reasonToSkipBrowser() !== undefined)('the query', { timeout: 60_000 }, () => {
  const play = theatre();

  const some: readonly Sent[] = [
    line('ERROR no answer', 'api', { tag: 'docker.api' }),
    line('INFO started', 'api', { tag: 'docker.api' }),
    line('{"level":"warn","msg":"slow","ms":120,"user":{"id":7}}', 'web', { tag: 'docker.web' }),
    line('plain', 'web', { tag: 'docker.web', fields: { source: 'stderr' } }),
  ];

  async function withSome(visitOptions: VisitOptions = {}, fragment = '') {
    const staged = await play.stage(visitOptions, undefined, fragment);
    await staged.sender.sendAll(some);
    await staged.page.locator('.status .kept', { hasText: '4 lines' }).waitFor();
    return staged;
  }

  test('facets count what passes it, as lines come, and a click changes it', async () => {
    const { page, sender, complaints } = await withSome();
    await expect.poll(() => count(page, 'levels')).toEqual(['error 1', 'warn 1', 'info 1', 'none 1']);
    expect(await count(page, 'containers')).toEqual(['api 2', 'web 2']);
    expect(await count(page, 'sources')).toEqual(['stderr 1', 'stdout 3']);
    expect(await count(page, 'tags')).toEqual(['docker.api 2', 'docker.web 2']);
    await page.locator('.levels .pick', { hasText: 'error' }).click();
    await page.locator('.levels .pick', { hasText: 'warn' }).click({ modifiers: ['Control'] });
    await shown(page, 2);
    expect(await page.inputValue(field)).toBe('level=error OR level=warn');
    expect(await count(page, 'containers')).toEqual(['api 1', 'web 1']);
    await page.locator('.tags .pick', { hasText: 'docker.web' }).click({ modifiers: ['Alt'] });
    await shown(page, 1);
    expect(await page.inputValue(field)).toBe('(level=error OR level=warn) -tag=docker.web');
    await sender.sendAll([
      line('ERROR again', 'api', { tag: 'docker.api' }),
      line('ERROR', 'web', { tag: 'docker.web' }),
    ]);
    await shown(page, 2);
    await expect.poll(() => count(page, 'containers')).toEqual(['api 2', 'web 0']);
    await page.getByRole('button', { name: 'Show all: Levels' }).click();
    await shown(page, 3);
    expect(await page.inputValue(field)).toBe('-tag=docker.web');
    await page.getByRole('button', { name: 'Hide docker.web' }).click();
    expect(await page.inputValue(field)).toBe('');
    await page.focus('#rows');
    await page.keyboard.press('l');
    await shown(page, 4);
    await page.keyboard.press('l');
    await shown(page, 3);
    expect(await page.inputValue(field)).toBe('level>=error');
    await page.keyboard.press('l');
    expect(await page.inputValue(field)).toBe('');
    expect(complaints).toEqual([]);
  });

  test('a click in the details asks for a field, or leaves it out', async () => {
    const { page } = await withSome();
    await page.locator(shownRows, { hasText: 'slow' }).click();
    const details = page.locator('.details');
    await details.getByRole('button', { name: 'ms', exact: true }).click();
    await shown(page, 1);
    expect(await page.inputValue(field)).toBe('ms=120');
    await details.getByRole('button', { name: 'No lines with user.id=7' }).click();
    await page.locator('.status', { hasText: '0 shown' }).waitFor();
    expect(await page.inputValue(field)).toBe('ms=120 -user.id=7');
    await details.getByRole('button', { name: 'ms', exact: true }).click();
    await shown(page, 3);
    // By keyboard alone.
    await details.getByRole('button', { name: 'Container', exact: true }).focus();
    await page.keyboard.press('Enter');
    await shown(page, 1);
    expect(await page.inputValue(field)).toBe('-user.id=7 container=web');
  });

  test('a field of an event becomes a facet, is chosen from, stays when the page is opened again, and goes', async () => {
    const { page, sender, complaints } = await withSome();
    await sender.sendAll([line('{"msg":"fast","ms":7}', 'web'), line('ms=7 in logfmt', 'api')]);
    await page.locator(shownRows, { hasText: 'slow' }).click();
    // By keyboard alone.
    await page.getByRole('button', { name: 'Count the values of ms', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => count(page, 'pinned')).toEqual(['7 2', '120 1']);
    await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
    const facet = page.getByRole('region', { name: 'ms', exact: true });
    const pick = (value: string) => facet.locator('.pick', { hasText: value });
    expect(await pick('7').locator('.share').getAttribute('style')).toContain('scaleX(1)');
    expect(await pick('120').locator('.share').getAttribute('style')).toContain('scaleX(0.5)');
    // The counts follow the query, but for what it asks of the field itself.
    await pick('7').click();
    await shown(page, 2);
    expect(await page.inputValue(field)).toBe('ms=7');
    await expect.poll(() => count(page, 'pinned')).toEqual(['7 2', '120 1']);
    await page.locator('.containers .pick', { hasText: 'web' }).click();
    await shown(page, 1);
    await expect.poll(() => count(page, 'pinned')).toEqual(['7 1', '120 1']);
    await expect.poll(() => count(page, 'containers')).toEqual(['api 1', 'web 1']);
    await page.locator('.containers').getByRole('button', { name: 'Show all: Containers' }).click();
    await facet.getByRole('button', { name: 'Show all: ms' }).click();
    await pick('7').click({ modifiers: ['Alt'] });
    await shown(page, 4);
    expect(await page.inputValue(field)).toBe('-ms=7');
    await page.fill(field, '');
    await sender.sendAll([line('{"msg":"third","ms":9}', 'web')]);
    await expect.poll(() => count(page, 'pinned')).toEqual(['7 2', '9 1', '120 1']);
    await page.reload();
    await expect.poll(() => count(page, 'pinned'), settling).toEqual(['7 2', '9 1', '120 1']);
    await page.getByRole('button', { name: 'No counts of ms', exact: true }).first().click();
    await expect.poll(() => page.locator('.facet.pinned').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('what is wrong with it is said at its place; the lines stay until it is mended', async () => {
    const { page, complaints } = await withSome();
    await page.fill(field, 'level>=warn');
    await shown(page, 2);
    await page.fill(field, 'level>=wurst plain');
    const problem = page.locator('#filter-problem');
    await problem.getByText('There is no level wurst.').waitFor();
    expect(await problem.locator('mark').textContent()).toBe('wurst');
    expect(await page.getAttribute(field, 'aria-invalid')).toBe('true');
    await expect.poll(() => lines(page), settling).toHaveLength(2);
    await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
    await page.fill(field, '/(?=<img src=x>)/');
    await problem.getByText('Look-around is not done here').waitFor();
    await page.fill(field, '/sl.w|pl[a-z]+/');
    await shown(page, 2);
    expect(await problem.isVisible()).toBe(false);
    await expect.poll(() => page.locator(`${shownRows} mark`).allTextContents(), settling).toEqual(['slow', 'plain']);
    expect(complaints).toEqual([]);
  });

  test('names and values are completed, with the keyboard alone', async () => {
    const { page } = await withSome();
    await page.keyboard.press('/');
    await page.keyboard.type('us');
    await expect.poll(() => options(page)).toEqual(['user']);
    await page.keyboard.press('Escape');
    expect(await options(page)).toEqual([]);
    expect(await page.inputValue(field)).toBe('us');
    await page.fill(field, '');
    await page.keyboard.type('lev');
    await expect.poll(() => options(page)).toEqual(['level']);
    await page.keyboard.press('Tab');
    expect(await page.inputValue(field)).toBe('level:');
    await expect.poll(() => options(page)).toContain('warn');
    await page.keyboard.type('w');
    await expect.poll(() => options(page)).toEqual(['warn']);
    await page.keyboard.press('ArrowDown');
    const active = await page.getAttribute(field, 'aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Enter');
    expect(await page.inputValue(field)).toBe('level:warn ');
    await shown(page, 1);
    await page.keyboard.type('-container=a');
    await expect.poll(() => options(page)).toEqual(['api']);
    await page.locator('.completions [role=option]').click();
    expect(await page.inputValue(field)).toBe('level:warn -container=api ');
    await page.keyboard.type('ms>=');
    await expect.poll(() => options(page)).toEqual(['120']);
    // Without a choice the keys go where they always went.
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'rows');
  });

  test('is in the address, and an address brings it', async () => {
    const query = 'level>=warn -"no answer"';
    const { page, url } = await withSome({}, `#${new URLSearchParams({ q: query })}`);
    await shown(page, 1);
    expect(await page.inputValue(field)).toBe(query);
    await page.fill(field, 'container=api');
    await expect.poll(() => page.url()).toBe(`${url}#q=container%3Dapi`);
    await page.reload();
    await shown(page, 2);
    await page.evaluate(() => {
      location.hash = '#q=plain';
    });
    await shown(page, 1);
    await page.fill(field, '');
    await expect.poll(() => page.url()).toBe(url);
  });

  test('every count is right while many come with a query on', { timeout: 120_000 }, async () => {
    const { page, sender, complaints } = await play.stage();
    await page.fill(field, 'level>=warn -/attempt [2-9]/ ms<90 "by the worker"');
    const batches = 100;
    const batch = Array.from({ length: 200 }, (_, n) => {
      const level = ['INFO', 'WARN', 'DEBUG', 'ERROR'][n % 4] ?? '';
      return line(`${level} ms=${n % 97} handled by the worker for user ${n}, attempt ${n % 3}`, `c-${n % 12}`);
    });
    const passing = batch.filter((_, n) => n % 2 === 1 && n % 3 < 2 && n % 97 < 90).length;
    for (let n = 0; n < batches; n++) {
      await sender.sendAll(batch);
    }
    await page.locator('.status', { hasText: `${(passing * batches).toLocaleString('en')} shown` }).waitFor();
    await expect
      .poll(async () => {
        const counted = (await count(page, 'containers')).map((one) => Number(one.split(' ')[1]?.replaceAll(',', '')));
        return counted.reduce((sum, one) => sum + one, 0);
      }, settling)
      .toBe(passing * batches);
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing with facets, completion and a problem open: %s',
    async (theme) => {
      const { page, sender } = await play.stage({ theme, height: 560 });
      await sender.sendAll([...sampleLines(60, new Date()), ...some]);
      await page.locator('.status .kept', { hasText: '64 lines' }).waitFor();
      await page.locator('.levels .pick', { hasText: 'warn' }).click();
      await page
        .locator('.tags .pick')
        .nth(2)
        .click({ modifiers: ['Alt'] });
      await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
      await page.fill(field, 'container:s');
      await page.locator('.completions [role=option]').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.locator('.completions [aria-selected=true]').waitFor();
      await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
      await page.fill(field, 'level:x');
      await page.locator('#filter-problem').waitFor();
      await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
      await page.fill(field, '');
      await page.locator(shownRows).last().click();
      await page.locator('.details .term').first().focus();
      await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
    },
  );

  test('is of use on a screen of 360 pixels, with a finger', async () => {
    const { page, complaints } = await withSome({ width: 360, height: 740, touch: true });
    await page.locator(field).tap();
    await page.keyboard.type('cont');
    await page.locator('.completions [role=option]', { hasText: 'container' }).first().tap();
    await page.locator('.completions [role=option]', { hasText: 'web' }).tap();
    expect(await page.inputValue(field)).toBe('container:web ');
    await shown(page, 2);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await page.fill(field, 'level:x');
    await page.locator('#filter-problem').waitFor();
    const box = await page.locator('#filter-problem').boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 360).toBe(true);
    await page.fill(field, '');
    await page.locator('.menu-button').tap();
    await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
    await page.locator('.levels .pick', { hasText: 'warn' }).tap();
    await shown(page, 1);
    await page.locator('.menu-button').tap();
    await page.locator(shownRows).first().tap();
    await page.locator('.details').waitFor();
    await expect.poll(() => accessibilityFaults(page), settling).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
