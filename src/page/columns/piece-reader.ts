// What a record says of the piece of a line that it holds, as Docker's driver and others mark them. Which pieces make a line is pieces.ts's.
import type { EventSubject } from '../../live/query/event-subject.ts';
import { integerAt, type Span, stringSpan } from '../../msgpack/text.ts';
import type { PieceMarks } from '../pieces.ts';

/** Bytes of an id, an ordinal or a source that are looked at. */
const longest = 256;

export class PieceReader {
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** Of the event that the subject has open; undefined where it is no piece. While others wait for their end, which may have no mark, it may be one. */
  read(subject: EventSubject, isWaiting: boolean): PieceMarks | undefined {
    const { at } = subject.record;
    const { bytes } = subject.view;
    const partial = this.#isTrue(bytes, at.partial_message);
    const id = this.#string(bytes, at.partial_id);
    if (!partial && id === '' && !isWaiting) {
      return undefined;
    }
    const { sec, nsec } = subject.event;
    const container = subject.container();
    return {
      id: id === '' ? '' : `${container} ${id}`,
      ordinal: Number(this.#string(bytes, at.partial_ordinal)),
      last: this.#isTrue(bytes, at.partial_last),
      partial: partial || id !== '',
      source: `${container} ${this.#string(bytes, at.source)} ${sec} ${nsec}`,
      bytes: at.log !== 0 && stringSpan(bytes, at.log, this.#span) ? this.#span.end - this.#span.start : 0,
    };
  }

  #isTrue(bytes: Uint8Array, at: number): boolean {
    return at !== 0 && (bytes[at] === 0xc3 || this.#string(bytes, at) === 'true');
  }

  /** A short string of the record; of another value '', of an integer its digits. */
  #string(bytes: Uint8Array, at: number): string {
    if (at === 0) {
      return '';
    }
    if (!stringSpan(bytes, at, this.#span)) {
      return integerAt(bytes, at)?.toString() ?? '';
    }
    const { start, end } = this.#span;
    return this.#decoder.decode(bytes.subarray(start, Math.min(end, start + longest)));
  }
}
