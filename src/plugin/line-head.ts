// The text in front of each record of a line: the event's time and the tag. The part that follows the time is kept for the last few tags, since
// to keep it for thousands costs more than to make it; the time is kept from one event to the next of its second.
import type { Tag } from '../core/batch.ts';
import type { TimeText } from '../core/time-format.ts';
import { escapeControls, isControl } from '../msgpack/transcode-controls.ts';
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
interface HeadTail {
  readonly tag: Tag | undefined;
  readonly data: DataView;
  readonly length: number;
}

/** Tags whose tail is kept. */
const keptTails = 8;
/** As many bytes as are copied too much. */
const slack = 4;

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
  tail: HeadTail;
  /** Another one when the tail is. */
  tailVersion = 0;
  /** The time of the event rendered last. */
  bytes = new Uint8Array(128);
  data = new DataView(this.bytes.buffer);
  /** How long it is. */
  timeLength = 0;
  readonly #head: LineHead;
  readonly #escapesTag: boolean;
  readonly #behindTag: Uint8Array;
  readonly #tails: Tail[] = [];
  readonly #tailTags: Tag[] = [];
  /** The one that gives way next. */
  #oldest = 0;

  /** `escapesTag`: control characters in a tag are escaped. */
  constructor(head: LineHead, escapesTag: boolean) {
    this.#head = head;
    this.time = head.time;
    this.#escapesTag = escapesTag;
    this.#behindTag = Buffer.from(head.behindTag);
    this.tail = this.#newTail();
  }

  get length(): number {
    return this.timeLength + this.tail.length;
  }

  setTag(tag: Tag): void {
    if (this.tail.tag !== tag && this.#head.tag) {
      const index = this.#tailTags.indexOf(tag);
      this.tail = index < 0 ? this.#makeTail(tag) : (this.#tails[index] as Tail);
      this.tailVersion++;
    }
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

  #makeTail(tag: Tag): Tail {
    let tail = this.#tails[this.#oldest];
    if (tail === undefined) {
      tail = this.#newTail();
      this.#tails.push(tail);
    }
    this.#tailTags[this.#oldest] = tag;
    this.#oldest = (this.#oldest + 1) % keptTails;
    tail.set(tag, this.#behindTag, this.#escapesTag);
    return tail;
  }

  #newTail(): Tail {
    return new Tail(Buffer.from(this.time === undefined ? '' : this.#head.behindTime));
  }
}

class Tail implements HeadTail {
  tag: Tag | undefined;
  data = new DataView(new ArrayBuffer(0));
  length = 0;
  #bytes = new Uint8Array(0);
  /** Where the tag stands. */
  readonly #tagAt: number;

  constructor(behindTime: Uint8Array) {
    this.#tagAt = behindTime.length;
    this.#grow(behindTime.length);
    this.#bytes.set(behindTime);
    this.length = behindTime.length;
  }

  set(tag: Tag, behindTag: Uint8Array, escapes: boolean): void {
    this.tag = tag;
    this.#set(tag.bytes, behindTag, escapes);
  }

  /** Byte by byte, since most tags are short: a call for each would cost more. */
  #set(tag: Uint8Array, behindTag: Uint8Array, escapes: boolean): void {
    this.#grow(this.#tagAt + tag.length + behindTag.length);
    const bytes = this.#bytes;
    let at = this.#tagAt;
    for (let i = 0; i < tag.length; i++) {
      const byte = tag[i] as number;
      if (escapes && isControl(byte)) {
        this.#set(escapeControls(tag), behindTag, false);
        return;
      }
      bytes[at++] = byte;
    }
    for (let i = 0; i < behindTag.length; i++) {
      bytes[at++] = behindTag[i] as number;
    }
    this.length = at;
  }

  #grow(length: number): void {
    if (length + slack > this.#bytes.length) {
      const bytes = new Uint8Array(2 * length + 64);
      bytes.set(this.#bytes.subarray(0, this.#tagAt));
      this.#bytes = bytes;
      this.data = new DataView(bytes.buffer);
    }
  }
}
