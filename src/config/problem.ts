// What is wrong with a configuration, as data; showing it to a person is the command line's business.
import type { Position } from './element.ts';

export interface Problem {
  /** In upper case, as `CONFIG_UNKNOWN_OPTION`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly at: Position;
  /** What is wrong, one sentence. */
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly hint: string;
}

/** Takes a problem; all of them are collected before anything is said. */
export type Report = (problem: Problem) => void;

/** Collects errors up to a bound, and warnings up to the same; what is past it is only counted. */
export class ProblemList {
  readonly limit: number;
  readonly #problems: Problem[] = [];
  #errors = 0;
  #warnings = 0;

  constructor(limit = 1_000) {
    this.limit = limit;
  }

  readonly report: Report = (problem) => {
    const count = problem.severity === 'error' ? ++this.#errors : ++this.#warnings;
    if (count <= this.limit) {
      this.#problems.push(problem);
    }
  };

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** How many errors were reported, kept or not. */
  get errors(): number {
    return this.#errors;
  }

  /** How many problems were reported past the bound. */
  get dropped(): number {
    return this.#errors + this.#warnings - this.#problems.length;
  }
}
