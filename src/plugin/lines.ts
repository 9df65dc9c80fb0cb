// The loop that all formatters of text share: a head (time, tag), the record, the end of the line; as many whole events as fit. What stands
// in the head and how a record is written is given by the formatter.
import type { Batch } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { Skip } from '../msgpack/skip.ts';
import { JsonTranscoder, type ValueWriter } from '../msgpack/transcode.ts';
import { noRoom, ReadView, WriteView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { PluginContext } from './context.ts';
import type { FormatTarget, Formatter, OutputArea } from './formatter.ts';
import { HeadText, type LineHead } from './line-head.ts';
import { WasmLines } from './wasm-lines.ts';

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
  readonly #head: HeadText | undefined;
  readonly #newline: boolean;
  readonly #chomp: boolean;
  /** Writes what it can; undefined where all is written here. */
  readonly #fast: WasmLines | undefined;
  readonly #unprintable: Counter;
  readonly #context: PluginContext;
  #warned = false;

  constructor(context: PluginContext, shape: LineShape, target: FormatTarget) {
    const { record, newline } = shape;
    this.#record = record;
    this.#head = shape.head === undefined ? undefined : new HeadText(shape.head, target.escape !== 'nothing');
    this.#newline = newline;
    this.#chomp = target.lines || shape.chomp === true;
    this.#fast =
      context.wasm !== undefined && record instanceof JsonTranscoder && !record.escapesControls
        ? new WasmLines(context.wasm, record, this.#head, newline || this.#chomp)
        : undefined;
    this.#context = context;
    this.#unprintable = context.counters.get('forebay_unprintable_events_total', { id: context.id });
  }

  format(batch: Batch, from: number, area: OutputArea): number {
    const events = this.#from;
    const to = this.#to;
    const fast = this.#fast;
    const { entries, times } = batch;
    events.set(entries, times?.entries === entries ? times.buffer : entries.buffer);
    to.set(area.bytes, area.used);
    this.#head?.setTag(batch.tag);
    fast?.reset();
    const { start, end } = events;
    let at = start + from;
    while (at < end) {
      if (fast !== undefined) {
        at = fast.write(events, at, to);
        if (at === end || (fast.full && to.at > 0)) {
          break;
        }
      }
      const next = this.#writeEvent(at, batch);
      if (next === noRoom) {
        break;
      }
      at = next;
    }
    area.used = to.at;
    if (batch.entries.length > keepBelow) {
      events.forget();
    }
    if (area.bytes.length > keepBelow) {
      to.forget();
    }
    return at - start;
  }

  /** Returns where the next event begins, or `noRoom`. */
  #writeEvent(at: number, batch: Batch): number {
    const events = this.#from;
    const to = this.#to;
    const begin = to.at;
    const record = this.#event.open(events, at);
    let next = record;
    if (record >= 0) {
      next = this.#writeHead(to) ? this.#record.write(events, record, to) : noRoom;
    }
    if (next >= 0 && to.at > to.limit) {
      next = noRoom;
    }
    if (next < 0) {
      to.at = begin;
      return next === noRoom ? noRoom : this.#leaveOut(at, batch);
    }
    if (this.#chomp) {
      chomp(to, begin, this.#newline);
    }
    if (this.#newline || this.#chomp) {
      to.bytes[to.at++] = 0x0a;
    }
    return next;
  }

  #writeHead(to: WriteView): boolean {
    const head = this.#head;
    if (head === undefined) {
      return to.at <= to.limit;
    }
    head.render(this.#event);
    return head.write(to);
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
