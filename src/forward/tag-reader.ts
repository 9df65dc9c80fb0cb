// Reads the tag of a message as the listener's options want it: `tag` replaces it, `add_tag_prefix` stands before it.
import { type Tag, tagFromBytes, tagFromText } from '../core/batch.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import { TagTable } from './tag-table.ts';

export interface TagSettings {
  /** `tag`: all events get this one. */
  readonly tag: string | undefined;
  /** `add_tag_prefix`. */
  readonly prefix: string | undefined;
  /** Whether a tag that is nil or an integer is taken by its text, as Fluentd does with a prefix and where invalid events are not skipped. */
  readonly lenient: boolean;
  /** Bytes of the tag as it is sent. */
  readonly sizeLimit: number;
  /** Tags that are remembered. */
  readonly distinctLimit?: number;
  /** Told how many were forgotten, because there are more. */
  readonly forgot?: (count: number) => void;
}

export class TagReader {
  /** The tag of all events, where `tag` says one. */
  readonly fixed: Tag | undefined;
  /** Why the last `read` found no tag. */
  fault: 'FORWARD_INVALID_EVENT' | 'FORWARD_TAG_TOO_LARGE' = 'FORWARD_INVALID_EVENT';
  readonly #sizeLimit: number;
  readonly #lenient: boolean;
  readonly #table: TagTable;
  readonly #span: Span = { start: 0, end: 0 };

  constructor(settings: TagSettings) {
    const prefix = new TextEncoder().encode(settings.prefix === undefined ? '' : `${settings.prefix}.`);
    this.fixed = settings.tag === undefined ? undefined : tagFromText(Buffer.from(prefix).toString() + settings.tag);
    this.#sizeLimit = settings.sizeLimit;
    this.#lenient = settings.lenient || settings.prefix !== undefined;
    const make = (raw: Uint8Array) => {
      const bytes = new Uint8Array(prefix.length + raw.length);
      bytes.set(prefix);
      bytes.set(raw, prefix.length);
      return tagFromBytes(bytes);
    };
    this.#table = new TagTable(make, settings.distinctLimit, settings.forgot);
  }

  /** The tag that is sent as the string content from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Tag {
    return this.#table.find(bytes, start, end);
  }

  /** The tag of events whose message says the value at `pos`; undefined where that cannot be one. */
  read(bytes: Uint8Array, pos: number): Tag | undefined {
    if (this.fixed !== undefined) {
      return this.fixed;
    }
    this.fault = 'FORWARD_INVALID_EVENT';
    if (stringSpan(bytes, pos, this.#span)) {
      if (this.#span.end - this.#span.start > this.#sizeLimit) {
        this.fault = 'FORWARD_TAG_TOO_LARGE';
        return undefined;
      }
      return this.#table.find(bytes, this.#span.start, this.#span.end);
    }
    if (!this.#lenient) {
      return undefined;
    }
    const text = bytes[pos] === 0xc0 ? '' : integerAt(bytes, pos)?.toString();
    if (text === undefined) {
      return undefined;
    }
    const raw = new TextEncoder().encode(text);
    return this.#table.find(raw, 0, raw.length);
  }
}
