// All that the details show of one event, read when they are opened.

import {
  jsonOf,
  type Node,
  noLimits,
  readTree,
  recordStart,
  type TreeLimits,
  textOf,
  treeOfJson,
} from '../msgpack/tree.ts';
import type { EventReader, Shown } from './event.ts';
import type { Held } from './held.ts';

export interface Dossier {
  readonly shown: Shown;
  readonly held: Held;
  /** Of the event, as msgpack. */
  readonly bytes: number;
  /** The line, '' where the record has none. */
  readonly line: string;
  /** The line's own fields, where it is a JSON object. */
  readonly parsed: Node | undefined;
  /** The record's fields but the line. */
  readonly fields: Node;
  /** All of the record. */
  json(): string;
}

const treeLimits: TreeLimits = { depth: 24, nodes: 2000 };
/** Longer lines are not tried as JSON. */
const mostParsed = 1024 * 1024;

export function readDossier(ref: Held, reader: EventReader): Dossier {
  const { entry } = ref;
  const shown = reader.shown(ref);
  const line = reader.line(ref);
  const joined = (ref.whole?.count ?? 0) > 1;
  const tree = (limits: TreeLimits) => readTree(entry, recordStart(entry), limits);
  return {
    shown,
    held: ref,
    bytes: entry.length,
    line,
    parsed: parse(line),
    fields: shown.messageField === '' ? tree(treeLimits) : without(tree(treeLimits), shown.messageField),
    json: () => jsonOf(joined ? withLine(tree(noLimits), shown.messageField, line) : tree(noLimits)),
  };
}

function parse(line: string): Node | undefined {
  if (line.length > mostParsed || !/^\s*\{/.test(line)) {
    return undefined;
  }
  try {
    return treeOfJson(JSON.parse(line), treeLimits);
  } catch {
    return undefined;
  }
}

function without(node: Node, field: string): Node {
  return node.kind === 'map' ? { ...node, pairs: node.pairs.filter(([key]) => textOf(key) !== field) } : node;
}

/** Of a line that was cut, the whole line and no word of pieces. */
function withLine(node: Node, field: string, line: string): Node {
  if (node.kind !== 'map') {
    return node;
  }
  const pairs = node.pairs
    .filter(([key]) => !textOf(key).startsWith('partial_'))
    .map(([key, value]) => [key, textOf(key) === field ? ({ kind: 'text', text: line } as const) : value] as const);
  return { ...node, pairs };
}
