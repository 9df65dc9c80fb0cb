// What a client of the live stream gets, with real sockets: from its opening to the collector's end.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { liveStage, makeBatch } from './harness.ts';

const { start, open } = liveStage();

describe('the stream', () => {
  test('opens with hello and sends nothing before start', async () => {
    const { viewer, url } = await start();
    viewer.take(makeBatch('a', 0, 3));
    const client = open(url);
    const hello = await client.hello();
    expect(hello).toMatchObject({
      version: 1,
      node: 'thisnode',
      title: 'test',
      oldest: 0,
      next: 3,
      memorySize: 8 * 1024 * 1024,
    });
    await client.roundTrip();
    expect(client.frames).toBe(0);
    client.say({ op: 'start' });
    await client.until(() => client.events === 3);
  });

  test('what comes is sent at once when it is quiet', async () => {
    const { viewer, url } = await start();
    const client = open(url);
    await client.start({ since: 'now' });
    const waits: number[] = [];
    for (let n = 0; n < 20; n++) {
      const begin = performance.now();
      viewer.take(makeBatch('a', n));
      await client.until(() => client.events === n + 1);
      waits.push(performance.now() - begin);
      await delay(10);
    }
    waits.sort((a, b) => a - b);
    console.log(`an event is with the client after ${waits[10]?.toFixed(1)} ms (median of ${waits.length})`);
    expect(waits.every(Number.isFinite)).toBe(true);
  });

  test('a pattern chooses tags; one that cannot be used is named and changes nothing', async () => {
    const { viewer, url } = await start();
    const client = open(url);
    await client.start({ since: 'now', match: 'docker.** app' });
    for (const match of ['/^(a+)+$/', 'x'.repeat(1001)]) {
      client.say({ op: 'start', match });
      await client.until(() => client.messages.at(-1)?.type === 'error');
      client.messages.pop();
    }
    for (const [n, tag] of ['docker.a.b', 'other', 'app', 'apps', 'docker'].entries()) viewer.take(makeBatch(tag, n));
    await client.until(() => client.events === 3);
    expect(client.blocks.map(({ tag }) => Buffer.from(tag).toString())).toEqual(['docker.a.b', 'app', 'docker']);
    expect(client.dropped).toBe(0);
  });

  test('after a pause, and after a new connection, it goes on where it was', async () => {
    const { viewer, url } = await start();
    const client = open(url);
    const { stream } = await client.start({ since: 'now' });
    viewer.take(makeBatch('a', 0, 10));
    await client.until(() => client.events === 10);
    client.say({ op: 'pause' });
    await client.roundTrip();
    viewer.take(makeBatch('a', 10, 10));
    await delay(20);
    expect(client.events).toBe(10);
    client.say({ op: 'start', since: 10, stream });
    await client.until(() => client.events === 20);
    client.socket.terminate();
    await client.closed;
    viewer.take(makeBatch('a', 20, 10));
    const again = open(url);
    await again.start({ since: 20, stream });
    viewer.take(makeBatch('a', 30, 10));
    await again.until(() => again.events === 20);
    expect(again.blocks.map(({ position }) => position)).toEqual([20, 30]);
    expect(again.dropped + client.dropped).toBe(0);
  });

  test('what is gone when a client comes again is said', async () => {
    const { viewer, url } = await start({ memorySize: 1024 * 1024 });
    for (let n = 0; n < 50; n++) viewer.take(makeBatch('a', n * 100, 100, 1000));
    const client = open(url);
    const { oldest, next } = await client.start({ since: 7 });
    await client.until(() => client.events + client.dropped === next - 7);
    expect(oldest).toBeGreaterThan(7);
    expect(client.dropped).toBe(oldest - 7);
    expect(client.blocks[0]?.position).toBe(oldest);
  });

  test('positions of another run of the server mean nothing: all that is held is sent', async () => {
    const { viewer, url } = await start();
    viewer.take(makeBatch('a', 0, 5));
    const client = open(url);
    await client.start({ since: 1_000_000, stream: 'another' });
    await client.until(() => client.events === 5);
    expect(client.dropped).toBe(0);
  });

  test('it says which output holds the inputs, and goes on saying that it lives', async () => {
    const { url, shared } = await start();
    const client = open(url);
    await client.hello();
    shared.holding = () => ['The output slow takes nothing.'];
    await client.until(() => client.messages.some((one) => one.type === 'state' && one.holding.length > 0));
    // One that comes now hears it at once.
    const other = open(url);
    await other.hello();
    await other.roundTrip();
    expect(other.messages[1]).toMatchObject({ type: 'state', holding: ['The output slow takes nothing.'] });
    shared.holding = () => [];
    await client.until(() => {
      const last = client.messages.at(-1);
      return last?.type === 'state' && last.holding.length === 0;
    });
  });

  test('stopping sends what is left and says that it is over', async () => {
    const viewer = await start();
    const client = open(viewer.url);
    await client.start({ since: 'now' });
    for (let n = 0; n < 20; n++) viewer.viewer.take(makeBatch('a', n * 100, 100, 1000));
    await viewer.stop();
    expect(await client.closed).toBe(1001);
    expect(client.events).toBe(2000);
    expect(client.dropped).toBe(0);
    await viewer.stop();
  });
});
