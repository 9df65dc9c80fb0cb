// Clients of the live stream that are slow or mean harm: what they get, and that the others notice nothing.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Client, liveStage, makeBatch, refusal } from './harness.ts';

const { start, open } = liveStage();

describe('clients that are slow or mean harm', () => {
  test('one that does not read loses the oldest; what it is told is missing is what is missing', async () => {
    const { viewer, url, counters } = await start({ memorySize: 2 * 1024 * 1024 });
    const client = open(url, {}, false);
    await client.start({ since: 'now' });
    client.socket.pause();
    const count = 400;
    for (let n = 0; n < count; n++) {
      viewer.take(makeBatch('a', n * 100, 100, 1000));
      if (n % 20 === 0) await delay(1);
    }
    client.socket.resume();
    await client.until(() => client.events + client.dropped === count * 100);
    expect(client.dropped).toBeGreaterThan(10_000);
    expect(client.largest).toBeLessThan(600_000);
    expect(counters.get('forebay_viewer_dropped_events_total', { url: viewer.url }).value).toBe(client.dropped);
  });

  test('of ten readers one stands still: nine get all, and it is told what it lost', async () => {
    const { viewer, url } = await start({ memorySize: 4 * 1024 * 1024 });
    const readers = Array.from({ length: 10 }, () => open(url, {}, false));
    for (const reader of readers) await reader.start({ since: 'now' });
    const [stopped, ...reading] = readers;
    stopped?.socket.pause();
    const total = 20_000;
    for (let n = 0; n < total; n += 100) {
      viewer.take(makeBatch('a', n, 100, 1000));
      await Promise.all(reading.map((reader) => reader.until(() => reader.events + reader.dropped >= n - 2000)));
    }
    for (const reader of reading) {
      await reader.until(() => reader.events + reader.dropped === total);
      expect(reader.dropped).toBe(0);
    }
    stopped?.socket.resume();
    await stopped?.until(() => stopped.events + stopped.dropped === total);
    expect(stopped?.dropped).toBeGreaterThan(5000);
  });

  test.each([
    ['what is no message', 'hello', 1008],
    ['an unknown message', '{"op":"delete"}', 1008],
    ['bytes', Buffer.from('{"op":"pause"}'), 1008],
    ['more than 4 KB', `{"op":"start","match":"${'x'.repeat(5000)}"}`, 1009],
  ])('a client that sends %s is closed, the others are not', async (_what, message, code) => {
    const { url, viewer } = await start();
    const good = open(url);
    await good.start({ since: 'now' });
    const bad = open(url);
    await bad.hello();
    bad.socket.send(message, { binary: typeof message !== 'string' });
    expect(await bad.closed).toBe(code);
    viewer.take(makeBatch('a', 0));
    await good.until(() => good.events === 1);
  });

  test('a client that talks without end is closed', async () => {
    const { url } = await start();
    for (const talk of [(client: Client) => client.say({ op: 'pause' }), (client: Client) => client.socket.ping()]) {
      const client = open(url);
      await client.hello();
      for (let n = 0; n < 150; n++) talk(client);
      expect(await client.closed).toBe(1008);
    }
  });

  test('frames that are none, that are not masked, or that claim gigabytes end that connection only', async () => {
    const { url, port, viewer } = await start();
    const good = open(url);
    await good.start({ since: 'now' });
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13';
    const frames = [
      [0x81, 0x01, 0x61],
      [0x82, 0xff, 0, 0, 0, 4, 0, 0, 0, 0, 1, 2, 3, 4],
      [0xf1, 0x80, 0, 0, 0, 0],
      [0x83, 0x80, 0, 0, 0, 0],
      [0xc1, 0x81, 0, 0, 0, 0, 0x61],
      [0x89, 0xfe, 0xff, 0xff, 0, 0, 0, 0],
    ];
    for (const frame of frames) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        `GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n${key}\r\n\r\n`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
      expect(String(answer)).not.toMatch(/permessage-deflate/i);
      socket.write(Buffer.from(frame));
      socket.resume();
      await once(socket, 'close');
    }
    viewer.take(makeBatch('a', 0));
    await good.until(() => good.events === 1);
  });

  test('there is a bound for clients, and one that goes makes room', async () => {
    const { url, counters } = await start();
    const all = Array.from({ length: 32 }, () => open(url));
    for (const client of all) await client.hello();
    expect(await refusal(url, {})).toBe(503);
    expect(counters.list().find(({ labels }) => labels['code'] === 'READERS_LIMIT')?.value).toBe(1);
    all[0]?.socket.close();
    await all[0]?.closed;
    await expect
      .poll(async () =>
        open(url)
          .hello()
          .then(
            () => true,
            () => false,
          ),
      )
      .toBe(true);
  });
});
