// A collector, a browser that looks at its page, and a sender: what the tests of the page have in common. The tests of a file share a browser, and
// most of them a collector, in which each has a listener and a viewer of its own.
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

/** Listeners of a collector that tests share. */
const rooms = 8;

interface Room {
  readonly port: number;
  readonly url: string;
}

export interface Stage extends Visit {
  readonly sender: Sender;
  readonly url: string;
}

export interface Theatre {
  /** A listener, and a page of what it takes and nothing else, in a collector that others use too. */
  room(): Promise<Room>;
  /** A collector of its own whose page is at `url`; WEB in its configuration is the page's port. */
  collector(text?: string, args?: string[], ports?: readonly number[]): Promise<Room & { forebay: Forebay }>;
  /** A page in the browser, connected, and a sender; at that place if one is given, else in a room of its own. `fragment` goes behind the address. */
  stage(options?: VisitOptions, place?: Room, fragment?: string): Promise<Stage>;
  visit(url: string, options?: VisitOptions): Promise<Visit>;
  sender(port: number): Promise<Sender>;
}

/** A collector with rooms: a listener and a viewer each, joined by a label. */
async function openHouse(): Promise<{ forebay: Forebay; rooms: Room[] }> {
  const webs = await Promise.all(Array.from({ length: rooms }, freePort));
  const text = webs.map(
    (web, n) => `
<source>
  @type forward
  @label @ROOM${n}
  bind 127.0.0.1
  port PORT${n}
</source>
<label @ROOM${n}>
  <match **>
    @type viewer
    port ${web}
  </match>
</label>
`,
  );
  const forebay = await startForebay({ config: text.join(''), open: webs });
  return { forebay, rooms: webs.map((web, n) => ({ port: forebay.ports[n] ?? 0, url: `http://127.0.0.1:${web}/` })) };
}

/** To be called in a `describe`: what its tests open is closed behind each of them. */
export function theatre(): Theatre {
  let browser: Browser;
  const open: (() => Promise<unknown>)[] = [];
  const free: Room[] = [];
  const houses: Forebay[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) {
      await close();
    }
  });
  afterAll(async () => {
    await Promise.all([browser.close(), ...houses.map((house) => house.stop())]);
  });
  const own: Theatre = {
    async room() {
      if (free.length === 0) {
        const house = await openHouse();
        houses.push(house.forebay);
        free.push(...house.rooms);
      }
      return free.shift() ?? own.room();
    },
    async collector(text = config, args, ports = []) {
      const [port = await freePort(), web = await freePort()] = ports;
      const forebay = await startForebay({
        config: text.replaceAll('WEB', String(web)),
        args: args ?? [`--viewer=127.0.0.1:${web}`],
        open: [web],
        ports: [port],
      });
      open.push(() => forebay.stop());
      return { forebay, port: forebay.port, url: `http://127.0.0.1:${web}/` };
    },
    async stage(options = {}, place = undefined, fragment = '') {
      const { port, url } = place ?? (await own.room());
      const [visited, sender] = await Promise.all([own.visit(url + fragment, options), own.sender(port)]);
      await visited.page.waitForSelector('.status .is-connected');
      return { ...visited, sender, url };
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
