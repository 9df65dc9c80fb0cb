// The differences from Fluentd that are on purpose: test/vectors/differences.json.
import { readFileSync } from 'node:fs';

export interface Difference {
  readonly file: string;
  readonly case: string;
  /** The rule that causes it, or what it is for. */
  readonly rule: string;
  /** What Forebay does instead, in the form of the file's cases. */
  readonly ours: unknown;
  readonly reason: string;
}

/** Those of one file of vectors, by the case's name. */
export function differencesOf(file: string): ReadonlyMap<string, Difference> {
  const all = JSON.parse(
    readFileSync(new URL('../vectors/differences.json', import.meta.url), 'utf8'),
  ) as readonly Difference[];
  return new Map(all.filter((one) => one.file === file).map((one) => [one.case, one]));
}
