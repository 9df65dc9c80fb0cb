// JSON on the forward port: messages with commas, entries and options, mutated. Behind each comes an honest one that asks for an ack.
import { mutateBytes, mutateJson } from '../mutate.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { exchange, plainInput, rules, Victim } from '../victim.ts';

const seeds = [
  '["app.web",1700000000,{"log":"hello","n":1,"f":1.5e3,"u":"\\u00e9\\ud83d\\ude00"}]',
  '["app.web",[[1700000000,{"a":1}],[1700000001,{"b":[null,true,{"c":"d"}]}]],{"chunk":"c1","size":2}]',
  '["app.web",1700000000,{"a":-12345678901234567890,"b":0.1,"c":1e308}] ["app.db",1700000001,{"x":"\\n\\t\\""}]',
].map((text) => Buffer.from(text));
const tail = Buffer.from('\n["tail",1700000000,{"log":"tail"},{"chunk":"the tail of the mutant"}]');

export function jsonTarget(patience: number): FuzzTarget {
  return {
    name: 'json',
    lanes: 8,
    past: /^acked/,
    share: 0.5,
    async start() {
      const victim = await Victim.start({ config: plainInput + rules, patience });
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const seed = random.pick(seeds);
          last = random.once(4) ? mutateBytes(random, seed, seeds) : mutateJson(random, seed, seeds);
          const mutant = last;
          try {
            const reply = await exchange(victim.forebay.port, Buffer.concat([mutant, tail]), 30_000);
            return reply.includes('the tail of the mutant') ? 'acked' : 'refused or unfinished';
          } catch (error) {
            throw new Finding(String(error), mutant, error);
          }
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}
