// The handshake of a listener with a shared key and users: PINGs that are right, mutated, or right with a mutant behind them. An event that
// is acked says that its sender was let in.
import { createHash } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import { mutateBytes, mutateMessages } from '../mutate.ts';
import type { Random } from '../random.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { closed, open, rules, Victim } from '../victim.ts';

const input = `<source>
  @type forward
  bind 127.0.0.1
  port PORT
  <security>
    self_hostname server
    shared_key sesame
    user_auth true
    <user>
      username alice
      password wonder
    </user>
  </security>
</source>
`;
const event = encode(['app.web', 1_700_000_000, { log: 'hello' }, { chunk: 'the event behind' }]);
type Shape = (ping: Uint8Array) => Uint8Array;

export function handshakeTarget(patience: number): FuzzTarget {
  return {
    name: 'handshake',
    lanes: 8,
    past: /^(let in|proof refused)/,
    share: 0.5,
    async start() {
      const victim = await Victim.start({ config: input + rules, patience });
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const shape = shapeOf(random);
          try {
            const answer = await knock(victim.forebay.port, (ping) => {
              last = shape(ping);
              return last;
            });
            return outcome(answer);
          } catch (error) {
            throw new Finding(String(error), last, error);
          }
        },
        check: () =>
          victim.check(last, async (port) => {
            const answer = await knock(port, (ping) => Buffer.concat([ping, event]));
            if (outcome(answer) !== 'let in') throw new Error(`the answer is ${answer.toString('hex')}`);
          }),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}

function shapeOf(random: Random): Shape {
  switch (random.int(3)) {
    case 0:
      return (ping) => Buffer.concat([mutateMessages(random, ping, [event]), event]);
    case 1:
      return (ping) => Buffer.concat([mutateBytes(random, ping, [event]), event]);
    default:
      return (ping) => Buffer.concat([ping, mutateBytes(random, event), event]);
  }
}

function outcome(answer: Buffer): string {
  if (answer.includes('the event behind')) return 'let in';
  if (answer.includes('invalid ping')) return 'no PING';
  return answer.includes('PONG') ? 'proof refused' : 'closed';
}

/** Waits for HELO, answers as `shape` wants it, and resolves with all that comes back. */
async function knock(port: number, shape: Shape): Promise<Buffer> {
  const socket = await open(port);
  const replies: Buffer[] = [];
  const ended = closed(socket, 30_000);
  socket.once('data', (helo) => {
    socket.on('data', (data) => replies.push(data));
    socket.end(shape(pingFor(helo)));
  });
  await ended;
  return Buffer.concat(replies);
}

function pingFor(helo: Uint8Array): Uint8Array {
  const [, { nonce, auth }] = decode(helo) as [string, { readonly nonce: Uint8Array; readonly auth: Uint8Array }];
  const sha = (...parts: readonly (string | Uint8Array)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest('hex');
  const key = sha('salt', 'client', nonce, 'sesame');
  return encode(['PING', 'client', 'salt', key, 'alice', sha(auth, 'alice', 'wonder')]);
}
