// Who may look at a page, and what they see: users with passwords, users that a proxy names, and the end of a login. Over real sockets.

import { randomBytes, scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { AccessOptions } from '../../src/http/access.ts';
import { Client, makeBatch, startViewer, type TestViewer } from './harness.ts';

const started: TestViewer[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  for (const viewer of started.splice(0)) await viewer.stop();
});

async function start(access: Partial<AccessOptions>, token?: string, host?: string): Promise<TestViewer> {
  const all = { users: [], proxies: [], proxyHeader: undefined, loginLifetime: 3600_000, ...access };
  const viewer = await startViewer({ access: all, token }, host);
  started.push(viewer);
  return viewer;
}

function open(...args: ConstructorParameters<typeof Client>): Client {
  const client = new Client(...args);
  clients.push(client);
  return client;
}

async function statusOf(url: string, headers: Record<string, string>): Promise<number | 'open'> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/live`, { headers });
  socket.on('error', () => {});
  const status = await Promise.race([
    once(socket, 'open').then(() => 'open' as const),
    once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number),
  ]);
  socket.terminate();
  return status;
}

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

function hashed(password: string): string {
  const salt = randomBytes(16);
  return `scrypt:${salt.toString('base64')}:${scryptSync(password, salt, 32).toString('base64')}`;
}

const ann = { name: 'ann', password: 'pass:wörd', tags: undefined };
const bob = { name: 'bob', password: hashed('hushed'), tags: 'app.** web.*' };

describe('users', () => {
  test('by their name and password, written as it is or as its hash', async () => {
    const { url } = await start({ users: [ann, bob] });
    expect(await statusOf(url, basic('ann', 'pass:wörd'))).toBe('open');
    expect(await statusOf(url, basic('bob', 'hushed'))).toBe('open');
    expect(await statusOf(url, basic('bob', 'hushed'))).toBe('open');
    const wrong = [
      basic('ann', 'hushed'),
      basic('bob', bob.password),
      basic('', ''),
      basic('*', ''),
      { authorization: 'Basic !' },
    ];
    for (const headers of [{}, ...wrong]) {
      expect(await statusOf(url, headers)).toBe(401);
    }
  });

  test('a browser is asked for them with the page, and has a login from then on', async () => {
    const { url } = await start({ users: [bob] });
    const asked = await fetch(`${url}/`);
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic realm=/),
    ]);
    const given = await fetch(`${url}/`, { headers: basic('bob', 'hushed') });
    const cookie = given.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(given.headers.get('set-cookie')).toMatch(/; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    expect(given.status).not.toBe(401);
    const session = await fetch(`${url}/session`, { headers: { cookie } });
    expect(await session.json()).toEqual({ tokenNeeded: true, authenticated: true });
    expect(await statusOf(url, { cookie })).toBe('open');
    expect((await fetch(`${url}/`, { headers: basic('bob', 'wrong') })).headers.get('set-cookie')).toBeNull();
  });

  test('log in with a form too; whoever guesses must wait, however it is guessed', async () => {
    const { url, counters, log } = await start({ users: [bob] }, 'sesame');
    const login = async (body: object) => {
      const headers = { 'content-type': 'application/json' };
      return await fetch(`${url}/login`, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    const right = await login({ user: 'bob', password: 'hushed' });
    expect([right.status, right.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('forebay_')]);
    expect((await login({ user: 'bob' })).status).toBe(400);
    for (let n = 0; n < 5; n++) {
      expect((await login({ user: 'bob', password: 'wrong' })).status).toBe(401);
      expect(await statusOf(url, basic('nobody', `${n}`))).toBe(401);
    }
    expect((await login({ user: 'bob', password: 'hushed' })).status).toBe(429);
    expect((await login({ token: 'sesame' })).status).toBe(429);
    const refused = counters
      .list()
      .flatMap(({ name, labels, value }) => (name === 'forebay_http_refused_total' ? [[labels['code'], value]] : []));
    expect(Object.fromEntries(refused)).toMatchObject({ LOGIN_WRONG: 5, LOGIN_LIMITED: 2, TOKEN_MISSING: 5 });
    expect(log.filter(({ code }) => code === 'LOGIN_LIMITED')).toHaveLength(1);
    expect(await statusOf(url, basic('bob', 'hushed'))).toBe(401);
    expect(await statusOf(url, { cookie: right.headers.get('set-cookie')?.split(';')[0] ?? '' })).toBe('open');
  });

  test('the token lets in beside them, also in place of a password', async () => {
    const { url } = await start({ users: [bob] }, 'sesame');
    expect(await statusOf(url, { authorization: 'Bearer sesame' })).toBe('open');
    expect(await statusOf(url, basic('anything', 'sesame'))).toBe('open');
  });

  test('see the tags that are theirs, whatever they ask for', async () => {
    const { viewer, url } = await start({ users: [ann, bob] });
    const all = open(url, basic('ann', 'pass:wörd'));
    const some = open(url, basic('bob', 'hushed'));
    const narrow = open(url, basic('bob', 'hushed'));
    for (const client of [all, some, narrow]) await client.hello();
    await all.start({ match: '**' });
    await some.start({ match: '**' });
    await narrow.start({ match: 'app.b db.**' });
    const tags = ['app.a', 'db.secret', 'web.a', 'app.b', 'web.a.b', 'last'];
    for (const [seq, tag] of tags.entries()) viewer.take(makeBatch(tag, seq));
    viewer.take(makeBatch('app.b', tags.length));
    const seen = async (client: Client, count: number) => {
      await expect.poll(() => client.blocks.length, { timeout: 10_000 }).toBe(count);
      return client.blocks.map(({ tag }) => Buffer.from(tag).toString());
    };
    expect(await seen(all, 7)).toEqual([...tags, 'app.b']);
    expect(await seen(some, 4)).toEqual(['app.a', 'web.a', 'app.b', 'app.b']);
    expect(await seen(narrow, 2)).toEqual(['app.b', 'app.b']);
    const whole = open(url, basic('bob', 'hushed'));
    await whole.hello();
    await whole.start({});
    expect(await seen(whole, 4)).toEqual(['app.a', 'web.a', 'app.b', 'app.b']);
  });

  test('are let out when their login ends', async () => {
    const { url } = await start({ users: [bob], loginLifetime: 1500 });
    const page = await fetch(`${url}/`, { headers: basic('bob', 'hushed') });
    const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
    const client = open(url, { cookie });
    const [code] = (await once(client.socket, 'close')) as [number];
    expect(code).toBe(1008);
    expect(await statusOf(url, { cookie })).toBe(401);
  });
});

describe('a proxy', () => {
  const proxyHeader = 'X-Forwarded-User';
  const header = (name: string) => ({ 'x-forwarded-user': name });

  test('at a trusted address says who it is; others say nothing with it', async () => {
    const trusted = await start({ proxies: ['127.0.0.0/8'], proxyHeader });
    expect(await statusOf(trusted.url, header('ann'))).toBe('open');
    expect(await statusOf(trusted.url, header(''))).toBe(401);
    expect(await statusOf(trusted.url, {})).toBe(401);
    expect((await fetch(`${trusted.url}/`)).headers.get('www-authenticate')).toBeNull();
    const other = await start({ proxies: ['10.0.0.0/8', '::1'], proxyHeader });
    expect(await statusOf(other.url, header('ann'))).toBe(401);
  });

  test('names users that are known, or those that stand for all', async () => {
    const known = await start({ proxies: ['127.0.0.1'], proxyHeader, users: [{ ...bob, password: undefined }] });
    expect(await statusOf(known.url, header('bob'))).toBe('open');
    expect(await statusOf(known.url, header('eve'))).toBe(401);
    const users = [{ name: '*', password: undefined, tags: 'public.**' }];
    const { viewer, url } = await start({ proxies: ['127.0.0.1'], proxyHeader, users });
    const client = open(url, header('eve'));
    await client.hello();
    await client.start({});
    viewer.take(makeBatch('secret', 0));
    viewer.take(makeBatch('public.a', 1));
    await expect.poll(() => client.blocks.length, { timeout: 10_000 }).toBe(1);
    expect(client.blocks.map(({ tag }) => Buffer.from(tag).toString())).toEqual(['public.a']);
  });
});

test('nothing secret stands in the log', async () => {
  const { url, log } = await start({ users: [ann, bob] }, undefined, '127.0.0.1');
  await statusOf(url, basic('ann', 'pass:wörd'));
  await statusOf(url, basic('ann', 'wrong-secret'));
  const text = JSON.stringify(log);
  expect(log.map(({ code }) => code)).toContain('TOKEN_MISSING');
  for (const secret of ['pass:wörd', 'wrong-secret', 'hushed', bob.password, 'Basic '])
    expect(text).not.toContain(secret);
});
