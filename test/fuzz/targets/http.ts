// Requests to the page's server, mutated, each on a connection of its own. Whatever comes, it is answered or closed, and the honest go on.
import { mutateBytes, mutateJson } from '../mutate.ts';
import type { Random } from '../random.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { closed, open, plainInput, rules, Victim } from '../victim.ts';

interface Request {
  readonly start: readonly [method: string, path: string];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const json = ['Content-Type', 'application/json'] as const;
const upgrade: Request['headers'] = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];
const seeds: readonly Request[] = [
  { start: ['GET', '/'], headers: [['Accept-Encoding', 'gzip, br']], body: '' },
  { start: ['HEAD', '/index.html'], headers: [['If-None-Match', '"x"']], body: '' },
  { start: ['GET', '/session'], headers: [['Cookie', 'forebay_1=x; a=b']], body: '' },
  { start: ['GET', '/assets/../../etc/passwd'], headers: [['Range', 'bytes=0-1']], body: '' },
  { start: ['POST', '/login'], headers: [json, ['Origin', 'http://127.0.0.1:PORT']], body: '{"token":"x"}' },
  { start: ['POST', '/login'], headers: [json], body: '{"user":"ann","password":"x"}' },
  { start: ['GET', '/live'], headers: [...upgrade, ['Authorization', 'Basic YTpi']], body: '' },
  { start: ['GET', '/healthz?a=b'], headers: [['Authorization', 'Bearer x']], body: '' },
];
const bodies = seeds.map(({ body }) => Buffer.from(body)).filter(({ length }) => length > 0);

/** A request whose path, headers or body were changed; what holds it together, and its length, are right, most often. */
function changedRequest(random: Random): Buffer {
  const { start, headers, body } = random.pick(seeds);
  let [method, path] = start;
  let changed = [...headers];
  let content: Uint8Array = Buffer.from(body);
  for (let left = 1 + random.int(3); left > 0; left--) {
    switch (random.int(5)) {
      case 0:
        path = `/${changedText(random, path).replaceAll(/\s/g, '%')}`;
        break;
      case 1:
        method = random.pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);
        break;
      case 2:
        changed.push(random.pick(random.pick(seeds).headers));
        break;
      case 3:
        changed = changed.map(([name, value]) => [name, random.once(2) ? changedText(random, value) : value] as const);
        break;
      default:
        content = bodies.length > 0 ? mutateJson(random, random.pick(bodies), bodies) : content;
    }
  }
  const length = random.once(16) ? random.int(100) : content.length;
  const head = [['Host', '127.0.0.1:PORT'], ...changed, ['Content-Length', String(length)]];
  const lines = [`${method} ${path} HTTP/1.1`, ...head.map((pair) => pair.join(': ')), 'Connection: close', '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), content]);
}

/** Without what ends a line or is none of a header. */
function changedText(random: Random, text: string): string {
  return mutateBytes(random, Buffer.from(text), bodies)
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

export function httpTarget(patience: number): FuzzTarget {
  return {
    name: 'http',
    lanes: 8,
    past: /^[1-5]\d\d/,
    share: 0.5,
    async start() {
      const victim = await Victim.start({ config: plainInput + rules, patience });
      const port = victim.forebay.ports[1] ?? 0;
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const request = Buffer.from(
            changedRequest(random).toString('latin1').replaceAll('PORT', String(port)),
            'latin1',
          );
          const mutant = random.once(6) ? mutateBytes(random, request, [request]) : request;
          last = mutant;
          const socket = await open(port);
          let answer = '';
          socket.on('data', (data) => {
            answer = (answer + data.toString('latin1')).slice(0, 1000);
          });
          socket.end(mutant);
          try {
            await closed(socket, 60_000);
          } catch (error) {
            throw new Finding(String(error), mutant, error);
          }
          const [, status = 'closed'] = /^HTTP\/1\.[01] (\d\d\d)/.exec(answer) ?? [];
          return status === '400' && !/^cache-control:/im.test(answer) ? 'no request' : status;
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}
