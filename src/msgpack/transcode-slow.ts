// JSON of records that the one-pass transcoder does not take: keys that are no strings become Ruby's `to_s` of them, of a key that stands
// there twice the last value stands in the first one's place, maps may have any number of keys.
import { Skip } from './skip.ts';
import type { JsonTranscoder } from './transcode.ts';
import { RubyNotation } from './transcode-inspect.ts';
import { decodeTree, EventTimeNode, FloatNode, MapNode, type Node, TextNode } from './transcode-tree.ts';
import { broken, noRoom, ReadView, type WriteView } from './view.ts';

/** Of keys; an EventTime inside a key that is an array or a map is its seconds. */
const keyNotation = new RubyNotation((sec) => String(sec));

/** Writes the value at `at` as `JsonTranscoder.write` does. */
export function writeSlow(json: JsonTranscoder, from: ReadView, at: number, to: WriteView): number {
  const next = new Skip().run(from.bytes, at, from.end);
  const tree = next < 0 ? undefined : decodeTree(from, at);
  if (tree === undefined) {
    return broken;
  }
  const begin = to.at;
  if (!writeNode(json, tree, to)) {
    to.at = begin;
    return noRoom;
  }
  return next;
}

function writeNode(json: JsonTranscoder, node: Node, to: WriteView): boolean {
  if (node instanceof TextNode) {
    return writeText(json, node.bytes, to);
  }
  if (node instanceof MapNode) {
    return writeMap(json, node, to);
  }
  if (Array.isArray(node)) {
    return writeArray(json, node, to);
  }
  if (node instanceof FloatNode) {
    return to.ascii(json.dialect.float(node.value));
  }
  return to.ascii(String(node instanceof EventTimeNode ? (node.sec ?? null) : node));
}

function writeMap(json: JsonTranscoder, map: MapNode, to: WriteView): boolean {
  let separator = '{';
  for (const [key, value] of map.pairs) {
    if (!to.ascii(separator) || !writeKey(json, key, to) || !to.ascii(':') || !writeNode(json, value, to)) {
      return false;
    }
    separator = ',';
  }
  return to.ascii(map.pairs.length === 0 ? '{}' : '}');
}

function writeArray(json: JsonTranscoder, items: readonly Node[], to: WriteView): boolean {
  let separator = '[';
  for (const item of items) {
    if (!to.ascii(separator) || !writeNode(json, item, to)) {
      return false;
    }
    separator = ',';
  }
  return to.ascii(items.length === 0 ? '[]' : ']');
}

function writeKey(json: JsonTranscoder, key: Node, to: WriteView): boolean {
  if (key instanceof TextNode) {
    return writeText(json, key.bytes, to);
  }
  return writeText(json, new TextEncoder().encode(keyNotation.text(key)), to);
}

function writeText(json: JsonTranscoder, bytes: Uint8Array, to: WriteView): boolean {
  const text = new ReadView();
  text.set(bytes);
  return json.writeString(text, to);
}
