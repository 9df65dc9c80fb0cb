// A target that is a function of ours, called in this process: one mutant at a time, each within its time.
import { Random } from './random.ts';
import { Finding, type FuzzTarget } from './target.ts';

export interface InProcess {
  readonly name: string;
  readonly past: RegExp;
  readonly share: number;
  mutant(random: Random): Uint8Array;
  /** Says what became of it; what it throws is a finding. */
  run(mutant: Uint8Array): string | Promise<string>;
}

/** `longest`: what one mutant may take, ms of this thread's CPU: another program must not make it a finding. */
export function inProcess({ mutant, run, ...target }: InProcess, longest: number): FuzzTarget {
  return {
    ...target,
    lanes: 1,
    async start() {
      // What is loaded when it is first asked for is loaded now.
      for (const seed of [1, 2, 3]) await run(mutant(new Random(seed)));
      let slowest = 0;
      return {
        async attempt(random) {
          const bytes = mutant(random);
          const begin = cpuTime();
          let outcome: string;
          try {
            outcome = await run(bytes);
          } catch (error) {
            throw new Finding(`it threw ${error instanceof Error ? error.stack : String(error)}`, bytes, error);
          }
          const took = cpuTime() - begin;
          slowest = Math.max(slowest, took);
          if (took > longest) throw new Finding(`it took ${took.toFixed(0)} ms`, bytes);
          return outcome;
        },
        check: async () => {},
        summary: () => `${slowest.toFixed(0)} ms for the slowest`,
        stop: async () => {},
      };
    },
  };
}

/** ms that this thread has worked. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
