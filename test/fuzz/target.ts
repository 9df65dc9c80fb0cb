// What is fuzzed: the contract between the loop, which makes mutants until its time is over, and those who know what to do with one.
import type { Random } from './random.ts';

/** Something is wrong with the program: it ended, stood still, grew, or did what it must not. `bytes` brought it about, or came last. */
export class Finding extends Error {
  readonly bytes: Uint8Array;

  constructor(what: string, bytes: Uint8Array, cause?: unknown) {
    super(what, { cause });
    this.name = 'Finding';
    this.bytes = bytes;
  }
}

export interface Fuzzed {
  /** Makes a mutant and tries it. Resolves with what became of it, in a word or two. Rejects with a Finding. */
  attempt(random: Random): Promise<string>;
  /** Whether all is well, honest events included: asked now and then, and in the end. Rejects with a Finding. */
  check(): Promise<void>;
  /** What there is to say in the end: memory, codes of its log. */
  summary(): string;
  stop(): Promise<void>;
}

export interface FuzzTarget {
  readonly name: string;
  /** Attempts at once: more than one where each waits for a connection. */
  readonly lanes: number;
  /** Outcomes of mutants that got past the first look at them. */
  readonly past: RegExp;
  /** The share of mutants that must get there, so that more than the door is tried. */
  readonly share: number;
  start(): Promise<Fuzzed>;
}
