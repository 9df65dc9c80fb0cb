// What the search asks of a kernel: finding a text, picking events by their columns, counting them. Addresses are in bytes of the memory; bits
// are words of 32, of which those that `from` and `to` - 1 are in are written whole: what they say of other events does not matter.

export interface SearchKernel {
  /** Sets a bit for each event from `first` to `last` - 1 whose line has the needle; assembly/find.ts says what the rest is. */
  find(
    offsets: number,
    first: number,
    last: number,
    needle: number,
    size: number,
    p: number,
    q: number,
    bits: number,
    within: number,
  ): void;
  /** Writes bits of the events whose level has an answer other than 0, of sixteen. */
  pickLevels(levels: number, from: number, to: number, answers: number, bits: number): void;
  /** Writes bits of the events that have any flag of a mask. */
  pickFlags(flags: number, from: number, to: number, mask: number, bits: number): void;
  /** Writes bits of the events whose shape or origin has the answer 1 to `yes`, and of those that have 1 or 2 to `maybe`. */
  pickNumbers(column: number, from: number, to: number, answers: number, yes: number, maybe: number): void;
  /** Adds `by` to the number of its shape or origin for each event whose bit is set; the table has 32 bits for each. */
  countNumbers(column: number, from: number, to: number, bits: number, by: number, table: number): void;
  /** The same for levels. */
  countLevels(column: number, from: number, to: number, bits: number, by: number, table: number): void;
  /** Writes runs of events of one second and lane (layout.ts) to `runs`; returns how many. */
  countSeconds(
    seconds: number,
    origins: number,
    levels: number,
    from: number,
    to: number,
    bits: number,
    lanes: number,
    runs: number,
  ): number;
}
