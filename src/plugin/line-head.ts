// The text in front of each record of a line: the event's time and the tag. The part that follows the time is kept for each tag, and the
// time from one event to the next of its second.
import type { Tag } from '../core/batch.ts';
import type { TimeText } from '../core/time-format.ts';
import { escapeControls } from '../msgpack/transcode-controls.ts';
import type { WriteView } from '../msgpack/view.ts';
import type { EventView } from '../msgpack/view-event.ts';

/** What stands in front of each record. */
export interface LineHead {
  readonly time: TimeText | undefined;
  /** Between time and tag, or behind the time where there is no tag. */
  readonly behindTime: string;
  readonly tag: boolean;
  readonly behindTag: string;
}

/** The part behind the time: bytes as a view, which has some more behind them. */
export interface HeadTail {
  readonly data: DataView;
  readonly length: number;
}

/** Copies bytes by words: up to three more than `length` are read and written. */
export function copyWords(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  for (let i = 0; i < length; i += 4) {
    to.setInt32(toAt + i, from.getInt32(fromAt + i));
  }
}

export class HeadText {
  readonly time: TimeText | undefined;
  /** Another one when the text of the time is, but for the digits that its `patches` name. */
  timeVersion = 0;
  tail: HeadTail = { data: new DataView(new ArrayBuffer(4)), length: 0 };
  /** The time of the event rendered last. */
  bytes = new Uint8Array(128);
  data = new DataView(this.bytes.buffer);
  /** How long it is. */
  timeLength = 0;
  readonly #head: LineHead;
  readonly #escapesTag: boolean;
  #tag: Tag | undefined;
  /** For tags seen before, as long as whoever read them keeps them. */
  readonly #tails = new WeakMap<Tag, HeadTail>();

  /** `escapesTag`: control characters in a tag are escaped. */
  constructor(head: LineHead, escapesTag: boolean) {
    this.#head = head;
    this.time = head.time;
    this.#escapesTag = escapesTag;
  }

  get length(): number {
    return this.timeLength + this.tail.length;
  }

  setTag(tag: Tag): void {
    if (tag === this.#tag) {
      return;
    }
    this.#tag = tag;
    let tail = this.#tails.get(tag);
    if (tail === undefined) {
      tail = this.#tailOf(tag);
      this.#tails.set(tag, tail);
    }
    this.tail = tail;
  }

  /** Brings the text up to the event's time. */
  render(event: EventView): void {
    const time = this.time;
    if (time === undefined) {
      return;
    }
    if (time.render(event.sec, event.nsec, event.exact, event.eventTime)) {
      this.timeLength = time.length;
      this.timeVersion++;
      if (time.length + 4 > this.bytes.length) {
        this.bytes = new Uint8Array(time.length * 2 + 4);
        this.data = new DataView(this.bytes.buffer);
      }
      this.bytes.set(time.bytes.subarray(0, time.length));
    } else {
      time.patch(this.bytes);
    }
  }

  /** Appends the text; false where it does not fit. */
  write(to: WriteView): boolean {
    const length = this.length;
    if (to.at + length > to.limit) {
      return false;
    }
    // Up to three bytes too many are overwritten by what follows.
    copyWords(this.data, 0, to.data, to.at, this.timeLength);
    copyWords(this.tail.data, 0, to.data, to.at + this.timeLength, this.tail.length);
    to.at += length;
    return true;
  }

  #tailOf(tag: Tag): HeadTail {
    const before = Buffer.from(this.time === undefined ? '' : this.#head.behindTime);
    const tagBytes = this.#escapesTag ? escapeControls(tag.bytes) : tag.bytes;
    const text = this.#head.tag ? [before, tagBytes, Buffer.from(this.#head.behindTag)] : [before];
    const whole = Uint8Array.from(Buffer.concat([...text, Buffer.alloc(4)]));
    return { data: new DataView(whole.buffer), length: whole.length - 4 };
  }
}
