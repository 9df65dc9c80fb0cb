// Takes pictures of the page: node test/page/picture.ts FOLDER, after a build; they are to look at after a change. With --readme those of the
// README are made of them too, small by pngquant. Not a test.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { projectRoot } from '../support/project.ts';
import { requireProgram } from '../support/system.ts';
import { openBrowser, visit } from './browser.ts';
import { sampleLines, troubles } from './samples.ts';
import { Sender } from './sender.ts';

const folder = process.argv[2] ?? '.';
/** The README's pictures, by those that they are made of. */
const ofReadme = {
  'screenshot-light': 'light',
  'screenshot-dark': 'dark',
  'chosen-light': 'facets',
  'paused-dark': 'paused',
  narrow: 'phone',
};
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
        // Their times go on for some ms: what comes next is later.
        await sender.sendAll(troubles(new Date()));
        await delay(70);
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
    await page.getByRole('button', { name: 'Show order as a column' }).click();
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
if (process.argv.includes('--readme')) {
  for (const [name, as] of Object.entries(ofReadme)) {
    const small = join(projectRoot, 'src', 'page', `screenshot-${as}.png`);
    execFileSync(requireProgram('pngquant'), ['256', '--force', '--output', small, join(folder, `${name}.png`)]);
  }
}
