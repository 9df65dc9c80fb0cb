// The system's Chromium, driven by playwright-core, without a network of its own.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { reasonToSkip, requireProgram } from '../support/system.ts';

/** Why tests in a browser are skipped, or undefined. */
export function reasonToSkipBrowser(): string | undefined {
  return reasonToSkip('tests in a browser', ['chromium']);
}

/** `names`: hosts that this browser finds on this machine, whatever a name server says. */
export function openBrowser(names: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: requireProgram('chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(names.length === 0
        ? []
        : [`--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(',')}`]),
    ],
  });
}

export interface Visit {
  readonly page: Page;
  /** What the page complained of: errors, and what its security policy refused. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  readonly touch?: boolean;
  /** Pixels of the picture for each pixel of the page. */
  readonly scale?: number;
  /** Megabytes that the page keeps. */
  readonly memory?: number;
}

/** Ms that what is waited for in the page may take: less than a test, so that what did not come is named, and enough for a machine that gives
 * the browser hardly any time for a while. */
const patience = 55_000;

/** Opens an address in a profile of its own. */
export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1280, height = 800, theme = 'light', touch = false, scale = 1, memory } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: theme,
    hasTouch: touch,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  if (memory !== undefined) {
    await context.addInitScript((megabytes) => localStorage.setItem('forebay.memory', megabytes), String(memory));
  }
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A connection that is refused while the collector is away is not the page's fault.
    if (message.type() === 'error' && !/ERR_CONNECTION_REFUSED|WebSocket connection|401/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(options: object): Promise<{
    readonly violations: readonly {
      readonly id: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }[];
  }>;
}

/** What axe finds wrong with the page as it is. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await (window as unknown as { axe: Axe }).axe.run({ runOnly, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  });
}
