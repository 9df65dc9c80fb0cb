// Ruby's own notation of a value: `inspect` ({"a"=>1, "b"=>nil}, all ASCII) and `to_s`. Fluentd prints it in `hash`, and wherever a value
// that is no string stands in a text.
import { rubyFloat } from './numbers.ts';
import { EventTimeNode, FloatNode, MapNode, type Node, TextNode } from './transcode-tree.ts';
import { codePoint, utf8Length } from './transcode-utf8.ts';
import type { WriteView } from './view.ts';

/** How `inspect` shows an EventTime, of seconds and nanoseconds. */
export type TimeText = (sec: number, nsec: number) => string;

/** As Ruby 3.1's `inspect` in a process with no encoding of its own, which Fluentd's workers are. */
export class RubyNotation {
  readonly #timeText: TimeText;

  constructor(timeText: TimeText) {
    this.#timeText = timeText;
  }

  inspect(node: Node): string {
    if (node === null) {
      return 'nil';
    }
    if (node instanceof TextNode) {
      return inspectText(node);
    }
    if (node instanceof MapNode) {
      return `{${node.pairs.map(([key, value]) => `${this.inspect(key)}=>${this.inspect(value)}`).join(', ')}}`;
    }
    if (node instanceof FloatNode) {
      return rubyFloat(node.value);
    }
    if (node instanceof EventTimeNode) {
      return this.#timeText(node.sec ?? 0, node.nsec);
    }
    return Array.isArray(node) ? `[${node.map((item) => this.inspect(item)).join(', ')}]` : String(node);
  }

  /** Writes `to_s` of the value: a string's bytes as they are, nothing for nil. False where it does not fit. */
  writeText(node: Node, to: WriteView): boolean {
    return node instanceof TextNode ? to.copy(node.bytes, 0, node.bytes.length) : to.ascii(this.text(node));
  }

  /** `to_s` of a value that is no string. */
  text(node: Exclude<Node, TextNode>): string {
    if (node === null) {
      return '';
    }
    return node instanceof EventTimeNode ? String(node.sec ?? '') : this.inspect(node);
  }
}

const named: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  34: '\\"',
  92: '\\\\',
};

function inspectText({ bytes, binary }: TextNode): string {
  let text = '"';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const length = byte < 0x80 || binary ? 1 : utf8Length(bytes, at, bytes.length);
    if (length > 1) {
      const point = codePoint(bytes, at, length).toString(16).toUpperCase();
      text += point.length > 4 ? `\\u{${point}}` : `\\u${point.padStart(4, '0')}`;
      at += length;
      continue;
    }
    text += inspectByte(byte, binary, bytes[at + 1]);
    at++;
  }
  return `${text}"`;
}

function inspectByte(byte: number, binary: boolean, next: number | undefined): string {
  const name = named[byte];
  if (name !== undefined) {
    return name;
  }
  if (byte === 0x23 && (next === 0x24 || next === 0x40 || next === 0x7b)) {
    return '\\#'; // `#{`, `#$` and `#@` would be read as interpolation
  }
  if (byte >= 0x20 && byte < 0x7f) {
    return String.fromCharCode(byte);
  }
  const hex = byte.toString(16).toUpperCase().padStart(2, '0');
  return binary || byte >= 0x80 ? `\\x${hex}` : `\\u00${hex}`;
}
