// The loop that all formatters of text share: a head (time, tag), the record, the end of the line; as many whole events as fit. What stands
// in the head and how a record is written is given by the formatter.
import type { Batch, Tag } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import type { TimeText } from '../core/time-format.ts';
import { Skip } from '../msgpack/skip.ts';
import type { ValueWriter } from '../msgpack/transcode.ts';
import { escapeControls } from '../msgpack/transcode-controls.ts';
import { noRoom, ReadView, WriteView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { PluginContext } from './context.ts';
import type { FormatTarget, Formatter, OutputArea } from './formatter.ts';

/** What stands in front of each record. */
export interface LineHead {
  readonly time: TimeText | undefined;
  /** Between time and tag, or behind the time where there is no tag. */
  readonly behindTime: string;
  readonly tag: boolean;
  readonly behindTag: string;
}

export interface LineShape {
  readonly head?: LineHead;
  readonly record: ValueWriter;
  /** Whether a newline follows. */
  readonly newline: boolean;
  /** Ends with a newline in any case, as Ruby's `chomp`, then a newline: where there are two line ends, one goes. */
  readonly chomp?: boolean;
}

/** Larger batches are let go of when they are done: they may hold a buffer of hundreds of megabytes. */
const keepBelow = 1 << 20;

export class LineFormatter implements Formatter {
  readonly #from = new ReadView();
  readonly #to = new WriteView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  readonly #record: ValueWriter;
  readonly #time: TimeText | undefined;
  readonly #head: LineHead | undefined;
  readonly #newline: boolean;
  readonly #chomp: boolean;
  readonly #escapesTag: boolean;
  readonly #unprintable: Counter;
  readonly #context: PluginContext;
  #behindTime: Uint8Array = new Uint8Array(0);
  #headBytes = new Uint8Array(64);
  #headData = new DataView(this.#headBytes.buffer);
  #headLength = 0;
  #tag: Tag | undefined;
  /** The same for tags seen before, as long as whoever read them keeps them. */
  readonly #behindTimes = new WeakMap<Tag, Uint8Array>();
  #warned = false;

  constructor(context: PluginContext, shape: LineShape, target: FormatTarget) {
    this.#record = shape.record;
    this.#head = shape.head;
    this.#time = shape.head?.time;
    this.#newline = shape.newline;
    this.#chomp = target.lines || shape.chomp === true;
    this.#escapesTag = target.escape !== 'nothing';
    this.#context = context;
    this.#unprintable = context.counters.get('forebay_unprintable_events_total', { id: context.id });
  }

  format(batch: Batch, from: number, area: OutputArea): number {
    const events = this.#from;
    const to = this.#to;
    const event = this.#event;
    events.set(batch.entries);
    to.set(area.bytes, area.used);
    if (this.#head !== undefined && batch.tag !== this.#tag) {
      this.#setTag(this.#head, batch.tag);
    }
    const { start, end } = events;
    let at = start + from;
    while (at < end) {
      const begin = to.at;
      const record = event.open(events, at);
      let next = record;
      if (record >= 0) {
        next = this.#writeHead(event, to) ? this.#record.write(events, record, to) : noRoom;
      }
      if (next >= 0 && to.at > to.limit) {
        next = noRoom;
      }
      if (next < 0) {
        to.at = begin;
        if (next === noRoom) {
          break;
        }
        at = this.#leaveOut(at, batch);
        continue;
      }
      if (this.#chomp) {
        chomp(to, begin, this.#newline);
      }
      if (this.#newline || this.#chomp) {
        to.bytes[to.at++] = 0x0a;
      }
      at = next;
    }
    area.used = to.at;
    const done = at - start;
    if (batch.entries.length > keepBelow) {
      events.forget();
    }
    if (area.bytes.length > keepBelow) {
      to.forget();
    }
    return done;
  }

  #writeHead(event: EventView, to: WriteView): boolean {
    const time = this.#time;
    if (time !== undefined) {
      if (time.render(event.sec, event.nsec, event.exact, event.eventTime)) {
        this.#joinHead(time.bytes, time.length);
      } else {
        time.patch(this.#headBytes);
      }
    }
    const length = this.#headLength;
    if (to.at + length > to.limit) {
      return false;
    }
    // By words; up to three bytes too many are overwritten by the record.
    const data = this.#headData;
    const out = to.data;
    const at = to.at;
    for (let i = 0; i < length; i += 4) {
      out.setInt32(at + i, data.getInt32(i));
    }
    to.at = at + length;
    return true;
  }

  /** All of the head behind the time, the same for every event of a tag. */
  #setTag(head: LineHead, tag: Tag): void {
    this.#tag = tag;
    let behindTime = this.#behindTimes.get(tag);
    if (behindTime === undefined) {
      const before = head.time === undefined ? '' : head.behindTime;
      const tagBytes = this.#escapesTag ? escapeControls(tag.bytes) : tag.bytes;
      behindTime = head.tag
        ? Buffer.concat([Buffer.from(before), tagBytes, Buffer.from(head.behindTag)])
        : Buffer.from(before);
      this.#behindTimes.set(tag, behindTime);
    }
    this.#behindTime = behindTime;
    this.#joinHead(head.time?.bytes ?? this.#headBytes, head.time?.length ?? 0);
  }

  #joinHead(time: Uint8Array, length: number): void {
    const whole = length + this.#behindTime.length;
    if (whole + 4 > this.#headBytes.length) {
      this.#headBytes = new Uint8Array(whole * 2 + 4);
      this.#headData = new DataView(this.#headBytes.buffer);
    }
    this.#headBytes.set(time.subarray(0, length));
    this.#headBytes.set(this.#behindTime, length);
    this.#headLength = whole;
  }

  /** Counts an event that cannot be printed; returns where the next one begins. */
  #leaveOut(at: number, batch: Batch): number {
    const found = this.#skip.run(this.#from.bytes, at, this.#from.end);
    this.#skip.reset();
    const next = found < 0 ? this.#from.end : found;
    this.#unprintable.value++;
    if (this.#context.refuse !== undefined) {
      const event = this.#from.bytes.subarray(at, next);
      this.#context.refuse({ ...batch, entries: event, count: 1 }, 'EVENT_UNPRINTABLE');
    } else if (!this.#warned) {
      this.#warned = true;
      this.#context.log.warn(
        { tag: batch.tag.text },
        'Left out an event that cannot be printed; later ones are only counted.',
      );
    }
    return next;
  }
}

/** Takes the line end off the text behind `begin`: of text that a newline still follows a carriage return, which goes with it. */
function chomp(to: WriteView, begin: number, newline: boolean): void {
  const last = to.at > begin ? to.bytes[to.at - 1] : 0;
  if (last === 0x0d) {
    to.at--;
  } else if (last === 0x0a && !newline) {
    to.at--;
    if (to.at > begin && to.bytes[to.at - 1] === 0x0d) {
      to.at--;
    }
  }
}
