// The viewer's address with real sockets: who is let in, what a client gets, and what one that means harm gets.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/core/clock.ts';
import { SharedParts } from '../../src/core/shared-parts.ts';
import { viewerAt } from '../../src/live/viewer.ts';
import { Client, makeBatch, startViewer, type TestViewer } from './harness.ts';

const silent = pino({ level: 'silent' });
const started: TestViewer[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  for (const viewer of started.splice(0)) await viewer.stop();
});

async function start(...args: Parameters<typeof startViewer>): Promise<TestViewer> {
  const viewer = await startViewer(...args);
  started.push(viewer);
  return viewer;
}

function open(...args: ConstructorParameters<typeof Client>): Client {
  const client = new Client(...args);
  clients.push(client);
  return client;
}

/** The status that a websocket's request is refused with. */
async function refusal(url: string, headers: Record<string, string>, path = '/live'): Promise<number> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; destroy(): void },
  ];
  response.destroy();
  socket.terminate();
  return response.statusCode;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any Host, which fetch does not allow. */
async function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const call = request({
    port,
    host: '127.0.0.1',
    path,
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    agent: false,
  });
  call.end(options.body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

const json = { 'content-type': 'application/json' };
const login = (port: number, token: string, headers: Record<string, string> = {}) =>
  ask(port, '/login', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ token }) });

describe('who is let in', () => {
  test('another Host is refused by every path and by the websocket', async () => {
    const { port, url, counters, log } = await start();
    for (const path of ['/', '/healthz', '/session', '/nothing']) {
      expect(await ask(port, path, { headers: { host: `evil.example:${port}` } })).toMatchObject({ status: 421 });
    }
    expect(await refusal(url, { host: `evil.example:${port}` })).toBe(421);
    const refused = counters.list().find(({ labels }) => labels['code'] === 'HOST_REFUSED');
    expect(refused?.value).toBe(5);
    expect(log.filter(({ code }) => code === 'HOST_REFUSED')).toHaveLength(1);
  });

  test('a websocket of another site is refused, our own and one of no site are not', async () => {
    const { port, url } = await start();
    for (const origin of ['http://evil.example', 'null', `http://localhost:${port + 1}`, `http://localhost:${port}`]) {
      expect(await refusal(url, { origin })).toBe(403);
    }
    await open(url, { origin: `http://127.0.0.1:${port}` }).hello();
    await open(url).hello();
  });

  test('another site may not log in', async () => {
    const { port } = await start({ token: 'secret' });
    expect(await login(port, 'secret', { origin: 'http://evil.example' })).toMatchObject({ status: 403 });
    expect(
      await ask(port, '/login', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: '{"token":"secret"}',
      }),
    ).toMatchObject({ status: 415 });
  });

  test('there is a websocket at one path only', async () => {
    const { url } = await start();
    expect(await refusal(url, {}, '/')).toBe(404);
    expect(await refusal(url, {}, '/live/more')).toBe(404);
  });

  test('with a token: without it nothing of the stream, with its cookie all', async () => {
    const { port, url } = await start({ token: 'secret' });
    const who = (headers: Record<string, string> = {}) =>
      ask(port, '/session', { headers }).then(({ body }) => JSON.parse(body) as unknown);
    expect(await who()).toEqual({ tokenNeeded: true, authenticated: false });
    expect(await refusal(url, {})).toBe(401);
    expect(await refusal(url, { cookie: `forebay_${port}=secret` })).toBe(401);
    expect(await refusal(url, {}, '/live?token=secret')).toBe(401);
    expect(await login(port, 'wrong')).toMatchObject({ status: 401 });
    const { status, headers } = await login(port, 'secret');
    expect(status).toBe(204);
    const set = String(headers['set-cookie']);
    expect(set).toMatch(/HttpOnly; SameSite=Strict/);
    const cookie = set.split(';')[0] ?? '';
    expect(await who({ cookie })).toEqual({ tokenNeeded: true, authenticated: true });
    await open(url, { cookie, origin: `http://127.0.0.1:${port}` }).hello();
    await open(url, { authorization: 'Bearer secret' }).hello();
  });

  test('whoever guesses must wait', async () => {
    const { port } = await start({ token: 'secret' });
    for (let n = 0; n < 10; n++) expect((await login(port, 'wrong')).status).toBe(401);
    expect(await login(port, 'secret')).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  });

  test('no login: what is no JSON, has no token, or is too large', async () => {
    const { port } = await start({ token: 'secret' });
    const post = async (body: string) => (await ask(port, '/login', { method: 'POST', headers: json, body })).status;
    expect(await post('{')).toBe(400);
    expect(await post('{"token":7}')).toBe(400);
    expect(await post('null')).toBe(400);
    expect(await post('{"__proto__":{"token":"secret"}}')).toBe(400);
    expect(await post(`{"token":"${'x'.repeat(5000)}"}`)).toBe(413);
  });

  test('a token is made up where other machines can reach the page, and is in no log line', async () => {
    const { port, url, shared, log } = await start({}, '0.0.0.0');
    const [page] = shared.pages;
    expect(page?.url).toBe(`http://localhost:${port}/`);
    expect(page?.token).toMatch(/^[\w-]{32}$/);
    expect(await refusal(url, {})).toBe(401);
    expect(JSON.stringify(log)).not.toContain(page?.token);
    expect((await login(port, page?.token ?? '')).status).toBe(204);
  });
});

