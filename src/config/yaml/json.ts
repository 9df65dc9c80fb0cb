// A list or mapping as the value of one parameter: what `!fluent/json` makes, and lists of values.
import type { YamlNode } from './node.ts';

/** The value for JSON.stringify. `room` says of each part whether there is still room for it; what is past it is left out. */
export function jsonOf(node: YamlNode, room: (part: YamlNode) => boolean): unknown {
  if (!room(node)) {
    return null;
  }
  switch (node.kind) {
    case 'scalar':
      return node.json;
    case 'broken':
      return null;
    case 'list':
      return node.items.map((item) => jsonOf(item, room));
    case 'map':
      return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, jsonOf(value, room)]));
  }
}
