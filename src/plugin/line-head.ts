// The text in front of each record of a line: the event's time and the tag. The part that follows the time is kept from event to event, and
// the time from one to the next of its second.
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

export class HeadText {
  /** The text of the event rendered last is the first `length` bytes. */
  bytes = new Uint8Array(64);
  length = 0;
  /** Another one when the text is, but for the digits that the time's `patches` name. */
  version = 0;
  readonly time: TimeText | undefined;
  readonly #head: LineHead;
  readonly #escapesTag: boolean;
  #data = new DataView(this.bytes.buffer);
  #tag: Tag | undefined;
  #behindTime: Uint8Array = new Uint8Array(0);
  /** The same for tags seen before, as long as whoever read them keeps them. */
  readonly #behindTimes = new WeakMap<Tag, Uint8Array>();

  /** `escapesTag`: control characters in a tag are escaped. */
  constructor(head: LineHead, escapesTag: boolean) {
    this.#head = head;
    this.time = head.time;
    this.#escapesTag = escapesTag;
  }

  setTag(tag: Tag): void {
    if (tag === this.#tag) {
      return;
    }
    this.#tag = tag;
    let behindTime = this.#behindTimes.get(tag);
    if (behindTime === undefined) {
      behindTime = this.#textBehindTime(tag);
      this.#behindTimes.set(tag, behindTime);
    }
    this.#behindTime = behindTime;
    this.#join(this.time?.bytes ?? this.bytes, this.time?.length ?? 0);
  }

  /** Brings the text up to the event's time. */
  render(event: EventView): void {
    const time = this.time;
    if (time !== undefined) {
      if (time.render(event.sec, event.nsec, event.exact, event.eventTime)) {
        this.#join(time.bytes, time.length);
      } else {
        time.patch(this.bytes);
      }
    }
  }

  /** Appends the text; false where it does not fit. */
  write(to: WriteView): boolean {
    const length = this.length;
    if (to.at + length > to.limit) {
      return false;
    }
    // By words; up to three bytes too many are overwritten by the record.
    const data = this.#data;
    const out = to.data;
    const at = to.at;
    for (let i = 0; i < length; i += 4) {
      out.setInt32(at + i, data.getInt32(i));
    }
    to.at = at + length;
    return true;
  }

  #textBehindTime(tag: Tag): Uint8Array {
    const before = Buffer.from(this.time === undefined ? '' : this.#head.behindTime);
    const tagBytes = this.#escapesTag ? escapeControls(tag.bytes) : tag.bytes;
    return this.#head.tag ? Buffer.concat([before, tagBytes, Buffer.from(this.#head.behindTag)]) : before;
  }

  #join(time: Uint8Array, length: number): void {
    const whole = length + this.#behindTime.length;
    if (whole + 4 > this.bytes.length) {
      this.bytes = new Uint8Array(whole * 2 + 4);
      this.#data = new DataView(this.bytes.buffer);
    }
    this.bytes.set(time.subarray(0, length));
    this.bytes.set(this.#behindTime, length);
    this.length = whole;
    this.version++;
  }
}
