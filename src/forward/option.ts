// Reads the option of a message in place, and tells what Fluentd makes of options that are none.
import { isMap } from '../msgpack/entries.ts';
import { Skip } from '../msgpack/skip.ts';
import { integerAt, type Span, stringIs, stringSpan } from '../msgpack/text.ts';

export type Compression = 'text' | 'gzip' | 'zstd' | 'unknown';

const nil = 0xc0;
const isFalse = 0xc2;

/** What an option says, reused from message to message. */
export class MessageOption {
  /** Where the chunk id is; `#chunkEnd` is 0 where no ack is asked for. */
  #chunkStart = 0;
  #chunkEnd = 0;
  #word = false;
  compressed: Compression = 'text';
  /** False for what Fluentd fails on: it closes the connection. */
  valid = true;
  /** Whether `size` is what Fluentd can turn into a number; where it cannot, it closes before anything is emitted. */
  validSize = true;
  /** `fluent_signal`: 0 for logs, 1 for metrics, 2 for traces (Fluent Bit). */
  signal = 0;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };

  clear(): void {
    this.#chunkEnd = 0;
    this.#word = false;
    this.compressed = 'text';
    this.valid = true;
    this.validSize = true;
    this.signal = 0;
  }

  /** Reads the option between `start` and `end`; there is none where they are equal. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.clear();
    const head = bytes[start] as number;
    if (start >= end || head === nil || head === isFalse || head === 0x80) {
      return;
    }
    if (isMap(head)) {
      this.#readMap(bytes, start, end);
    } else if (stringSpan(bytes, start, this.#span)) {
      this.#readText(bytes, this.#span.start, this.#span.end);
    } else {
      this.valid = false;
    }
  }

  /** Whether an ack is asked for. */
  get asks(): boolean {
    return this.#word || this.#chunkEnd > 0;
  }

  /** A copy of the chunk id, which is one msgpack value of any type; undefined where no ack is asked for. */
  chunk(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#word) {
      return chunkWord;
    }
    return this.#chunkEnd === 0 ? undefined : bytes.slice(this.#chunkStart, this.#chunkEnd);
  }

  #readMap(bytes: Uint8Array, start: number, end: number): void {
    const head = bytes[start] as number;
    let pos = start + (head === 0xde ? 3 : head === 0xdf ? 5 : 1);
    while (pos < end) {
      const value = this.#skip.run(bytes, pos, end);
      const next = this.#skip.run(bytes, value, end);
      const head = bytes[value] as number;
      if (stringIs(bytes, pos, 'chunk', this.#span)) {
        const asks = head !== nil && head !== isFalse;
        this.#chunkStart = value;
        this.#chunkEnd = asks ? next : 0;
      } else if (stringIs(bytes, pos, 'compressed', this.#span)) {
        this.compressed = this.#compression(bytes, value, head);
      } else if (stringIs(bytes, pos, 'size', this.#span)) {
        // Ruby's to_i: numbers, strings and nil have it, false is passed over.
        const number =
          head < 0x80 || head >= 0xe0 || (head >= 0xca && head <= 0xd3) || head === nil || head === isFalse;
        this.validSize = number || stringSpan(bytes, value, this.#span);
      } else if (stringIs(bytes, pos, 'fluent_signal', this.#span)) {
        this.signal = Number(integerAt(bytes, value) ?? 0n);
      }
      pos = next;
    }
  }

  #compression(bytes: Uint8Array, value: number, head: number): Compression {
    if (head === nil || head === isFalse || stringIs(bytes, value, 'text', this.#span)) {
      return 'text';
    }
    if (stringIs(bytes, value, 'gzip', this.#span)) {
      return 'gzip';
    }
    return stringIs(bytes, value, 'zstd', this.#span) ? 'zstd' : 'unknown';
  }

  /** Ruby's `text['chunk']` is 'chunk' where the text contains it: Fluentd acks such a text by the word itself. */
  #readText(bytes: Uint8Array, start: number, end: number): void {
    const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    this.#word = text.includes('chunk');
    if (text.includes('compressed')) {
      this.compressed = 'unknown';
    }
  }
}

/** The msgpack string 'chunk'. */
const chunkWord = Uint8Array.of(0xa5, 0x63, 0x68, 0x75, 0x6e, 0x6b);
