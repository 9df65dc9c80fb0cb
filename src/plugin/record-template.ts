// The texts of a <record> section, taken apart: what stands there as it is, and the placeholders. What becomes of them in an event is
// record-values.ts. As Fluentd's record_transformer has them without Ruby.
import { parseStoredJson } from '../msgpack/stored-json.ts';
import { FloatNode, MapNode, type Node, TextNode } from '../msgpack/transcode-tree.ts';
import { FieldPath } from '../msgpack/view-field.ts';

/** What people may write; for hints. */
export const knownPlaceholders = [
  'tag',
  'tag_parts[N]',
  'tag_prefix[N]',
  'tag_suffix[N]',
  'time',
  'hostname',
  'record["NAME"]',
]
  .map((name) => `\${${name}}`)
  .join(', ');

export type PartList = 'tag_parts' | 'tag_prefix' | 'tag_suffix';

export type Placeholder = { readonly text: string } & (
  | { readonly kind: 'tag' | 'time' | 'hostname' | 'unknown' }
  | { readonly kind: PartList; readonly index: number }
  | { readonly kind: 'record'; readonly field: FieldPath }
);

/** A text with placeholders in it. */
export interface TextTemplate {
  readonly kind: 'text';
  readonly pieces: readonly (Uint8Array | Placeholder)[];
  /** The placeholder that is all of the text: it may become a value of any type. */
  readonly single: Placeholder | undefined;
  readonly changes: Changes;
}

/** A value with texts in it. */
export type Template =
  | TextTemplate
  | { readonly kind: 'scalar'; readonly value: null | boolean | bigint | number; readonly changes: 'never' }
  | { readonly kind: 'array'; readonly items: readonly Template[]; readonly changes: Changes }
  | {
      readonly kind: 'map';
      readonly pairs: readonly (readonly [TextTemplate, Template])[];
      readonly changes: Changes;
    };

/** How often a template has to be made new. */
export type Changes = 'never' | 'tag' | 'event';

/** A parameter's value: text, or JSON where it begins as JSON does. Undefined where it begins so and is none. */
export function parseTemplate(value: string): Template | undefined {
  if (!value.startsWith('{') && !value.startsWith('[')) {
    return parseText(value);
  }
  const node = parseStoredJson(value);
  return node === undefined ? undefined : fromNode(node);
}

export function parseText(text: string): TextTemplate {
  const pieces: (Uint8Array | Placeholder)[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$\{[^}]+\}|__[A-Z_]+__/g)) {
    if (match.index > end) {
      pieces.push(encode(text.slice(end, match.index)));
    }
    pieces.push(placeholder(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    pieces.push(encode(text.slice(end)));
  }
  const [first] = pieces;
  return {
    kind: 'text',
    pieces,
    single: pieces.length === 1 && !(first instanceof Uint8Array) ? first : undefined,
    changes: mostOf(pieces.map((piece) => (piece instanceof Uint8Array ? 'never' : changesOf(piece)))),
  };
}

/** The placeholders of a template that have no meaning anywhere. */
export function unknownIn(template: Template): string[] {
  switch (template.kind) {
    case 'text':
      return template.pieces.flatMap((piece) =>
        !(piece instanceof Uint8Array) && piece.kind === 'unknown' ? [piece.text] : [],
      );
    case 'array':
      return template.items.flatMap(unknownIn);
    case 'map':
      return template.pairs.flatMap(([key, value]) => [...unknownIn(key), ...unknownIn(value)]);
    default:
      return [];
  }
}

function placeholder(text: string): Placeholder {
  const list = /^\$\{(tag_parts|tag_prefix|tag_suffix)\[(0|-?[1-9]\d{0,8})\]\}$/.exec(text);
  if (list !== null) {
    return { text, kind: list[1] as PartList, index: Number(list[2]) };
  }
  const name = /^\$\{(tag|time|hostname)\}$/.exec(text)?.[1];
  if (name !== undefined) {
    return { text, kind: name as 'tag' | 'time' | 'hostname' };
  }
  const key = /^\$\{record\["(.*)"\]\}$/s.exec(text)?.[1];
  return key === undefined || looksNested(key)
    ? { text, kind: 'unknown' }
    : { text, kind: 'record', field: new FieldPath(key, [key]) };
}

/** `a"]["b` is the way to a field below another, which is not understood, rather than a field's name. */
function looksNested(key: string): boolean {
  return key.includes('"]["');
}

function changesOf({ kind }: Placeholder): Changes {
  return kind === 'record' || kind === 'time' ? 'event' : kind === 'hostname' ? 'never' : 'tag';
}

function mostOf(list: readonly Changes[]): Changes {
  return list.includes('event') ? 'event' : list.includes('tag') ? 'tag' : 'never';
}

function fromNode(node: Node): Template {
  if (node instanceof TextNode) {
    return parseText(Buffer.from(node.bytes).toString());
  }
  if (node instanceof MapNode) {
    const pairs = node.pairs.map(
      ([key, value]) =>
        [parseText(key instanceof TextNode ? Buffer.from(key.bytes).toString() : ''), fromNode(value)] as const,
    );
    return { kind: 'map', pairs, changes: mostOf(pairs.flat().map(({ changes }) => changes)) };
  }
  if (node instanceof FloatNode) {
    return { kind: 'scalar', value: node.value, changes: 'never' };
  }
  if (Array.isArray(node)) {
    const items = node.map(fromNode);
    return { kind: 'array', items, changes: mostOf(items.map(({ changes }) => changes)) };
  }
  return { kind: 'scalar', value: node as null | boolean | bigint, changes: 'never' };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
