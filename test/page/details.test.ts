// The details of an event, and lines that want to be more than text.
import { describe, expect, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { line, lines, seen, shownRows, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('the details', { timeout: 60_000 }, () => {
  const play = theatre();

  test('details show fields, times, tag, sender, and copy what they show', async () => {
    const { page, sender } = await play.stage();
    sender.send(
      line('{"level":"error","msg":"no answer","nested":{"deep":[1,2]}}', 'api', {
        time: 1_700_000_000.25,
        tag: 'docker.shop.api',
      }),
    );
    await seen(page, 'no answer');
    expect(await page.locator('.row.is-error .level').first().textContent()).toBe('ERR');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const details = page.locator('.details');
    await details.waitFor();
    const shown = (await details.textContent()) ?? '';
    for (const part of [
      'container_id',
      '/api',
      'docker.shop.api',
      '2023-11-14T22:13:20.250000000Z',
      '127.0.0.1:',
      'forward',
      'error',
      'nested',
      'deep',
    ]) {
      expect(shown).toContain(part);
    }
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({
      container_name: '/api',
    });
    await page.keyboard.press('Escape');
    expect(await details.count()).toBe(0);
    sender.send(line('whole second', 'api', { time: 1_700_000_001 }));
    await page.keyboard.press('G');
    await page.locator(shownRows, { hasText: 'whole second' }).click();
    await details.getByText('(whole seconds only)').waitFor();
  });

  test("Docker's pieces are one line", async () => {
    const { page, sender } = await play.stage();
    const piece = (log: string, n: number, last: boolean) =>
      line(log, 'big', {
        fields: { partial_message: 'true', partial_id: 'p1', partial_ordinal: String(n), partial_last: String(last) },
      });
    await sender.sendAll([
      piece(`begin ${'x'.repeat(16_378)}`, 1, false),
      piece('y'.repeat(16_384), 2, false),
      piece('the end', 3, true),
    ]);
    await page.locator('.row .note', { hasText: '⧉ 3' }).waitFor();
    expect(await lines(page)).toHaveLength(1);
    await page.fill('.filter input', 'xyyy "the end"');
    await page.locator('.status', { hasText: '1 shown' }).waitFor();
    await page.locator(shownRows).first().click();
    await page.getByRole('button', { name: 'Copy line' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      `begin ${'x'.repeat(16_378)}${'y'.repeat(16_384)}the end`,
    );
  });

  test('A21 hostile lines do nothing, wherever they stand', async () => {
    const { page, sender, complaints } = await play.stage({ height: 1200 });
    const esc = '\u001b';
    const hostile = [
      '<script>window.pwned = 1</script>',
      '<img src=x onerror="window.pwned = 1">',
      '"><svg onload=window.pwned=1><a href="javascript:window.pwned=1">x</a>',
      `${esc}]0;title\u0007${esc}[2J${esc}[H${esc}c`,
      `${esc}]8;;javascript:window.pwned=1${esc}\\click${esc}]8;;${esc}\\`,
      `${esc}P+q544e${esc}\\${esc}_Ga=T;AAAA${esc}\\`,
      '\u202eevil\u2066 \u200b\u2069txt.exe',
      '\u009b2J\u009d0;x\u009c\u0090q\u009c',
      '{{constructor.constructor("window.pwned=1")()}}',
      `{"__proto__":{"pwned":1},"msg":"<img src=x onerror=window.pwned=1>","<b>k</b>":"<i>v</i>"}`,
      `${esc}[30;40mblack on black${esc}[8mhidden${esc}[0m`,
      `${'🦀\u0301'.repeat(300)}`,
    ];
    for (const [n, log] of hostile.entries()) {
      sender.send(line(`${log} #${n}`));
      sender.send(line(`name ${n}`, log.slice(0, 60), { tag: log.slice(0, 60) }));
      sender.sendRaw(log, { message: 'field', [log]: log, nested: { [log]: [log, { [log]: 1 }] } });
    }
    sender.sendRaw(
      'odd',
      new Map<unknown, unknown>([
        [1, 2],
        [null, 'x'],
        ['__proto__', { a: 1 }],
        ['constructor', 1],
      ]),
    );
    sender.send(line(`long ${'<b>a b</b> \u202e'.repeat(90_000)}`));
    sender.send(line('all is well'));
    await seen(page, 'all is well');
    await page.waitForFunction(() => document.querySelectorAll('.rows-body .row:not([hidden])').length > 20);
    const shown = (await lines(page)).join('\n');
    expect(shown).toContain('<script>window.pwned = 1</script> #0');
    expect(shown).toContain('␛[2J␛[H␛c #3');
    expect(shown).toContain('‹RLO›evil‹LRI›');
    expect(shown).toContain('‹9B›2J‹9D›0;x‹9C›');
    expect(shown).toContain('black on blackhidden');
    // Every one's details, and what is folded in them.
    await page.keyboard.press('Shift+G');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    for (let n = 0; n < hostile.length * 3 + 2; n++) {
      await page.keyboard.press('k');
      expect(await page.locator('.details').count()).toBe(1);
      for (const more of await page.locator('.details button[aria-expanded="false"]:not(.around)').all()) {
        await more.click();
      }
    }
    await page.keyboard.press('w');
    await page.fill('.filter input', '<img');
    await page.locator('.status', { hasText: 'shown' }).waitFor();
    const state = await page.evaluate(() => ({
      pwned: 'pwned' in window || ({} as Record<string, unknown>)['pwned'] !== undefined,
      strange: document.querySelectorAll('#page :is(script, img, a, iframe, object, embed, style, b, i)').length,
      styled: [...document.querySelectorAll('#page [style]')].filter(
        (one) => !/^(transform|height)/.test(one.getAttribute('style') ?? ''),
      ).length,
      hidden: /(?!\n|\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(document.body.textContent + document.title),
      title: document.title,
    }));
    expect(state).toEqual({ pwned: false, strange: 0, styled: 0, hidden: false, title: 'Forebay' });
    expect(complaints).toEqual([]);
  });
});
