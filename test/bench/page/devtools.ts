// Chromium, driven by a plain client of its DevTools protocol whose Network domain stays off: a driver that mirrors every frame of a websocket
// would cost more than the page that is measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { requireProgram } from '../../support/system.ts';
import { tempFolder } from '../../support/temp.ts';

export interface Tab {
  /** What an expression is worth; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T>;
  goto(url: string): Promise<void>;
  /** The processes that run pages: Chromium holds spare ones. */
  rendererPids(): Promise<readonly number[]>;
  collectGarbage(): Promise<void>;
}

export interface Chromium {
  readonly tab: Tab;
  stop(): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

class Session {
  readonly #socket: WebSocket;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #events = new Map<string, () => void>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const { id, method, result, error } = JSON.parse(String(data)) as Answer;
      if (id === undefined) {
        this.#events.get(method ?? '')?.();
        return;
      }
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) {
        waiting?.resolve(result);
      } else {
        waiting?.reject(new Error(error.message));
      }
    });
  }

  static async open(url: string): Promise<Session> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 });
    await once(socket, 'open');
    return new Session(socket);
  }

  call<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#id;
    const waiting = Promise.withResolvers<unknown>();
    this.#open.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return waiting.promise as Promise<T>;
  }

  event(method: string): Promise<void> {
    return new Promise((resolve) => {
      this.#events.set(method, resolve);
    });
  }
}

export async function startChromium(): Promise<Chromium> {
  const profile = tempFolder('chromium');
  const child = spawn(
    requireProgram('chromium'),
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile.path}`, '--window-size=1280,800'],
      ...['--disable-component-update', '--disable-sync', '--js-flags=--expose-gc', 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found !== undefined) {
        resolve(found);
      }
    });
    child.once('exit', () => reject(new Error('Chromium ended before it was of use.')));
  });
  const browser = await Session.open(address);
  const { port } = new URL(address);
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ type }) => type === 'page');
  if (target === undefined) {
    throw new Error('Chromium has no page.');
  }
  const page = await Session.open(target.webSocketDebuggerUrl);
  await page.call('Page.enable');
  return {
    tab: tabOf(page, browser),
    async stop() {
      const ended = once(child, 'exit');
      await browser.call('Browser.close').catch(() => child.kill());
      await ended;
      profile.remove();
    },
  };
}

function tabOf(page: Session, browser: Session): Tab {
  return {
    async evaluate<T>(expression: string): Promise<T> {
      const answer = await page.call<{
        result: { value: T };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails !== undefined) {
        throw new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
      }
      return answer.result.value;
    },
    async goto(url) {
      const loaded = page.event('Page.loadEventFired');
      await page.call('Page.navigate', { url });
      await loaded;
    },
    async rendererPids() {
      const { processInfo } = await browser.call<{ processInfo: { type: string; id: number }[] }>(
        'SystemInfo.getProcessInfo',
      );
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    },
    async collectGarbage() {
      await page.call('HeapProfiler.collectGarbage');
    },
  };
}
