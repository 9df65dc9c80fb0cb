// Reads a msgpack value into a tree for people: every key and value as it was sent, in its order, doubled and odd keys too. No object is
// made with keys that others chose, integers stay exact. Also its JSON, for the clipboard.
import { arrayLength, firstElement, isArray, isMap } from './entries.ts';
import { Skip } from './skip.ts';
import { integerAt, type Span, stringSpan } from './text.ts';
import { ReadView } from './view.ts';
import { EventView } from './view-event.ts';
import { mapBody, mapLength } from './view-field.ts';

export type Node =
  | { readonly kind: 'text' | 'binary'; readonly text: string }
  | { readonly kind: 'number' | 'word'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly more: boolean }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [Node, Node])[]; readonly more: boolean };

export interface TreeLimits {
  readonly depth: number;
  /** Of the whole tree. */
  readonly nodes: number;
}

export const noLimits: TreeLimits = { depth: 512, nodes: Number.POSITIVE_INFINITY };

/** The value at `at` of `bytes`. */
export function readTree(bytes: Uint8Array, at: number, limits: TreeLimits): Node {
  const view = new ReadView();
  view.set(bytes);
  return new TreeReader(view, limits).read(view.start + at, 0);
}

class TreeReader {
  readonly #view: ReadView;
  readonly #limits: TreeLimits;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  #nodes = 0;

  constructor(view: ReadView, limits: TreeLimits) {
    this.#view = view;
    this.#limits = limits;
  }

  read(at: number, depth: number): Node {
    const { bytes } = this.#view;
    const head = bytes[at] as number;
    this.#nodes++;
    if (isMap(head)) {
      return this.#map(at, depth);
    }
    if (isArray(head)) {
      return this.#list(at, depth);
    }
    if (stringSpan(bytes, at, this.#span)) {
      const text = decoder.decode(bytes.subarray(this.#span.start, this.#span.end));
      return { kind: head >= 0xc4 && head <= 0xc6 ? 'binary' : 'text', text };
    }
    return this.#scalar(at, head);
  }

  #map(at: number, depth: number): Node {
    const pairs: (readonly [Node, Node])[] = [];
    let pos = mapBody(this.#view.bytes, at);
    let left = mapLength(this.#view, at);
    for (; left > 0 && this.#roomAt(depth); left--) {
      const value = this.#next(pos);
      pairs.push([this.read(pos, depth + 1), this.read(value, depth + 1)]);
      pos = this.#next(value);
    }
    return { kind: 'map', pairs, more: left > 0 };
  }

  #list(at: number, depth: number): Node {
    const items: Node[] = [];
    let pos = firstElement(this.#view.bytes, at);
    let left = arrayLength(this.#view.bytes, at);
    for (; left > 0 && this.#roomAt(depth); left--) {
      items.push(this.read(pos, depth + 1));
      pos = this.#next(pos);
    }
    return { kind: 'list', items, more: left > 0 };
  }

  #roomAt(depth: number): boolean {
    return depth < this.#limits.depth && this.#nodes < this.#limits.nodes;
  }

  #scalar(at: number, head: number): Node {
    if (head === 0xc0 || head === 0xc2 || head === 0xc3) {
      return { kind: 'word', text: head === 0xc0 ? 'null' : head === 0xc2 ? 'false' : 'true' };
    }
    if (head === 0xca || head === 0xcb) {
      const { data } = this.#view;
      return { kind: 'number', text: String(head === 0xca ? data.getFloat32(at + 1) : data.getFloat64(at + 1)) };
    }
    const integer = integerAt(this.#view.bytes, at);
    return integer === undefined
      ? { kind: 'word', text: `EventTime ${this.#hex(at)}` }
      : { kind: 'number', text: integer.toString() };
  }

  #hex(at: number): string {
    return Array.from(this.#view.bytes.subarray(at, this.#next(at)), (byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    );
  }

  #next(at: number): number {
    return this.#skip.run(this.#view.bytes, at, this.#view.end);
  }
}

/** Where the record of a `[time, record]` begins; negative where it is none. */
export function recordStart(entry: Uint8Array): number {
  const view = new ReadView();
  view.set(entry);
  const at = new EventView().open(view, view.start);
  return at < 0 ? at : at - view.start;
}

/** The tree of a parsed JSON value. */
export function treeOfJson(value: unknown, limits: TreeLimits): Node {
  let nodes = 0;
  const read = (part: unknown, depth: number): Node => {
    nodes++;
    if (typeof part === 'string') {
      return { kind: 'text', text: part };
    }
    if (typeof part !== 'object' || part === null) {
      return { kind: typeof part === 'number' ? 'number' : 'word', text: String(part) };
    }
    const entries = Object.entries(part);
    const kept: (readonly [string, Node])[] = [];
    for (const [key, child] of entries) {
      if (depth >= limits.depth || nodes >= limits.nodes) {
        break;
      }
      kept.push([key, read(child, depth + 1)]);
    }
    const more = kept.length < entries.length;
    return Array.isArray(part)
      ? { kind: 'list', items: kept.map(([, item]) => item), more }
      : { kind: 'map', pairs: kept.map(([key, item]) => [{ kind: 'text', text: key }, item] as const), more };
  };
  return read(value, 0);
}

/** The tree as JSON. Control characters are escaped, also those that JSON itself lets pass. */
export function jsonOf(node: Node): string {
  switch (node.kind) {
    case 'map':
      return `{${node.pairs.map(([key, value]) => `${quoted(textOf(key))}:${jsonOf(value)}`).join(',')}}`;
    case 'list':
      return `[${node.items.map(jsonOf).join(',')}]`;
    case 'number':
      return /^-?\d/.test(node.text) ? node.text : quoted(node.text);
    case 'word':
      return node.text.startsWith('E') ? quoted(node.text) : node.text;
    default:
      return quoted(node.text);
  }
}

/** A value on one line: of a text the text, else its JSON. */
export function textOf(node: Node): string {
  return node.kind === 'map' || node.kind === 'list' ? jsonOf(node) : node.text;
}

const beyondJson = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function quoted(text: string): string {
  return JSON.stringify(text).replace(beyondJson, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
