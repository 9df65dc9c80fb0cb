// A msgpack value as a tree of what Ruby would make of it, for what cannot be written in one pass: duplicate keys, keys that are no
// strings, Ruby's own notation. Not for the common path.
import { maxDepth } from './skip.ts';
import { integerAt } from './text.ts';
import { extBody, extSpan, headSizes } from './transcode-scalars.ts';
import type { ReadView } from './view.ts';

/** A str or bin: its bytes, which stay where they are. */
export class TextNode {
  readonly bytes: Uint8Array;
  readonly binary: boolean;

  constructor(bytes: Uint8Array, binary: boolean) {
    this.bytes = bytes;
    this.binary = binary;
  }
}

export class FloatNode {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** An EventTime; `sec` is undefined where it was sent with less than four bytes. */
export class EventTimeNode {
  readonly sec: number | undefined;
  readonly nsec: number;

  constructor(sec: number | undefined, nsec: number) {
    this.sec = sec;
    this.nsec = nsec;
  }
}

/** Pairs in the order of the keys' first appearance; of a key that stood there twice, the last value. */
export class MapNode {
  readonly pairs: [Node, Node][] = [];
}

export type Node = null | boolean | bigint | FloatNode | TextNode | EventTimeNode | readonly Node[] | MapNode;

/** The value at `at`; undefined where it is broken. */
export function decodeTree(from: ReadView, at: number): Node | undefined {
  return new TreeReader(from, at).read(0);
}

class TreeReader {
  readonly #from: ReadView;
  #at: number;

  constructor(from: ReadView, at: number) {
    this.#from = from;
    this.#at = at;
  }

  read(depth: number): Node | undefined {
    const { bytes, data, end } = this.#from;
    const at = this.#at;
    const head = at < end ? (bytes[at] as number) : 0xc1;
    if (head >= 0xa0 && head < 0xc0) {
      return this.#text(1, head & 0x1f, false);
    }
    if (head < 0x80 || head >= 0xe0) {
      this.#at++;
      return BigInt(head < 0x80 ? head : head - 256);
    }
    if (head < 0xa0) {
      return this.#container(head < 0x90, 1, head & 0x0f, depth);
    }
    const size = headSizes[head & 0x1f] as number;
    if (size === 0 || at + size > end) {
      return undefined;
    }
    const length = size === 2 ? data.getUint8(at + 1) : size === 3 ? data.getUint16(at + 1) : 0;
    const longLength = size === 5 ? data.getUint32(at + 1) : length;
    if ((head >= 0xc4 && head <= 0xc6) || (head >= 0xd9 && head <= 0xdb)) {
      return this.#text(size, longLength, head <= 0xc6);
    }
    if (head >= 0xdc) {
      return this.#container(head >= 0xde, size, longLength, depth);
    }
    if ((head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8)) {
      return this.#eventTime();
    }
    this.#at += size;
    if (head <= 0xc3) {
      return head === 0xc0 ? null : head === 0xc3;
    }
    if (head === 0xca || head === 0xcb) {
      return new FloatNode(head === 0xca ? data.getFloat32(at + 1) : data.getFloat64(at + 1));
    }
    return integerAt(bytes, at);
  }

  #text(headSize: number, length: number, binary: boolean): Node | undefined {
    const start = this.#at + headSize;
    if (start + length > this.#from.end) {
      return undefined;
    }
    this.#at = start + length;
    return new TextNode(this.#from.bytes.subarray(start, start + length), binary);
  }

  #eventTime(): Node | undefined {
    const body = extBody(this.#from.bytes, this.#at);
    const end = extSpan(this.#from, this.#at);
    if (end < 0) {
      return undefined;
    }
    this.#at = end;
    const { data } = this.#from;
    const sec = end - body >= 4 ? data.getUint32(body) : undefined;
    return new EventTimeNode(sec, end - body >= 8 ? data.getUint32(body + 4) : 0);
  }

  #container(map: boolean, headSize: number, length: number, depth: number): Node | undefined {
    this.#at += headSize;
    if (depth >= maxDepth || length > this.#from.end - this.#at) {
      return undefined;
    }
    return map ? this.#map(length, depth + 1) : this.#array(length, depth + 1);
  }

  #array(length: number, depth: number): Node | undefined {
    const items: Node[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.read(depth);
      if (item === undefined) {
        return undefined;
      }
      items.push(item);
    }
    return items;
  }

  #map(length: number, depth: number): Node | undefined {
    const map = new MapNode();
    const places = new Map<string, [Node, Node]>();
    for (let i = 0; i < length; i++) {
      const key = this.read(depth);
      const value = key === undefined ? undefined : this.read(depth);
      if (key === undefined || value === undefined) {
        return undefined;
      }
      const identity = keyIdentity(key);
      const place = places.get(identity);
      if (place === undefined) {
        const pair: [Node, Node] = [key, value];
        places.set(identity, pair);
        map.pairs.push(pair);
      } else {
        place[1] = value;
      }
    }
    return map;
  }
}

/** Two keys are one in Ruby when their types and contents are; a str and a bin are when both are ASCII. */
function keyIdentity(key: Node): string {
  if (key instanceof TextNode) {
    const text = Buffer.from(key.bytes.buffer, key.bytes.byteOffset, key.bytes.byteLength).toString('latin1');
    return `${key.binary && key.bytes.some((byte) => byte >= 0x80) ? 'b' : 's'}${text.length}:${text}`;
  }
  if (key instanceof FloatNode) {
    return `f${Object.is(key.value, -0) ? '-0' : key.value}`;
  }
  if (key instanceof EventTimeNode) {
    return `t${key.sec}.${key.nsec}`;
  }
  if (key instanceof MapNode) {
    return `{${key.pairs.map((pair) => pair.map(keyIdentity).join('=')).join()}}`;
  }
  return Array.isArray(key) ? `[${key.map(keyIdentity).join()}]` : `v${key}`;
}
