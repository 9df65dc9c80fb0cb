// JSON in a configuration, as a tree that keeps what JavaScript's own reader would lose: 1.0 is no integer, and large integers stay exact.
import { jsonToMsgpack } from './from-json.ts';
import { decodeTree, type Node } from './transcode-tree.ts';
import { ReadView } from './view.ts';

/** Undefined where the text is no JSON. */
export function parseStoredJson(text: string): Node | undefined {
  const bytes = Buffer.from(text);
  const packed = jsonToMsgpack(bytes, 0, bytes.length, 'str');
  if (packed === undefined) {
    return undefined;
  }
  const from = new ReadView();
  from.set(packed);
  return decodeTree(from, from.start);
}
