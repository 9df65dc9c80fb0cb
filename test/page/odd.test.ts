// What is odd and still comes: clocks that jump, broken text, very long lines, thousands of fields, a container that floods.
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { bytesOf } from './sender.ts';
import { counted, line, lines, numbered, seen, shownRows, theatre } from './stage.ts';

const row = `${shownRows}`;

describe.skipIf(reasonToSkipBrowser() !== undefined)('what is odd', { timeout: 60_000 }, () => {
  const play = theatre();

  test('clocks that jump are named at their lines, and the lines over time stay of use', async () => {
    const { page, sender, complaints } = await play.stage();
    const now = Math.floor(Date.now() / 1000);
    const usual = numbered(300).map((event, n) => ({ ...event, time: now - 300 + n }));
    await sender.sendAll([
      ...usual,
      line('far ahead', 'clock', { time: 4_000_000_000 }),
      line('long ago', 'clock', { time: 86_400 }),
      line('an hour ahead', 'clock', { time: now + 3600 }),
      line('as it should be', 'clock', { time: now }),
    ]);
    await seen(page, 'as it should be');
    const note = (text: string) => page.locator(row, { hasText: text }).locator('.note');
    await expect.poll(() => note('far ahead').textContent()).toBe('clock ahead');
    expect(await note('far ahead').getAttribute('title')).toContain('2096-10-02');
    expect(await note('an hour ahead').textContent()).toBe('clock ahead');
    expect(await note('long ago').textContent()).toBe('late');
    expect(await note('as it should be').count()).toBe(0);
    // Of a century two lines are left out: the rest is drawn as it would be without them.
    await page.locator('.histogram .outside', { hasText: '2 lines of other times' }).waitFor();
    await expect.poll(async () => Number(await page.getAttribute('#histogram', 'aria-valuemax'))).toBeGreaterThan(60);
    await page.fill('.filter input', 'since:2090-01-01');
    await expect.poll(() => lines(page)).toEqual(['far ahead']);
    await page.locator('.histogram .axis', { hasText: /2096-10-/ }).waitFor();
    await expect.poll(() => accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('broken text, a line of megabytes and thousands of fields are shown, bounded, and said to be more', async () => {
    const { page, sender, complaints } = await play.stage();
    sender.send(line('', 'broken', { fields: { log: Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xc3]) } }));
    sender.send(line(`begin ${'x'.repeat(3_000_000)} end`, 'long'));
    for (let n = 0; n < 10_000; n++) {
      sender.sendRaw('fields', { message: `field ${n}`, [`field_${n}`]: n });
    }
    const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n]));
    sender.sendRaw('fields', { message: 'ten thousand', ...fields });
    await seen(page, 'ten thousand');
    await expect.poll(async () => (await counted(page)).kept).toBe(10_003);
    // The last of so many fields is found like the first.
    await page.fill('.filter input', 'field_9999=9999 OR f9999=9999 OR container=broken OR container=long');
    await expect.poll(async () => (await counted(page)).shown).toBe(4);
    await expect.poll(async () => (await lines(page))[0]).toBe('a\ufffd\ufffdb\ufffd');
    const long = page.locator(row, { hasText: 'begin xxx' });
    expect((await long.textContent())?.length).toBeLessThan(3000);
    await long.getByText('2.9 MB more').waitFor();
    await long.click();
    const details = page.locator('.details');
    await details.getByRole('button', { name: /^Show .* more$/ }).click();
    await details.getByText('Copying takes all of it').waitFor();
    await details.getByRole('button', { name: 'Copy line' }).click();
    await details.getByRole('button', { name: 'Copied' }).waitFor();
    expect((await page.evaluate(() => navigator.clipboard.readText())).length).toBe(3_000_010);
    await page.locator(row, { hasText: 'ten thousand' }).click();
    await details.getByText('There is more than is shown here').waitFor();
    const elements = await page.evaluate(() => document.querySelectorAll('*').length);
    console.log(`${elements} elements with a record of 10,000 fields open`);
    expect(elements).toBeLessThan(50_000);
    await page.focus('.filter input');
    await page.keyboard.press('End');
    await page.keyboard.type(' fi');
    await page.locator('.completions [role=option]').first().waitFor();
    expect(await page.locator('.completions [role=option]').count()).toBeLessThan(100);
    expect(complaints).toEqual([]);
  });

  test('a container that floods hides no other', async () => {
    const { page, sender, complaints } = await play.stage();
    const flood = bytesOf(Array.from({ length: 1000 }, (_, n) => line(`flood ${n}`, 'flood')));
    for (let n = 0; n < 50; n++) {
      await sender.write(flood);
      if (n === 20) {
        sender.send(line('ERROR in the midst of it', 'calm'));
      }
    }
    await expect.poll(async () => (await counted(page)).kept, { timeout: 30_000 }).toBe(50_001);
    await page.locator('.containers li', { hasText: 'calm' }).getByText('1', { exact: true }).waitFor();
    await page.locator('.levels .pick', { hasText: 'error' }).click();
    await expect.poll(() => lines(page)).toEqual(['ERROR in the midst of it']);
    await page.fill('.filter input', '');
    await page.locator('.containers .pick', { hasText: 'flood' }).click({ modifiers: ['Alt'] });
    await expect.poll(() => lines(page)).toEqual(['ERROR in the midst of it']);
    expect(complaints).toEqual([]);
  });
});
