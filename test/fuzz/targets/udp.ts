// Datagrams: heartbeats, events where they are taken, and anything else. Each is answered by one NUL, by nothing where it is empty.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from '@msgpack/msgpack';
import { mutateBytes, mutateJson, mutateMessages } from '../mutate.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { plainInput, rules, Victim } from '../victim.ts';

const heartbeat = Buffer.of(0);
const seeds: readonly Uint8Array[] = [
  encode(['app.web', 1_700_000_000, { log: 'hello' }]),
  encode(['app.web', [[1_700_000_000, { log: 'hello', n: 1.5 }]], { size: 1 }]),
  encode(['app.web', encode([1_700_000_000, { log: 'packed' }]), { size: 1 }]),
  Buffer.from('["a",1,{"b":2}]'),
];

export function udpTarget(patience: number): FuzzTarget {
  return {
    name: 'udp',
    lanes: 1,
    past: /^taken/,
    share: 0.5,
    async start() {
      const config = plainInput.replace('</source>', '  udp_events true\n</source>') + rules;
      const victim = await Victim.start({ config, patience });
      const [socket, marker] = await Promise.all([openUdp(), openUdp()]);
      let answered = false;
      socket.on('message', () => {
        answered = true;
      });
      let last: Uint8Array = new Uint8Array(0);
      const send = (from: Socket, bytes: Uint8Array) =>
        new Promise<void>((resolve) => from.send(bytes, victim.forebay.port, '127.0.0.1', () => resolve()));
      // TCP is opened first; before UDP is, datagrams are lost.
      const ready = once(marker, 'message');
      const knocking = setInterval(() => void send(marker, heartbeat), 100);
      await ready;
      clearInterval(knocking);
      return {
        async attempt(random) {
          const seed = random.once(16) ? heartbeat : random.pick(seeds);
          last = (random.once(4) ? mutateBytes : seed[0] === 0x5b ? mutateJson : mutateMessages)(random, seed, seeds);
          const datagram = last.subarray(0, 60_000);
          answered = false;
          await send(socket, datagram);
          // Datagrams are looked at in their order: when a heartbeat behind it is answered, it was its turn.
          const reply = once(marker, 'message', { signal: AbortSignal.timeout(30_000) });
          await send(marker, heartbeat);
          await reply.catch((error: unknown) => {
            throw new Finding(`a heartbeat has no answer: ${String(error)}`, last, error);
          });
          await new Promise((resolve) => setImmediate(resolve));
          return datagram.length === 0 ? 'empty' : answered ? 'answered' : 'taken';
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        async stop() {
          socket.close();
          marker.close();
          await victim.stop();
        },
      };
    },
  };
}

async function openUdp(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
