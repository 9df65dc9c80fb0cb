// Splits batches into runs of events that belong together by their chunk keys: time, tag and fields, read in place. What becomes of a run is the
// output's business.
import type { Batch } from '../core/batch.ts';
import type { TimeKey } from '../core/time-key.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { ChunkKeys } from './buffer-options.ts';
import { textWriter } from './record-writer.ts';

/** Larger batches are let go of when they are done: they may hold a buffer of hundreds of megabytes. */
const keepBelow = 1 << 20;

/** What tells chunks apart, in one text; `fields` are texts behind a letter for what they are of: n for nothing, s for text, v for others. */
export function chunkKey(time: number, tag: string | undefined, fields: readonly string[]): string {
  return [String(time), tag ?? '', ...fields].map((text) => `${text.length}:${text}`).join();
}

export class ChunkSplitter {
  /** Of the last run: what tells it from others, in one text. */
  key = '';
  /** When its piece of time begins, seconds since the epoch; 0 where time is no key. */
  time = 0;
  /** How many events it has. */
  count = 0;
  /** What its fields say, as text. */
  fields: readonly string[] = [];
  /** Which of them are there: nil is nothing. */
  present: readonly boolean[] = [];
  readonly #keys: ChunkKeys;
  readonly #wasm: Wasm | undefined;
  readonly #view = new ReadView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  readonly #text = textWriter(false);
  readonly #span: Span = { start: 0, end: 0 };
  /** Where the values of the run's fields stand: start and end of each; -1 where there is none. */
  readonly #places: Int32Array;
  #tag: string | undefined;
  /** Whether the key is to be made anew: it differs from the last run's. */
  #changed = true;

  constructor(keys: ChunkKeys, wasm: Wasm | undefined) {
    this.#keys = keys;
    this.#wasm = wasm;
    this.#places = new Int32Array(keys.fields.length * 2);
  }

  /** The run that begins at byte `from` of the batch's entries; returns where it ends. */
  run(batch: Batch, from: number): number {
    const { time, tag, fields } = this.#keys;
    if (tag && batch.tag.text !== this.#tag) {
      this.#tag = batch.tag.text;
      this.#changed = true;
    }
    let length = batch.entries.length;
    this.count = batch.count;
    if (fields.length > 0 || (time !== undefined && !(from === 0 && this.#isOne(batch, time)))) {
      const view = this.#view;
      view.set(batch.entries);
      length = this.#walk(view.start + from) - view.start;
    }
    if (this.#changed) {
      this.#changed = false;
      this.key = chunkKey(this.time, this.#tag, this.#kinds());
    }
    if (batch.entries.length > keepBelow) {
      this.#view.forget();
    }
    return length;
  }

  /** Whether all of the batch is known to be one run. */
  #isOne({ times, entries }: Batch, time: TimeKey): boolean {
    if (times?.entries !== entries) {
      return false;
    }
    const start = time.startOf(times.first);
    if (times.first < time.from || times.last >= time.to) {
      return false;
    }
    if (start !== this.time) {
      this.time = start;
      this.#changed = true;
    }
    return true;
  }

  #walk(from: number): number {
    const view = this.#view;
    const event = this.#event;
    const { time, fields } = this.#keys;
    let record = event.open(view, from);
    if (record < 0) {
      // The walk lets nothing like it through: the rest of the batch goes where the last events went.
      return view.end;
    }
    this.count = 1;
    const start = time?.startOf(event.sec) ?? 0;
    if (start !== this.time) {
      this.time = start;
      this.#changed = true;
    }
    if (fields.length > 0) {
      this.#readFields(record);
    }
    let at = this.#behind(record);
    while (at < view.end) {
      if (time !== undefined && fields.length === 0) {
        at = this.#sameTime(at, time);
        if (at >= view.end) {
          break;
        }
      }
      record = event.open(view, at);
      if (record < 0) {
        return view.end;
      }
      if (time !== undefined && time.startOf(event.sec) !== start) {
        break;
      }
      if (fields.length > 0 && !this.#sameFields(record)) {
        break;
      }
      this.count++;
      at = this.#behind(record);
    }
    return at;
  }

  /** Passes over events whose time certainly has the answer that the last one had; where the next one begins. */
  #sameTime(at: number, time: TimeKey): number {
    const wasm = this.#wasm;
    const { bytes, end } = this.#view;
    if (wasm === undefined || bytes.buffer !== wasm.memory.buffer || time.to <= 0) {
      return at;
    }
    const next = wasm.exports.within(at, end, Math.max(0, time.from), Math.min(time.to, 0xffff_ffff));
    this.count += wasm.results[0] as number;
    return next;
  }

  #behind(record: number): number {
    const next = this.#skip.run(this.#view.bytes, record, this.#view.end);
    if (next < 0) {
      this.#skip.reset();
      return this.#view.end;
    }
    return next;
  }

  #readFields(record: number): void {
    const places = this.#places;
    this.#keys.fields.forEach((field, index) => {
      const at = field.find(this.#view, record);
      places[index * 2] = at < 0 ? -1 : at;
      places[index * 2 + 1] = at < 0 ? -1 : this.#behind(at);
    });
    this.present = this.#keys.fields.map((_, index) => this.#isThere(places[index * 2] as number));
    this.fields = this.#keys.fields.map((_, index) => this.#textAt(places[index * 2] as number));
    this.#changed = true;
  }

  /** Whether the fields of another record hold the same bytes as the run's. */
  #sameFields(record: number): boolean {
    const { bytes } = this.#view;
    const places = this.#places;
    for (let i = 0; i < this.#keys.fields.length; i++) {
      const at = this.#keys.fields[i]?.find(this.#view, record) ?? -1;
      const start = places[i * 2] as number;
      const length = (places[i * 2 + 1] as number) - start;
      if (at < 0 || start < 0) {
        if (at >= 0 || start >= 0) {
          return false;
        }
        continue;
      }
      if (at + length > this.#view.end) {
        return false;
      }
      for (let n = 0; n < length; n++) {
        if (bytes[at + n] !== bytes[start + n]) {
          return false;
        }
      }
    }
    return true;
  }

  /** nil is as nothing. */
  #textAt(at: number): string {
    return this.#isThere(at) ? Buffer.from(this.#text.bytesOf(this.#view, at) ?? []).toString() : '';
  }

  #isThere(at: number): boolean {
    return at >= 0 && this.#view.bytes[at] !== 0xc0;
  }

  /** Values of other types with the same text are other keys, as in Fluentd: 5 and "5", "" and nothing. */
  #kinds(): string[] {
    return this.fields.map((text, index) => {
      const at = this.#places[index * 2] as number;
      const kind = this.present[index] !== true ? 'n' : this.#isText(at) ? 's' : 'v';
      return kind + text;
    });
  }

  #isText(at: number): boolean {
    return stringSpan(this.#view.bytes, at, this.#span);
  }
}
