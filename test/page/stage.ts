// A collector, a browser that looks at its page, and a sender: what the tests of the page have in common.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { openBrowser, type Visit, type VisitOptions, visit } from './browser.ts';
import { Sender, type Sent } from './sender.ts';

export const config = `
<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type null
</match>
`;

export interface Stage extends Visit {
  readonly forebay: Forebay;
  readonly sender: Sender;
  readonly url: string;
}

export interface Theatre {
  /** A collector whose page is at `url`; WEB in its configuration is the page's port. */
  collector(text?: string, args?: string[], ports?: readonly number[]): Promise<{ forebay: Forebay; url: string }>;
  /** A collector, its page in the browser, connected, and a sender. */
  stage(options?: VisitOptions, text?: string, args?: string[]): Promise<Stage>;
  visit(url: string, options?: VisitOptions): Promise<Visit>;
  sender(port: number): Promise<Sender>;
}

/** To be called in a `describe`: what its tests open is closed behind each of them. */
export function theatre(): Theatre {
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
  const own: Theatre = {
    async collector(text = config, args, ports = []) {
      const [port = await freePort(), web = await freePort()] = ports;
      const forebay = await startForebay({
        config: text.replaceAll('WEB', String(web)),
        args: args ?? [`--viewer=127.0.0.1:${web}`],
        open: [web],
        ports: [port],
      });
      open.push(() => forebay.stop());
      return { forebay, url: `http://127.0.0.1:${web}/` };
    },
    async stage(options = {}, text = config, args = undefined) {
      const { forebay, url } = await own.collector(text, args);
      const visited = await own.visit(url, options);
      const sender = await own.sender(forebay.port);
      await visited.page.waitForSelector('.status .is-connected');
      return { ...visited, forebay, sender, url };
    },
    async visit(url, options = {}) {
      const visited = await visit(browser, url, options);
      open.push(visited.close);
      return visited;
    },
    async sender(port) {
      const sender = await new Sender(port).open();
      open.push(() => sender.close());
      return sender;
    },
  };
  return own;
}

export const line = (log: string, container = 'web', more: Partial<Sent> = {}): Sent => ({ container, log, ...more });

export const numbered = (count: number, from = 0): Sent[] =>
  Array.from({ length: count }, (_, n) => line(`line ${from + n}`));

export const shownRows = '.rows-body .row:not([hidden])';

/** The lines on the screen, from above. */
export const lines = (page: Page) => page.locator(`${shownRows} .line`).allTextContents();

export const seen = (page: Page, text: string) => page.locator(shownRows, { hasText: text }).first().waitFor();

/** What the status bar counts: lines kept, let go, dropped, shown. */
export async function counted(page: Page): Promise<{ kept: number; gone: number; dropped: number; shown: number }> {
  const status = (await page.locator('.status').textContent()) ?? '';
  const number = (form: RegExp) => Number((form.exec(status)?.[1] ?? '0').replaceAll(',', ''));
  return {
    kept: number(/([\d,]+) lines? kept/),
    gone: number(/([\d,]+) let go/),
    dropped: number(/([\d,]+) dropped/),
    shown: number(/([\d,]+) shown/),
  };
}
