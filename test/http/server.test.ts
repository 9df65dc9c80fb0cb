// The HTTP server itself: slow requests, the files of the page, and its end.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { pageLimits } from '../../src/http/limits.ts';
import { HttpServer, type HttpServerSettings } from '../../src/http/server.ts';
import { freePort } from '../support/ports.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

let temp: TempFolder;
const servers: HttpServer[] = [];
beforeEach(() => {
  temp = tempFolder('http');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  temp.remove();
});

async function start(
  settings: Partial<HttpServerSettings> = {},
): Promise<{ server: HttpServer; port: number; url: string }> {
  const port = await freePort();
  const server = new HttpServer({
    address: { host: '127.0.0.1', port },
    ...{ hosts: [], hostname: 'h', token: undefined, log: pino({ level: 'silent' }), counters: new Counters() },
    ...{ clock: systemClock, healthy: () => true, loginPath: '/login', sessionPath: '/session', page: temp.path },
    ...settings,
  });
  servers.push(server);
  await server.start();
  return { server, port, url: `http://127.0.0.1:${port}` };
}

test.each([
  ['nothing', ''],
  ['half a head', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
  [
    'half a body',
    'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  ],
  ['half a websocket request', 'GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n'],
])('a connection that sends %s, byte by byte, is closed in its time', async (_what, head) => {
  const { port } = await start({ limits: { ...pageLimits, requestTime: 300 } });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.write(head);
  const drip = setInterval(() => head !== '' && socket.write('x'), 50);
  const begin = performance.now();
  // Not once(): it rejects where a byte was on its way when the connection was closed.
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  clearInterval(drip);
  expect(performance.now() - begin).toBeLessThan(20_000);
});

test('the files of the page are served with their types, and those of the build may be kept', async () => {
  mkdirSync(join(temp.path, 'assets'));
  writeFileSync(join(temp.path, 'index.html'), '<!doctype html>page');
  writeFileSync(join(temp.path, 'assets', 'app-1a2b.js'), 'let a;');
  writeFileSync(join(temp.path, '.hidden'), 'secret');
  const { url } = await start();
  const index = await fetch(`${url}/`);
  expect([
    index.status,
    index.headers.get('content-type'),
    index.headers.get('cache-control'),
    await index.text(),
  ]).toEqual([...[200, 'text/html; charset=utf-8', 'no-cache', '<!doctype html>page']]);
  const script = await fetch(`${url}/assets/app-1a2b.js`);
  expect([script.status, script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
    ...[200, expect.stringContaining('javascript'), 'public, max-age=31536000, immutable'],
  ]);
  for (const path of ['/.hidden', '/assets', '/assets/', '/app.js']) {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  }
  expect((await fetch(`${url}/`, { method: 'DELETE' })).status).toBe(404);
});

test('a page that has not been built says so; the rest is there', async () => {
  const { url } = await start({ page: join(temp.path, 'absent') });
  const index = await fetch(`${url}/`);
  expect([index.status, await index.text()]).toEqual([503, expect.stringContaining('npm run build')]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('requests that come before the app is loaded are answered', async () => {
  const { url } = await start();
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/healthz`)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
});

test('stopping closes idle connections, may be called twice, and frees the port', async () => {
  const { server, port } = await start();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  await Promise.all([server.stop(), server.stop()]);
  await closed;
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('a server that could not listen can be stopped', async () => {
  const { port } = await start();
  const second = new HttpServer({
    address: { host: '127.0.0.1', port },
    ...{ hosts: [], hostname: 'h', token: undefined, log: pino({ level: 'silent' }), counters: new Counters() },
    ...{ clock: systemClock, healthy: () => true, loginPath: '/login', sessionPath: '/session' },
  });
  await expect(second.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await second.stop();
});
