// An input that is held back: the page says what holds it, until it does no more.
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { accessibilityFaults, reasonToSkipBrowser } from './browser.ts';
import { line, theatre } from './stage.ts';

describe.skipIf(reasonToSkipBrowser() !== undefined)('an input that is held back', { timeout: 60_000 }, () => {
  const play = theatre();

  test('is said with what holds it, as long as it does', async () => {
    const folder = tempFolder('held');
    onTestFinished(() => folder.remove());
    const out = join(folder.path, 'all.log');
    // A disk that is always full: the output's buffer takes 128 KB, then the input waits.
    symlinkSync('/dev/full', out);
    const place = await play.collector(`
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type file
  @id archive
  path ${out.replace(/\.log$/, '')}
  append true
  <buffer []>
    @type file
    path ${folder.path}/buffer
    flush_mode immediate
    chunk_limit_size 32k
    total_limit_size 128k
    retry_wait 100ms
    retry_max_interval 100ms
    overflow_action block
  </buffer>
</match>
`);
    const { page, sender, complaints } = await play.stage({}, place);
    expect(await page.locator('.holding').count()).toBe(0);
    const batch = Array.from({ length: 100 }, (_, n) => line(`line ${n} ${'x'.repeat(1000)}`));
    for (let n = 0; n < 5; n++) {
      void sender.sendAll(batch);
    }
    const holding = page.locator('.holding');
    await holding.getByText('The output archive takes nothing').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    // Who comes later is told too.
    const other = await play.visit(place.url);
    await other.page.locator('.holding').waitFor();
    // The disk has room again.
    writeFileSync(join(folder.path, 'empty'), '');
    renameSync(join(folder.path, 'empty'), out);
    await holding.waitFor({ state: 'detached' });
    await page.locator('.status .kept', { hasText: '500 lines' }).waitFor();
    expect([...complaints, ...other.complaints]).toEqual([]);
  });
});
