// Requests to the page's server, mutated, each on a connection of its own. Whatever comes, it is answered or closed, and the honest go on.
import { mutateBytes } from '../mutate.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { closed, open, plainInput, rules, Victim } from '../victim.ts';

const heads = ['Host: 127.0.0.1:PORT', 'Connection: close'];
const seeds = [
  ['GET / HTTP/1.1', ...heads, 'Accept-Encoding: gzip, br', '', ''],
  ['GET /session HTTP/1.1', ...heads, 'Cookie: forebay_1=x', '', ''],
  ['GET /assets/../../etc/passwd HTTP/1.1', ...heads, 'If-None-Match: "x"', 'Range: bytes=0-1', '', ''],
  ['POST /login HTTP/1.1', ...heads, 'Content-Type: application/json', 'Content-Length: 13', '', '{"token":"x"}'],
  [
    'POST /login HTTP/1.1',
    ...heads,
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
    '',
    '2',
    '{}',
    '0',
    '',
    '',
  ],
  [
    'GET /live HTTP/1.1',
    ...heads.slice(0, 1),
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: x',
    'Sec-WebSocket-Version: 13',
    '',
    '',
  ],
].map((lines) => lines.join('\r\n'));

export function httpTarget(patience: number): FuzzTarget {
  return {
    name: 'http',
    lanes: 8,
    past: /^[2345]\d\d/,
    share: 0.5,
    async start() {
      const victim = await Victim.start({ config: plainInput + rules, patience });
      const port = victim.forebay.ports[1] ?? 0;
      const bytes = seeds.map((text) => Buffer.from(text.replace('PORT', String(port))));
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const mutant = mutateBytes(random, random.pick(bytes), bytes);
          last = mutant;
          const socket = await open(port);
          let answer = '';
          socket.on('data', (data) => {
            answer = (answer + data.toString('latin1')).slice(0, 100);
          });
          socket.end(mutant);
          try {
            await closed(socket, 60_000);
          } catch (error) {
            throw new Finding(String(error), mutant, error);
          }
          return /^HTTP\/1\.[01] (\d\d\d)/.exec(answer)?.[1] ?? 'closed';
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}
