// The page behind a proxy: below a path of its own, and through one that cuts connections and holds bytes back.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { config, counted, lines, numbered, seen, theatre } from './stage.ts';

/** A proxy that passes bytes on no sooner than `hold` ms after they came, and cuts what `cut` is called for. */
async function proxy(port: number, hold: number): Promise<{ port: number; cut(): void }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    open.add(client);
    client.on('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => {});
      from.on('data', (data) => setTimeout(() => to.writable && to.write(data), hold));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) {
      socket.destroy();
    }
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cut };
}

describe.skipIf(reasonToSkipBrowser() !== undefined)('behind a proxy', { timeout: 90_000 }, () => {
  const play = theatre();

  test('that leaves its path in the requests, the page is below that path', async () => {
    const { forebay, url } = await play.collector(
      config.replace('@type null', '@type viewer\n  port WEB\n  base_path /logs\n  token open-sesame-12345'),
      [],
    );
    const front = await proxy(Number(new URL(url).port), 0);
    const { page, complaints } = await play.visit(`http://127.0.0.1:${front.port}/logs`);
    expect(page.url()).toBe(`http://127.0.0.1:${front.port}/logs/`);
    await page.getByLabel('Token').fill('open-sesame-12345');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.status .is-connected');
    const sender = await play.sender(forebay.port);
    await sender.sendAll(numbered(3));
    await seen(page, 'line 2');
    expect(complaints).toEqual([]);
  });

  test('that cuts connections and holds bytes back, nothing is lost and nothing comes twice', async () => {
    const { forebay, url } = await play.collector();
    const front = await proxy(Number(new URL(url).port), 150);
    const { page } = await play.visit(`http://127.0.0.1:${front.port}/`);
    await page.waitForSelector('.status .is-connected');
    const sender = await play.sender(forebay.port);
    for (let n = 0; n < 3; n++) {
      await sender.sendAll(numbered(200, n * 200));
      // In the midst of it, at another place each time.
      if (n > 0) {
        await expect.poll(async () => (await counted(page)).kept).toBeGreaterThan((n - 1) * 200);
      }
      front.cut();
      await page.locator('.status .is-away').waitFor();
      await sender.sendAll(numbered(1, 10_000 + n));
      await page.waitForSelector('.status .is-connected');
    }
    await expect.poll(async () => counted(page), { timeout: 20_000 }).toMatchObject({ kept: 603, dropped: 0 });
    await page.fill('.filter input', '/^line (0|199|200|599|1000\\d)$/');
    await expect
      .poll(async () => (await lines(page)).filter((text) => text.startsWith('line')))
      .toEqual([...['line 0', 'line 199', 'line 10000', 'line 200', 'line 10001'], ...['line 599', 'line 10002']]);
  });
});
