// The `<limits>` of a viewer: each one is kept to, counted and named. Over real sockets, with a reader beside that notices nothing.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { limitsOf, type ViewerLimits, viewerLimits } from '../../src/live/viewer-limits.ts';
import { tempFolder } from '../support/temp.ts';
import { Client, makeBatch, startViewer, type TestViewer } from './harness.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Limited extends TestViewer {
  counted(name: string, code?: string): number;
  open(headers?: Record<string, string>): Client;
}

async function start(limits: Partial<ViewerLimits>, token?: string): Promise<Limited> {
  const viewer = await startViewer({ limits: { ...viewerLimits, ...limits }, token });
  closers.push(() => viewer.stop());
  return {
    ...viewer,
    counted: (name, code) =>
      viewer.counters
        .list()
        .filter((each) => each.name === name && (code === undefined || each.labels['code'] === code))
        .reduce((sum, { value }) => sum + value, 0),
    open(headers = {}) {
      const client = new Client(viewer.url, headers);
      closers.push(() => client.socket.terminate());
      return client;
    },
  };
}

const codesOf = ({ log }: TestViewer) => log.flatMap(({ code }) => code ?? []);

async function plain(port: number, text: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  let got = '';
  socket.on('data', (data) => {
    got += data.toString('latin1');
  });
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(got)));
  return { socket, answer };
}

function post(port: number, body: string): Promise<{ status: number; cookie: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request(
      { port, host: '127.0.0.1', path: '/login', method: 'POST', headers, agent: false },
      (response) => {
        const [cookie = ''] = response.headers['set-cookie'] ?? [];
        response
          .resume()
          .on('end', () => resolve({ status: response.statusCode ?? 0, cookie: cookie.split(';')[0] ?? '' }));
      },
    );
    request.on('error', reject).end(body);
  });
}

const refused = 'forebay_http_refused_total';
const closed = 'forebay_viewer_closed_total';