describe('what the server answers', () => {
  test('headers that keep others out, on every path', async () => {
    const { port } = await start();
    for (const path of ['/', '/healthz', '/session', '/nothing']) {
      const { headers } = await ask(port, path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${port} wss://127.0.0.1:${port};`);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/'unsafe-/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
  });

  test('healthz says whether an output holds the inputs, and no more', async () => {
    const { port, shared } = await start();
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: '{"healthy":true}' });
    shared.holding = () => ['The output secret takes nothing.'];
    expect(await ask(port, '/healthz')).toMatchObject({ status: 503, body: '{"healthy":false}' });
  });

  test.each([
    '/../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/..\\..\\package.json',
    '/assets/../../cli/main.js',
    '/%00',
    '/.env',
    '//etc/passwd',
    '/%ff',
  ])('nothing outside the page is served: %s', async (path) => {
    const { port } = await start();
    const { status, body } = await ask(port, path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toMatch(/forebay"|root:|import /);
  });

  test('a request with headers beyond the bound is refused', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 431 /);
    socket.destroy();
  });
});

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

describe('several outputs at one address', () => {
  const options = { memorySize: 8 * 1024 * 1024, token: undefined, title: 'test', hosts: [] };
  const contextOf = ({ shared, counters }: TestViewer) => ({
    shared,
    counters,
    clock: systemClock,
    hostname: 'thisnode',
    log: silent,
  });

  test('share one page; with other options they are refused', async () => {
    const one = await start();
    const address = { host: '127.0.0.1', port: one.port };
    expect(viewerAt(contextOf(one), address, options)).toBe(one.viewer);
    expect(viewerAt(contextOf(one), address)).toBe(one.viewer);
    expect(() => viewerAt(contextOf(one), address, { ...options, title: 'other' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID_VALUE' }),
    );
  });

  test('where the tap feeds it, outputs do not feed it too', async () => {
    const { viewer, url } = await start();
    const tap = viewer.tap();
    const client = open(url);
    await client.start({ since: 'now' });
    viewer.take(makeBatch('a', 0));
    tap(makeBatch('a', 0), { label: '@X', matched: false });
    await client.until(() => client.events > 0);
    await client.roundTrip();
    expect(client.blocks.map(({ place }) => [place.label, place.matched])).toEqual([['@X', false]]);
  });

  test('an address in use is named', async () => {
    const one = await start();
    const other = viewerAt({ ...contextOf(one), shared: new SharedParts() }, { host: '127.0.0.1', port: one.port });
    await expect(other.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await other.stop(AbortSignal.abort());
  });
});
