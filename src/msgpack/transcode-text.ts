// Values as plain text, Ruby's `to_s`: strings as their bytes, everything else in Ruby's notation. For formats that are not JSON.
import { Skip } from './skip.ts';
import { type Span, stringSpan } from './text.ts';
import type { ValueWriter } from './transcode.ts';
import { escapeControls } from './transcode-controls.ts';
import { RubyNotation, type TimeText } from './transcode-inspect.ts';
import { decodeTree, type Node, TextNode } from './transcode-tree.ts';
import { broken, noRoom, type ReadView, type WriteView } from './view.ts';

/** Writes a value as `inspect` shows it: `{"a"=>1}`. */
export class InspectWriter implements ValueWriter {
  readonly #notation: RubyNotation;
  readonly #skip = new Skip();

  constructor(timeText: TimeText) {
    this.#notation = new RubyNotation(timeText);
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const next = spanOf(this.#skip, from, at);
    const tree = next < 0 ? undefined : decodeTree(from, at);
    if (tree === undefined) {
      return broken;
    }
    return to.ascii(this.#notation.inspect(tree)) ? next : noRoom;
  }
}

/** Writes values as `to_s` does. `escape`: control characters but tabs and newlines are escaped, for a terminal. */
export class TextWriter implements ValueWriter {
  readonly #notation: RubyNotation;
  readonly #escape: boolean;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };

  constructor(timeText: TimeText, escapes: boolean) {
    this.#notation = new RubyNotation(timeText);
    this.#escape = escapes;
  }

  write(from: ReadView, at: number, to: WriteView): number {
    const span = this.#span;
    if (at < from.end && stringSpan(from.bytes, at, span) && span.end <= from.end) {
      if (this.#escape) {
        return this.#copy(from.bytes.subarray(span.start, span.end), to) ? span.end : noRoom;
      }
      return to.copy(from.bytes, span.start, span.end) ? span.end : noRoom;
    }
    const next = spanOf(this.#skip, from, at);
    const tree = next < 0 ? undefined : decodeTree(from, at);
    return tree === undefined ? broken : to.ascii(this.#textOf(tree)) ? next : noRoom;
  }

  /** The bytes of a value's text; undefined where it is broken. */
  bytesOf(from: ReadView, at: number): Uint8Array | undefined {
    const tree = decodeTree(from, at);
    return tree === undefined ? undefined : this.bytesOfNode(tree);
  }

  bytesOfNode(node: Node): Uint8Array {
    if (node instanceof TextNode) {
      return this.#escape ? escapeControls(node.bytes, true) : node.bytes;
    }
    return Buffer.from(this.#textOf(node));
  }

  #textOf(node: Node): string {
    return node instanceof TextNode ? '' : this.#notation.text(node);
  }

  #copy(bytes: Uint8Array, to: WriteView): boolean {
    const safe = escapeControls(bytes, true);
    return to.copy(safe, 0, safe.length);
  }
}

/** Copies a value as it is. */
export class RawWriter implements ValueWriter {
  readonly #skip = new Skip();

  write(from: ReadView, at: number, to: WriteView): number {
    const next = spanOf(this.#skip, from, at);
    return next < 0 ? broken : to.copy(from.bytes, at, next) ? next : noRoom;
  }
}

/** The position behind a value, or `broken`. */
export function spanOf(skip: Skip, from: ReadView, at: number): number {
  const next = skip.run(from.bytes, at, from.end);
  if (next < 0) {
    skip.reset();
    return broken;
  }
  return next;
}
