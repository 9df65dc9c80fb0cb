// What a YAML file says, with its aliases, merges and includes put in, and the place of everything: what sections are made from.
import type { Position } from '../element.ts';
import type { ExpressionValue } from '../expression.ts';

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly at: Position;
  /** The value as a parameter has it. */
  readonly text: ExpressionValue;
  /** The value as part of a JSON text. */
  readonly json: unknown;
}

export interface YamlList {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly YamlNode[];
}

export interface YamlMap {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  /** Where the key stands. */
  readonly at: Position;
  readonly value: YamlNode;
}

/** What could not be read, which is reported: nothing more is to be said of it. */
export interface YamlBroken {
  readonly kind: 'broken';
  readonly at: Position;
}

export type YamlNode = YamlScalar | YamlList | YamlMap | YamlBroken;

/** Whether there is nothing: `key:` and no more. */
export function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.text === null;
}
