// The tree that a configuration file becomes, with the place of everything in it.

/** A place in a file: line and column count from 1, the column in characters. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What `use_default` in an embedded expression stands for: the parameter keeps its default. */
export const useDefault: unique symbol = Symbol('use_default');

export interface Attribute {
  /** The text; null is Ruby's nil (`use_nil`). */
  readonly value: string | null | typeof useDefault;
  /** Where the key stands. */
  readonly at: Position;
  /** Where the value begins. */
  readonly valueAt: Position;
}

/** One section `<name arg>`, or the root (named ROOT). */
export interface Element {
  readonly name: string;
  readonly arg: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly elements: readonly Element[];
  /** Where the section's `<` stands. */
  readonly at: Position;
}
