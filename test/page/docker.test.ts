// A real container on a real Docker engine, seen in a real browser. When the container wrote a line is in the line's own time: the engine's
// log driver sends it to the nanosecond.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DockerEngine, dockerPrograms, startDockerEngine } from '../support/docker.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { reasonToSkip } from '../support/system.ts';
import { openBrowser, reasonToSkipBrowser, visit } from './browser.ts';

const reason = reasonToSkipBrowser() ?? reasonToSkip('the page with a Docker engine', dockerPrograms, true);
const config = '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type null\n</match>\n';

describe.skipIf(reason !== undefined)('a container on the page', { timeout: 60_000 }, () => {
  let engine: DockerEngine;
  let browser: Browser;
  let forebay: Forebay;
  let url = '';

  beforeAll(async () => {
    const web = await freePort();
    url = `http://127.0.0.1:${web}/`;
    [engine, browser, forebay] = await Promise.all([
      startDockerEngine(),
      openBrowser(),
      startForebay({ config, args: [`--viewer=127.0.0.1:${web}`], open: [web] }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), forebay?.stop(), engine?.stop()]);
  });

  const run = (name: string, script: string) => {
    const options = [
      `fluentd-address=127.0.0.1:${forebay.port}`,
      'fluentd-sub-second-precision=true',
      'tag=docker.{{.ImageName}}.{{.Name}}.{{.ID}}',
    ];
    const flags = ['--rm', '--name', name, '--log-driver', 'fluentd', ...options.flatMap((one) => ['--log-opt', one])];
    return engine.docker(['run', ...flags, 'busybox', 'sh', '-c', script]);
  };

  test('is seen as it is written', async () => {
    const { page, close } = await visit(browser, url);
    await page.waitForSelector('.status .is-connected');
    // Of each line that appears: when it was seen, and the time that its row shows, ms of the day.
    await page.evaluate(() => {
      const took = new Map<string, number>();
      Object.assign(window, { took });
      const look = () => {
        for (const row of document.querySelectorAll('.rows-body .row:not([hidden])')) {
          const line = row.querySelector('.line')?.textContent ?? '';
          const [hours = 0, minutes = 0, seconds = 0] = (row.querySelector('.time')?.textContent ?? '')
            .split(':')
            .map(Number);
          if (line.startsWith('tick') && !took.has(line)) {
            const now = new Date();
            const midnight = new Date(now).setHours(0, 0, 0, 0);
            took.set(line, now.getTime() - midnight - (hours * 3600 + minutes * 60 + seconds) * 1000);
          }
        }
      };
      const rows = document.querySelector('#rows');
      if (rows !== null) {
        new MutationObserver(look).observe(rows, { childList: true, subtree: true, characterData: true });
      }
    });
    await run('ticker', 'for n in $(seq 30); do echo "tick $n."; sleep 0.05; done');
    await page.locator('.rows-body .row:not([hidden])', { hasText: 'tick 30.' }).waitFor();
    const took = await page.evaluate(() => [...(window as unknown as { took: Map<string, number> }).took.values()]);
    took.sort((a, b) => a - b);
    console.log(`a container's line is seen after ${took[15]} ms (median), ${took.at(-1)} ms (worst of 30)`);
    expect(took).toHaveLength(30);
    expect(took.every(Number.isFinite)).toBe(true);
    await expect.poll(() => page.locator('.containers .label').allTextContents()).toEqual(['ticker']);
    await close();
  });

  test('has its long lines joined, its colours, and its name', async () => {
    const { page, close } = await visit(browser, url);
    await run('painter', "head -c 40000 /dev/zero | tr '\\0' x; echo; printf '\\033[31mred\\033[0m <b>end</b>\\n'");
    const row = page.locator('.rows-body .row:not([hidden])');
    await row.filter({ hasText: 'red <b>end</b>' }).locator('.fore-1').waitFor();
    await row.filter({ hasText: 'xxxx' }).locator('.note', { hasText: '⧉ 3' }).waitFor();
    await row.filter({ hasText: 'xxxx' }).click();
    await page.locator('.details').getByText('docker.busybox.painter.').waitFor();
    await page.getByRole('button', { name: 'Copy line' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect((await page.evaluate(() => navigator.clipboard.readText())).length).toBe(40_000);
    await close();
  });
});
