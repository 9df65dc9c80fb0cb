// Who is let in at a viewer's address, with real sockets: by Host, Origin and token; and what the server answers.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ask, liveStage, refusal } from './harness.ts';

const { start, open } = liveStage();

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
