// Datagrams: heartbeats, events where they are taken, and anything else. Each is answered by one NUL, by nothing where it is empty.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from '@msgpack/msgpack';
import { mutateBytes, mutateMessages } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';
import { plainInput, rules, Victim } from '../victim.ts';

const seeds = [
  Buffer.of(0),
  Buffer.from(encode(['app.web', 1_700_000_000, { log: 'hello' }])),
  Buffer.from('["a",1,{"b":2}]'),
];

export function udpTarget(patience: number): FuzzTarget {
  return {
    name: 'udp',
    lanes: 1,
    past: /^sent/,
    share: 0.5,
    async start() {
      const config = plainInput.replace('</source>', '  udp_events true\n</source>') + rules;
      const victim = await Victim.start({ config, patience });
      const socket = createSocket('udp4');
      socket.on('error', () => {});
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      let answers = 0;
      socket.on('message', () => answers++);
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const seed = random.pick(seeds);
          last = random.once(2) ? mutateBytes(random, seed, seeds) : mutateMessages(random, seed, seeds);
          const datagram = last.subarray(0, 60_000);
          await new Promise<void>((resolve) =>
            socket.send(datagram, victim.forebay.port, '127.0.0.1', () => resolve()),
          );
          return datagram.length === 0 ? 'empty' : 'sent';
        },
        check: () => victim.check(last),
        summary: () => `${answers} answers; ${victim.summary()}`,
        async stop() {
          socket.close();
          await victim.stop();
        },
      };
    },
  };
}
