// Takes pictures of the page: node test/page/picture.ts FOLDER, after a build. The README's are screenshot-light.png, screenshot-dark.png, and,
// as screenshot-facets, -paused and -phone.png, chosen-light, paused-dark and narrow.png, all made small by `pngquant 256`; the others are to look
// at after a change. Not a test.
import { setTimeout as delay } from 'node:timers/promises';
import { startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { openBrowser, visit } from './browser.ts';
import { sampleLines, troubles } from './samples.ts';
import { Sender } from './sender.ts';

const folder = process.argv[2] ?? '.';
const web = await freePort();
const forebay = await startForebay({
  config:
    '<source>\n@type forward\n@id docker\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type null\n</match>\n',
  args: [`--viewer=127.0.0.1:${web}`],
  open: [web],
});
const browser = await openBrowser();
const sender = await new Sender(forebay.port).open();
const url = `http://127.0.0.1:${web}/`;
try {
  await sender.sendAll(sampleLines(2600, new Date()));
  for (const theme of ['light', 'dark'] as const) {
    const { page, close } = await visit(browser, url, { width: 1440, height: 800, scale: 1.5, theme });
    await page.waitForSelector('.row.is-info');
    for (const [n, line] of sampleLines(30, new Date(), 3).entries()) {
      sender.send({ ...line, time: Date.now() / 1000 });
      if (n === 12) {
        await sender.sendAll(troubles(new Date()));
      }
      await delay(40);
    }
    await page.locator('.rows-body .row:not([hidden])', { hasText: 'payment provider' }).last().click();
    await page.locator('.details').waitFor();
    await page.mouse.move(700, 5);
    await delay(500);
    await page.screenshot({ path: `${folder}/screenshot-${theme}.png` });
    await page.getByRole('button', { name: 'Lines around it' }).click();
    await page.locator('.context .here').waitFor();
    await page.locator('.details .tree button[aria-label*="order"]').last().click();
    await page.focus('#rows');
    await page.keyboard.press('Space');
    await delay(500);
    await page.screenshot({ path: `${folder}/paused-${theme}.png` });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.fill('.filter input', 'order -cart');
    await page.getByRole('button', { name: 'Save this filter' }).click();
    await delay(500);
    await page.screenshot({ path: `${folder}/filter-${theme}.png` });
    await page.fill('.filter input', '(level=error OR level=warn) -container=shop-mail-1 co');
    await page.locator('.completions [role=option]').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await delay(500);
    await page.screenshot({ path: `${folder}/facets-${theme}.png` });
    await page.fill('.filter input', '(level=error OR level=warn) -container=shop-mail-1');
    await page.focus('#rows');
    await delay(500);
    await page.screenshot({ path: `${folder}/chosen-${theme}.png` });
    await page.fill('.filter input', 'level>=warn (payment OR deadlock');
    await page.locator('#filter-problem').waitFor();
    await delay(300);
    await page.screenshot({ path: `${folder}/problem-${theme}.png` });
    await close();
  }
  const narrow = await visit(browser, url, { width: 360, height: 740, scale: 2, touch: true, theme: 'dark' });
  await narrow.page.waitForSelector('.row.is-info');
  await delay(500);
  await narrow.page.screenshot({ path: `${folder}/narrow.png` });
  await narrow.page.locator('.menu-button').tap();
  await delay(500);
  await narrow.page.screenshot({ path: `${folder}/narrow-facets.png` });
  await narrow.page.locator('.menu-button').tap();
  await narrow.page.locator('.rows-body .row:not([hidden])').last().tap();
  await delay(500);
  await narrow.page.screenshot({ path: `${folder}/narrow-details.png` });
  await narrow.close();
} finally {
  await browser.close();
  await sender.close();
  await forebay.stop();
}
