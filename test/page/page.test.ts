// The page in a real browser, on a real collector that real events are sent to.
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import {
  accessibilityFaults,
  openBrowser,
  reasonToSkipBrowser,
  type Visit,
  type VisitOptions,
  visit,
} from './browser.ts';
import { sampleLines } from './samples.ts';
import { Sender, type Sent } from './sender.ts';

const config = `
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type null
</match>
`;

const reason = reasonToSkipBrowser();

interface Stage extends Visit {
  readonly forebay: Forebay;
  readonly sender: Sender;
  readonly url: string;
}

describe.skipIf(reason !== undefined)('the page', { timeout: 60_000 }, () => {
  let browser: Browser;
  const open: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) {
      await close();
    }
  });
  afterAll(() => browser.close());

  async function collector(
    text = config,
    args?: string[],
    ports: number[] = [],
  ): Promise<{ forebay: Forebay; url: string }> {
    const [port = await freePort(), web = await freePort()] = ports;
    const forebay = await startForebay({
      config: text.replaceAll('WEB', String(web)),
      args: args ?? [`--viewer=127.0.0.1:${web}`],
      open: [web],
      ports: [port],
    });
    open.push(() => forebay.stop());
    return { forebay, url: `http://127.0.0.1:${web}/` };
  }

  async function stage(options: VisitOptions = {}): Promise<Stage> {
    const { forebay, url } = await collector();
    const visited = await visit(browser, url, options);
    const sender = await new Sender(forebay.port).open();
    open.push(visited.close, () => sender.close());
    await visited.page.waitForSelector('.status .is-connected');
    return { ...visited, forebay, sender, url };
  }

  const line = (log: string, container = 'web', more: Partial<Sent> = {}): Sent => ({ container, log, ...more });
  const numbered = (count: number, from = 0): Sent[] =>
    Array.from({ length: count }, (_, n) => line(`line ${from + n}`));
  const shownRows = '.rows-body .row:not([hidden])';
  /** The lines on the screen, from above. */
  const lines = (page: Page) => page.locator(`${shownRows} .line`).allTextContents();
  const seen = (page: Page, text: string) => page.locator(shownRows, { hasText: text }).first().waitFor();
  const names = (page: Page) => page.locator('.containers .label').allTextContents();

  test('shows a line within 300 ms of its sending', async () => {
    const { page, sender, complaints } = await stage();
    await page.evaluate(() => {
      const times: Record<string, number> = {};
      Object.assign(window, { times });
      const look = () => {
        for (const [mark] of document.querySelector('.rows-body')?.textContent?.matchAll(/mark-\d+-/g) ?? []) {
          times[mark] ??= Date.now();
        }
      };
      const rows = document.querySelector('#rows');
      if (rows !== null) {
        new MutationObserver(look).observe(rows, { childList: true, subtree: true, characterData: true });
      }
    });
    const sent = new Map<string, number>();
    for (let n = 0; n < 100; n++) {
      const mark = `mark-${n}-`;
      sent.set(mark, Date.now());
      sender.send(line(mark));
      await delay(23);
    }
    await seen(page, 'mark-99-');
    const times = await page.evaluate(() => (window as unknown as { times: Record<string, number> }).times);
    const took = [...sent].map(([mark, at]) => (times[mark] ?? Number.POSITIVE_INFINITY) - at).sort((a, b) => a - b);
    console.log(`a line is seen after ${took[50]} ms (median), ${took[98]} ms (99 of 100), ${took[99]} ms (worst)`);
    // The last few may meet another test's work on the same cores.
    expect(took[94]).toBeLessThan(300);
    expect(took[99]).toBeLessThan(1000);
    expect(complaints).toEqual([]);
  });

  test('follows the tail, leaves it when one scrolls up, and nothing shifts there', async () => {
    const { page, sender } = await stage();
    await sender.sendAll(numbered(300));
    await seen(page, 'line 299');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -707);
    await page.waitForSelector('.pill');
    const where = () =>
      page
        .locator(shownRows)
        .evaluateAll((rows) => rows.map((row) => `${row.getBoundingClientRect().top} ${row.textContent}`));
    const before = await where();
    await sender.sendAll(numbered(100, 300));
    await page.locator('.pill', { hasText: '100 new' }).waitFor();
    expect(await where()).toEqual(before);
    await page.click('.pill');
    await seen(page, 'line 399');
    expect(await page.locator('.pill').count()).toBe(0);
  });

  test('scrolls by pixels where rows are of different heights', async () => {
    const { page, sender } = await stage();
    await page.keyboard.press('w');
    await sender.sendAll(
      Array.from({ length: 300 }, (_, n) => line(`line ${n}. ${'words and more '.repeat((n * 7) % 40)}`)),
    );
    await seen(page, 'line 299.');
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -900);
    await page.waitForSelector('.pill');
    const places = () =>
      page
        .locator(shownRows)
        .evaluateAll((rows) =>
          rows.map(
            (row) =>
              [
                row.querySelector('.line')?.textContent?.split('.')[0],
                Math.round(row.getBoundingClientRect().top),
              ] as const,
          ),
        );
    for (const by of [-400, -37, 250, -900, 333]) {
      const before = new Map(await places());
      await page.mouse.wheel(0, by);
      await expect
        .poll(async () => (await places()).filter(([name, top]) => before.get(name) === top + by).length)
        .toBeGreaterThan(0);
      const moved = (await places()).filter(([name]) => before.has(name));
      expect(moved.map(([name, top]) => (before.get(name) ?? 0) - top)).toEqual(moved.map(() => by));
    }
    // A row that is opened stays where it is, although the rows above it become higher.
    const row = page.locator(shownRows).nth(4);
    const name = await row.locator('.line').textContent();
    const top = (await row.boundingBox())?.y;
    await row.click();
    await page.locator('.details').waitFor();
    await expect.poll(async () => (await page.locator(shownRows, { hasText: name ?? '' }).boundingBox())?.y).toBe(top);
  });

  test('says how many events it lost where it could not keep up', async () => {
    const { forebay, url } = await collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  memory_size 1m'),
      [],
    );
    const { page, close } = await visit(browser, url);
    const sender = await new Sender(forebay.port).open();
    open.push(close, () => sender.close());
    await page.waitForSelector('.status .is-connected');
    const busy = page.evaluate(() => {
      const end = performance.now() + 3000;
      while (performance.now() < end);
    });
    const batch = Array.from({ length: 1000 }, (_, n) => line(`line ${n} ${'x'.repeat(1000)}`));
    for (let n = 0; n < 100; n++) {
      await sender.sendAll(batch);
    }
    await busy;
    await sender.sendAll([line('the last')]);
    await seen(page, 'the last');
    await page.locator('.status .dropped').waitFor();
    const counts = async () => {
      const status = (await page.locator('.status').textContent()) ?? '';
      const forms = [/([\d,]+) lines? kept/, /([\d,]+) dropped/, /([\d,]+) let go/];
      return forms.map((form) => Number((form.exec(status)?.[1] ?? '0').replaceAll(',', '')));
    };
    await expect.poll(async () => (await counts()).reduce((sum, one) => sum + one)).toBe(100_001);
    console.log(`${(await counts())[1]} events dropped of 100,001 in three seconds without a look`);
    await page.keyboard.press('g');
    await page.fill('.filter input', 'nothing-like-it');
    await page.locator(`${shownRows}.marker`).first().waitFor();
    expect((await lines(page)).every((text) => /^[\d,]+ lines? not shown/.test(text))).toBe(true);
  });

  test('a pause stops the rows; nothing is lost by it', async () => {
    const { page, sender } = await stage();
    await sender.sendAll(numbered(5));
    await seen(page, 'line 4');
    await page.keyboard.press('Space');
    await page.locator('.status .paused').waitFor();
    const before = await lines(page);
    await sender.sendAll(numbered(50, 5));
    await page.locator('.pill', { hasText: '50 new' }).waitFor();
    expect(await lines(page)).toEqual(before);
    await page.locator('.status .kept', { hasText: '55 lines' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await seen(page, 'line 54');
  });

  test('the filter narrows what is kept and what comes, and marks its hits', async () => {
    const { page, sender } = await stage();
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
    const { page, sender } = await stage();
    await sender.sendAll(
      ['a', 'b', 'c'].flatMap((name) => [line(`one of ${name}`, name), line(`two of ${name}`, name)]),
    );
    await seen(page, 'two of c');
    await expect.poll(() => names(page)).toEqual(['a', 'b', 'c']);
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

  test('details show fields, times, tag, sender, and copy what they show', async () => {
    const { page, sender } = await stage();
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

  test('keys walk through the rows', async () => {
    const { page, sender } = await stage();
    await sender.sendAll(numbered(200));
    await seen(page, 'line 199');
    const selected = (text: string) => page.locator('.row[aria-selected="true"] .line', { hasText: text }).waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await selected('line 198');
    await page.keyboard.press('j');
    await selected('line 199');
    await page.keyboard.press('Enter');
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('k');
    }
    await selected('line 139');
    await page.locator('.details .raw', { hasText: 'line 139' }).waitFor();
    await page.keyboard.press('g');
    await seen(page, 'line 0');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('Shift+G');
    await seen(page, 'line 199');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('w');
    await page.locator('.rows.wrap').waitFor();
  });

  test('a row is one line high, whatever is in it; wrapped, all of it is seen', async () => {
    const { page, sender } = await stage();
    await sender.sendAll([
      line('plain'),
      line('one\ntwo\nthree'),
      line(`語 ${'🦀'.repeat(300)} e\u0301\u0302\u0303\u0304`),
      line('control \u0007', 'web-1', { fields: { partial_message: 'true' } }),
      line('x'.repeat(5000)),
      line('the last'),
    ]);
    await seen(page, 'the last');
    const heights = () => page.locator(shownRows).evaluateAll((rows) => rows.map((row) => row.clientHeight));
    const [ordinary = 0, ...others] = await heights();
    expect(others).toEqual(others.map(() => ordinary));
    await page.keyboard.press('w');
    await page.locator('.rows.wrap').waitFor();
    expect((await heights()).slice(0, 2)).toEqual([ordinary, 3 * ordinary]);
  });

  test("Docker's pieces are one line", async () => {
    const { page, sender } = await stage();
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

  test('hostile lines do nothing, wherever they stand', async () => {
    const { page, sender, complaints } = await stage({ height: 1200 });
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
      for (const more of await page.locator('.details button[aria-expanded="false"]').all()) {
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

  test("goes on after the collector's restart, and says what was in between", async () => {
    const { page, sender, forebay, url } = await stage();
    sender.send(line('before'));
    await seen(page, 'before');
    const web = Number(new URL(url).port);
    await forebay.stop();
    await page.locator('.status', { hasText: /(Disconnected since|Collector stopped at) \d\d:\d\d:\d\d/ }).waitFor();
    const again = await collector(config, undefined, [forebay.port, web]);
    const second = await new Sender(again.forebay.port).open();
    open.push(() => second.close());
    second.send(line('after'));
    await page.waitForSelector('.status .is-connected');
    await seen(page, 'after');
    const all = (await lines(page)).map((text) => text.replace(/\d\d:\d\d:\d\d/g, 'T'));
    expect(all).toEqual(['before', 'No connection from T to T', 'The collector was started anew', 'after']);
  });

  test('asks for the token, takes it from the address, and shows it nowhere', async () => {
    const { url } = await collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  token open-sesame-12345'),
      [],
    );
    const { page, complaints, close } = await visit(browser, url);
    open.push(close);
    await page.getByText('This page needs its token').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token of this collector.').waitFor();
    await page.getByLabel('Token').fill('open-sesame-12345');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.status .is-connected');
    const other = await visit(browser, `${url}#token=open-sesame-12345`);
    open.push(other.close);
    await other.page.waitForSelector('.status .is-connected');
    expect(other.page.url()).toBe(url);
    expect(
      await other.page.evaluate(() => document.cookie + JSON.stringify(localStorage) + location.href),
    ).not.toContain('sesame');
    expect([...complaints, ...other.complaints]).toEqual([]);
  });

  test('20,000 events a second do not freeze it; what it lets go does not move what is being read', {
    timeout: 120_000,
  }, async () => {
    const { page, sender, complaints } = await stage();
    await sender.sendAll(numbered(100));
    await seen(page, 'line 99');
    await page.evaluate(() => {
      const gaps: number[] = [];
      Object.assign(window, { gaps });
      let last = performance.now();
      const tick = (now: number) => {
        gaps.push(now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    const batches = 500;
    const batch = Array.from({ length: 200 }, (_, n) =>
      line(
        `INFO request=${n} handled in ${n % 97} ms by the worker for user ${n % 1000}, attempt 1 of 3`,
        `c-${n % 12}`,
      ),
    );
    const begin = performance.now();
    let clicked = 0;
    for (let n = 0; n < batches; n++) {
      await sender.sendAll(batch);
      const ahead = n * 10 - (performance.now() - begin);
      if (ahead > 0) {
        await delay(ahead);
      }
      if (n === 200 || n === 260) {
        const at = performance.now();
        await page.getByRole('button', { name: n === 200 ? 'Pause' : 'Resume' }).click();
        clicked = Math.max(clicked, performance.now() - at);
      }
    }
    const took = performance.now() - begin;
    const counted = () =>
      page.evaluate(() => {
        const number = (text: string | undefined) => Number((text ?? '0').replaceAll(',', ''));
        const status = document.querySelector('.status')?.textContent ?? '';
        return {
          kept: number(/([\d,]+) lines? kept/.exec(status)?.[1]),
          gone: number(/([\d,]+) let go/.exec(status)?.[1]),
          dropped: number(/([\d,]+) dropped/.exec(status)?.[1]),
        };
      });
    await expect
      .poll(async () => Object.values(await counted()).reduce((sum, one) => sum + one), { timeout: 20_000 })
      .toBe(100 + batches * 200);
    const gaps = (await page.evaluate(() => (window as unknown as { gaps: number[] }).gaps)).sort((a, b) => a - b);
    const { dropped } = await counted();
    console.log(
      `${Math.round((batches * 200) / (took / 1000))} events/s, ${dropped} dropped; between frames ${gaps[Math.floor(gaps.length * 0.5)]?.toFixed(0)} ms (median), ` +
        `${gaps[Math.floor(gaps.length * 0.95)]?.toFixed(0)} ms (95 %), ${gaps.at(-1)?.toFixed(0)} ms (worst); a click ${clicked.toFixed(0)} ms`,
    );
    expect(gaps.at(-1)).toBeLessThan(1000);
    expect(gaps[Math.floor(gaps.length * 0.95)]).toBeLessThan(100);

    // To the oldest line; then so much more that it is let go.
    await page.mouse.click(600, 300);
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await seen(page, 'line 0');
    const before = await lines(page);
    for (let n = 0; n < 560; n++) {
      await sender.sendAll(batch);
    }
    await page.locator('.status', { hasText: 'let go' }).waitFor({ timeout: 40_000 });
    await page.getByText('These lines are no longer kept').waitFor();
    expect(await lines(page)).toEqual(before);
    await page.locator(shownRows, { hasText: 'line 7' }).first().click();
    await page.locator('.details .raw', { hasText: 'line 7' }).waitFor();
    const search = performance.now();
    await page.fill('.filter input', 'request=77 "user 77"');
    await page.waitForFunction(() => !/searching/.test(document.querySelector('.status')?.textContent ?? 'searching'));
    console.log(`a search of 200,000 lines takes ${Math.round(performance.now() - search)} ms`);
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('axe finds nothing: %s', async (theme) => {
    const { page, sender } = await stage({ theme });
    const faults = () => accessibilityFaults(page);
    expect(await faults()).toEqual([]);
    const esc = '\u001b';
    const colors = [...Array(16).keys()]
      .map((n) => `${esc}[38;5;${n}mcolor${esc}[0m ${esc}[48;5;${n}mground${esc}[0m`)
      .join(' ');
    await sender.sendAll([
      ...sampleLines(60, new Date()),
      ...Array.from({ length: 40 }, (_, n) => line('INFO all hues', `hue-${n}`)),
      line(`ERROR ${colors} ${esc}[2mdim${esc}[0m ${esc}[31mred on the ground of an error${esc}[0m`),
      line(`WARN ${colors} \u202e\u0007 x${'y'.repeat(3000)}`, 'web-1', {
        fields: { region: 'north', partial_message: 'true' },
      }),
    ]);
    await seen(page, 'all hues');
    expect(await faults()).toEqual([]);
    await page.fill('.filter input', 'hue -hue-3 all');
    await page.keyboard.press('Enter');
    await page
      .locator('.containers .pick')
      .nth(3)
      .click({ modifiers: ['Alt'] });
    await page.focus('#rows');
    await page.keyboard.press('Space');
    await page.locator(shownRows).first().click();
    await page.locator('.details').waitFor();
    expect(await faults()).toEqual([]);
    await page.fill('.filter input', '');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+G');
    await page.locator(shownRows, { hasText: 'ERROR color' }).first().click();
    await page.keyboard.press('w');
    expect(await faults()).toEqual([]);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await faults()).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('is of use on a screen of 360 pixels, with a finger', async () => {
    const { page, sender, complaints } = await stage({ width: 360, height: 740, touch: true });
    await sender.sendAll([...numbered(200), line(`ERROR ${'long '.repeat(60)}`, 'api-1'), line('the last')]);
    await seen(page, 'the last');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: 180, y }] });
    await touch('touchStart', 300);
    for (let y = 310; y <= 640; y += 30) {
      await touch('touchMove', y);
    }
    await touch('touchEnd');
    await page.waitForSelector('.pill');
    // A tap that comes too soon ends the flick, and is none.
    const tap = async () => {
      await page.touchscreen.tap(180, 300);
      return page.locator('.details').count();
    };
    await expect.poll(tap, { interval: 300 }).toBe(1);
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.locator('.pill').tap();
    await seen(page, 'the last');
    await page.locator('.menu-button').tap();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('.containers .pick', { hasText: 'api-1' }).tap();
    await page.locator('.status', { hasText: '1 shown' }).waitFor();
    await page.locator('.menu-button').tap();
    await page.locator('.containers').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });
});
