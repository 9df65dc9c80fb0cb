// The loop of all fuzzing: mutants on several lanes until the time or the number is over, a look at the target now and then.
import { Random } from './random.ts';
import { Finding, type Fuzzed, type FuzzTarget } from './target.ts';

export interface FuzzLimits {
  readonly seed: number;
  readonly seconds: number;
  readonly attempts: number;
}

export interface Fuzzing {
  readonly attempts: number;
  /** How many mutants came to what. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Of the mutants that got past the first look. */
  readonly share: number;
  readonly seconds: number;
  readonly summary: string;
  readonly finding: Finding | undefined;
}

/** Attempts between two looks. */
const stretch = 200;

export async function fuzz(target: FuzzTarget, { seed, seconds, attempts: most }: FuzzLimits): Promise<Fuzzing> {
  const random = new Random(seed);
  const outcomes = new Map<string, number>();
  const begin = performance.now();
  const end = begin + seconds * 1000;
  let fuzzed: Fuzzed;
  try {
    fuzzed = await target.start();
  } catch (error) {
    // The other targets go on.
    const finding = new Finding(`it did not start: ${String(error)}`, new Uint8Array(0), error);
    return { attempts: 0, outcomes, share: 0, seconds: (performance.now() - begin) / 1000, summary: '', finding };
  }
  let [attempts, past] = [0, 0];
  let finding: Finding | undefined;
  const lane = async (until: number) => {
    while (attempts < until && attempts < most && performance.now() < end) {
      attempts++;
      const outcome = await fuzzed.attempt(random);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (target.past.test(outcome)) past++;
    }
  };
  let summary = '';
  try {
    while (attempts < most && performance.now() < end) {
      const until = attempts + stretch;
      await Promise.all(Array.from({ length: target.lanes }, () => lane(until)));
      await fuzzed.check();
    }
  } catch (error) {
    finding = error instanceof Finding ? error : new Finding(String(error), new Uint8Array(0), error);
  } finally {
    summary = fuzzed.summary();
    await fuzzed.stop();
  }
  const took = (performance.now() - begin) / 1000;
  return { attempts, outcomes, share: attempts === 0 ? 0 : past / attempts, seconds: took, summary, finding };
}
