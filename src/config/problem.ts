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
