// The forward stream: recorded bytes of Docker, Fluent Bit and all vectors, mutated, on a connection of their own each. Behind each mutant
// comes an honest message that asks for an ack: who gets it has been through the walk, and everything behind it.
import { encode } from '@msgpack/msgpack';
import { capturedStreams, forwardCaseStreams } from '../../support/streams.ts';
import { mutateBytes, mutateMessages } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';
import { Finding } from '../target.ts';
import { exchange, plainInput, rules, Victim } from '../victim.ts';

export function forwardTarget(patience: number): FuzzTarget {
  return {
    name: 'forward',
    lanes: 8,
    past: /^acked/,
    share: 0.5,
    async start() {
      const seeds = [...capturedStreams(), ...forwardCaseStreams()]
        .map(({ bytes }) => bytes)
        .filter(({ length }) => length < 100_000);
      const victim = await Victim.start({ config: plainInput + rules, patience });
      let last: Uint8Array = Buffer.alloc(0);
      return {
        async attempt(random) {
          const seed = random.pick(seeds);
          const mutant = random.once(3) ? mutateBytes(random, seed, seeds) : mutateMessages(random, seed, seeds);
          last = mutant;
          const tail = encode(['tail', 1_700_000_000, { log: 'tail' }, { chunk: 'the tail of the mutant' }]);
          let reply: Buffer;
          try {
            reply = await exchange(victim.forebay.port, Buffer.concat([mutant, tail]), 30_000);
          } catch (error) {
            throw new Finding(`a connection was not ended: ${String(error)}`, mutant, error);
          }
          return reply.includes('the tail of the mutant') ? 'acked' : 'refused or unfinished';
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}