test('connections: one more is closed, the others stay', async () => {
  const viewer = await start({ connections: 2 });
  const reader = viewer.open();
  await reader.hello();
  await plain(viewer.port, '');
  const third = await plain(viewer.port, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n').catch(() => undefined);
  expect((await third?.answer) ?? '').toBe('');
  await expect.poll(() => viewer.counted(refused, 'CONNECTIONS_LIMIT')).toBe(1);
  expect(codesOf(viewer)).toEqual(['CONNECTIONS_LIMIT']);
  await reader.roundTrip();
});

test('readers: one more is refused, and there is room again when one goes', async () => {
  const viewer = await start({ readers: 1 });
  const first = viewer.open();
  await first.hello();
  const second = new WebSocket(`${viewer.url.replace('http', 'ws')}/live`).on('error', () => {});
  const [, response] = (await once(second, 'unexpected-response')) as [unknown, http.IncomingMessage];
  expect(response.statusCode).toBe(503);
  response.destroy();
  expect(viewer.counted(refused, 'READERS_LIMIT')).toBe(1);
  expect(codesOf(viewer)).toEqual(['READERS_LIMIT']);
  first.socket.close();
  await first.closed;
  await expect
    .poll(
      () =>
        viewer
          .open()
          .hello()
          .then(Boolean, () => false),
      { timeout: 20_000 },
    )
    .toBe(true);
});

test('request time and the size of headers', async () => {
  const viewer = await start({ requestTime: 2_000, headerSize: 1024 });
  const reader = viewer.open();
  await reader.hello();
  const slow = await plain(viewer.port, 'GET / HTTP/1.1\r\nHost: ');
  expect(await slow.answer).toMatch(/^HTTP\/1\.1 408 /);
  const long = await plain(viewer.port, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(1100)}\r\n\r\n`);
  expect(await long.answer).toMatch(/^HTTP\/1\.1 431 /);
  const rubbish = await plain(viewer.port, 'rubbish\r\n\r\n');
  expect(await rubbish.answer).toMatch(/^HTTP\/1\.1 400 /);
  for (const code of ['REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE'])
    expect([code, viewer.counted(refused, code)]).toEqual([code, 1]);
  expect(codesOf(viewer)).toEqual(['REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE']);
  // What has its websocket is no request any more.
  await reader.roundTrip();
});

test('bodies, logins and how often one may guess', async () => {
  const viewer = await start({ bodySize: 300, logins: 2, loginTries: 3 }, 'sesame');
  const { port } = viewer;
  expect((await post(port, JSON.stringify({ token: 'x'.repeat(400) }))).status).toBe(413);
  expect(viewer.counted(refused, 'BODY_TOO_LARGE')).toBe(1);
  const right = JSON.stringify({ token: 'sesame' });
  const cookies = [];
  for (let n = 0; n < 3; n++) cookies.push((await post(port, right)).cookie);
  const isIn = async (cookie = '') => {
    const answer = await fetch(`${viewer.url}/session`, { headers: { cookie } });
    return ((await answer.json()) as { authenticated: boolean }).authenticated;
  };
  expect(await Promise.all(cookies.map(isIn))).toEqual([false, true, true]);
  expect(viewer.counted('forebay_http_logins_ended_total')).toBe(1);
  const wrong = JSON.stringify({ token: 'guess' });
  const tries = [];
  for (let n = 0; n < 4; n++) tries.push((await post(port, wrong)).status);
  expect(tries).toEqual([401, 401, 401, 429]);
  expect(viewer.counted(refused, 'LOGIN_LIMITED')).toBe(1);
  expect(codesOf(viewer)).toEqual(['BODY_TOO_LARGE', 'LOGINS_LIMIT', 'LOGIN_WRONG', 'LOGIN_LIMITED']);
});

test('a login that is not used ends', async () => {
  const viewer = await start({ loginIdleTime: 300 }, 'sesame');
  const { cookie } = await post(viewer.port, JSON.stringify({ token: 'sesame' }));
  expect(cookie).toMatch(/^forebay_/);
  const isIn = async () =>
    ((await (await fetch(`${viewer.url}/session`, { headers: { cookie } })).json()) as { authenticated: boolean })
      .authenticated;
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await isIn()).toBe(false);
});

test('messages: their size and their number', async () => {
  const viewer = await start({ messageSize: 1024, messages: 10 });
  const [large, loud, quiet] = [viewer.open(), viewer.open(), viewer.open()];
  for (const client of [large, loud, quiet]) await client.hello();
  large.say(JSON.stringify({ op: 'start', match: 'x'.repeat(1100) }));
  expect(await large.closed).toBe(1009);
  for (let n = 0; n < 20; n++) loud.say({ op: 'pause' });
  expect(await loud.closed).toBe(1008);
  for (const code of ['MESSAGE_TOO_LARGE', 'MESSAGES_LIMIT'])
    expect([code, viewer.counted(closed, code)]).toEqual([code, 1]);
  expect(codesOf(viewer)).toEqual(['MESSAGE_TOO_LARGE', 'MESSAGES_LIMIT']);
  await quiet.roundTrip();
});

test('backlog: who is behind by more loses the oldest, and is named', async () => {
  const viewer = await start({ backlogSize: 1024 * 1024 });
  const slow = viewer.open();
  await slow.start({ since: 'now' });
  viewer.viewer.take(makeBatch('a', 0));
  await slow.until(() => slow.events === 1);
  slow.socket.pause();
  const size = 100_000;
  for (let n = 0; n < 400; n++) {
    viewer.viewer.take(makeBatch('a', 1 + n, 1, size));
    // Each is on its way, or waits, before the next comes.
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  slow.socket.resume();
  await slow.until(() => slow.events + slow.dropped === 401);
  expect(slow.dropped).toBeGreaterThan(0);
  expect(viewer.counted('forebay_viewer_dropped_events_total')).toBe(slow.dropped);
  expect(codesOf(viewer)).toEqual(['READER_BEHIND']);
});

describe('in a configuration', () => {
  const temp = tempFolder('limits');
  afterAll(() => temp.remove());
  const load = async (body: string) => {
    const file = join(temp.path, 'c.conf');
    writeFileSync(
      file,
      `<source>\n@type forward\nbind 127.0.0.1\n</source>\n<match **>\n@type viewer\n<limits>\n${body}\n</limits>\n</match>\n`,
    );
    const { plan, problems } = await loadPlan(file);
    const rule = plan?.labels.get('@ROOT')?.[0];
    return {
      limits: rule?.options['limits'] as Parameters<typeof limitsOf>[0],
      problems: problems.map(({ code, at }) => `${code}:${at.line}`),
    };
  };

  test('the defaults are those of a page without one', async () => {
    const { limits, problems } = await load('');
    expect([problems, limits === undefined]).toEqual([[], false]);
    expect(limitsOf(limits)).toEqual(viewerLimits);
  });

  test('each has bounds of its own', async () => {
    const wrong = [
      'connections 0',
      'readers 5000',
      'request_timeout 0',
      'header_size 100',
      'body_size 2m',
      'logins 0',
      'login_idle_timeout 1s',
      'login_tries 0',
      'message_size 10',
      'messages 1',
      'backlog_size 1k',
    ];
    const { problems } = await load(wrong.join('\n'));
    expect(problems).toEqual(wrong.map((_, n) => `CONFIG_VALUE_INVALID:${8 + n}`));
  });
});
