// Threats A22 and A23: the page's server and its websocket, from other sites and from those who mean harm. Each against the real process, with
// an honest sender beside it. That each limit of a page does what it says is test/live/limits.test.ts.
import { once } from 'node:events';
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { attackWith, besiege, closeOf, openWith } from './siege.ts';

const seconds = 1_700_000_000;
const rules =
  '<match **>\n  @type copy\n  <store>\n    @type stdout\n  </store>\n  <store>\n    @type viewer\n    port PORT1\n    token sesame-open\n  </store>\n</match>\n';

/** The status of a websocket that was refused, or `open`. */
async function upgrade(port: number, headers: Record<string, string>): Promise<number | 'open'> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers });
  const answer = await Promise.race([
    once(socket, 'open').then(
      () => 'open' as const,
      () => 0,
    ),
    new Promise<number>((resolve) =>
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
    ),
  ]);
  socket.on('error', () => undefined);
  socket.terminate();
  return answer;
}

test('A22 the websocket: other origins, other hosts, no token; frames that lie; a reader that does not read', async () => {
  await besiege({ rules }, async ({ port, ports, honest }) => {
    const http = ports[1] ?? 0;
    const authorization = 'Bearer sesame-open';
    expect(await upgrade(http, { authorization })).toBe('open');
    expect(await upgrade(http, {})).toBe(401);
    expect(await upgrade(http, { authorization, origin: 'http://evil.example' })).toBe(403);
    expect(await upgrade(http, { authorization, host: 'evil.example' })).toBe(421);
    const deaf = new WebSocket(`ws://127.0.0.1:${http}/live`, { headers: { authorization } });
    await once(deaf, 'open');
    deaf.send('{"op":"start"}');
    deaf.pause();
    const load = Buffer.concat(
      Array.from({ length: 1000 }, () => encode(['load', seconds, { log: 'x'.repeat(1000) }])),
    );
    for (let n = 0; n < 50; n++) await attackWith(port, load, 50);
    await honest(10);
    deaf.terminate();
    const liar = await openWith(
      http,
      Buffer.from(
        `GET /live HTTP/1.1\r\nHost: 127.0.0.1:${http}\r\nAuthorization: ${authorization}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      ),
    );
    await once(liar, 'data');
    const gone = closeOf(liar);
    liar.resume();
    liar.write(Buffer.from('81ff00ffffffffffffff00000000', 'hex'));
    await gone;
  });
});

test('A23 HTTP: paths that climb, other sites, framing, large heads and bodies, guesses', async () => {
  await besiege({ rules }, async ({ ports, honest }) => {
    const http = ports[1] ?? 0;
    const ask = async (text: string, patience = 10_000) => {
      const bytes = Buffer.from(text.replaceAll('\n', '\r\n').replaceAll('HOST', `127.0.0.1:${http}`));
      return (await attackWith(http, bytes, patience)).reply.toString('latin1');
    };
    const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
    for (const path of [
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/assets/..%5c..%5cpackage.json',
      '//etc/passwd',
      '/%00',
    ]) {
      const answer = await ask(`GET ${path} HTTP/1.1\nHost: HOST\nConnection: close\n\n`);
      expect(answer).not.toContain('root:');
      expect(status(answer)).toBeGreaterThanOrEqual(400);
    }
    const page = await ask('GET / HTTP/1.1\nHost: HOST\nConnection: close\n\n');
    expect(page).toMatch(/content-security-policy:.*frame-ancestors 'none'/i);
    expect(page).toMatch(/x-content-type-options: nosniff/i);
    const login = (more: string, body: string) =>
      ask(
        `POST /login HTTP/1.1\nHost: HOST\nConnection: close\nContent-Type: application/json\nContent-Length: ${body.length}\n${more}\n${body}`,
      );
    expect(status(await login('Origin: http://evil.example\n', '{"token":"sesame-open"}'))).toBe(403);
    expect(status(await login('', `{"token":"${'x'.repeat(1_000_000)}"}`))).toBe(413);
    const heads = `${'X-Long: '.padEnd(100_000, 'x')}\n`;
    expect(status(await ask(`GET / HTTP/1.1\nHost: HOST\n${heads}\n`))).toBe(431);
    const tries = [];
    for (let n = 0; n < 12; n++) tries.push(status(await login('', '{"token":"guess"}')));
    expect(tries).toContain(429);
    await honest(5);
  });
});

test('A22, A23 what a page may be asked is bounded by its options, each with a code and a counter', async () => {
  const limits = {
    ...{ connections: 4, readers: 1, request_timeout: '5s', header_size: '2k', body_size: '512', logins: 1 },
    ...{ login_tries: 2, message_size: '1k', messages: 10 },
  };
  const section = Object.entries(limits).map(([name, value]) => `      ${name} ${value}\n`);
  const bounded = rules.replace('    token', `    <limits>\n${section.join('')}    </limits>\n    token`);
  await besiege({ rules: bounded }, async ({ ports, codes, metrics, honest }) => {
    const http = ports[1] ?? 0;
    const base = `http://127.0.0.1:${http}`;
    const refused = async (code: string) =>
      Number(
        new RegExp(`forebay_(?:http_refused|viewer_closed)_total\\{[^}]*code="${code}"[^}]*\\} (\\d+)`).exec(
          await metrics(),
        )?.[1] ?? 0,
      );
    let cookie = '';
    const login = async (body: object) => {
      const headers = { 'content-type': 'application/json', connection: 'close' };
      const answer = await fetch(`${base}/login`, { method: 'POST', body: JSON.stringify(body), headers });
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return answer.status;
    };
    const token = 'sesame-open';
    expect([await login({ token }), await login({ token })]).toEqual([204, 204]);
    expect(await metrics()).toMatch(/forebay_http_logins_ended_total\{[^}]*\} 1\n/);
    expect(await login({ token: 'x'.repeat(600) })).toBe(413);
    expect([await login({ token: 'a' }), await login({ token: 'b' }), await login({ token })]).toEqual([401, 401, 429]);
    const heads = await attackWith(http, Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(3000)}\r\n\r\n`), 60_000);
    expect(heads.reply.toString()).toMatch(/^HTTP\/1\.1 431 /);
    const slow = await openWith(http, Buffer.from('GET / HTTP/1.1\r\nHost: '));
    await closeOf(slow.resume());
    // The time of the guesses is not over: who has a login is let in all the same.
    const reader = new WebSocket(`ws://127.0.0.1:${http}/live`, { headers: { cookie } });
    await once(reader, 'open');
    reader.send(JSON.stringify({ op: 'start', match: 'x'.repeat(1100) }));
    expect(await once(reader, 'close')).toContain(1009);
    await honest(5);
    const codesOf = ['BODY_TOO_LARGE', 'LOGIN_LIMITED', 'HEADERS_TOO_LARGE', 'REQUEST_TIMEOUT', 'MESSAGE_TOO_LARGE'];
    for (const code of codesOf) expect([code, await refused(code)]).toEqual([code, 1]);
    expect(codes()).toEqual(expect.arrayContaining([...codesOf, 'LOGINS_LIMIT']));
  });
});
