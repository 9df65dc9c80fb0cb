// Says what a message of the forward protocol means: its mode, its events, its ack; as Fluentd's in_forward does, but that what is no event
// goes nowhere. Finding messages is framer.ts, joining events batcher.ts.
import type { Tag } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { CleanEntries } from '../msgpack/clean-entries.ts';
import type { FieldEdit } from '../msgpack/edit.ts';
import { arrayLength, firstElement, isArray, isMap, isTime } from '../msgpack/entries.ts';
import { FieldSetter } from '../msgpack/field-setter.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { isZero, isZeroTime, writeEventTime } from '../msgpack/time.ts';
import type { Batcher } from './batcher.ts';
import type { Framer } from './framer.ts';
import { type CompressedKind, InflateError } from './inflate.ts';
import { inflateLarge } from './inflate-large.ts';
import type { IntakeSettings, Verdict } from './intake-settings.ts';
import { MessageOption } from './option.ts';
import { handedOn, type PeerResends } from './resends.ts';

/** After so many inflated bytes the event loop has its turn. */
const inflatedAtOnce = 4 * 1024 * 1024;

/** Up to this many bytes out, no ratio is asked. */
const anyRatio = 1024 * 1024;

export class Intake {
  readonly #settings: IntakeSettings;
  readonly #batcher: Batcher;
  readonly #clock: Clock;
  /** Undefined where no fields are set. */
  readonly #setter: FieldSetter | undefined;
  readonly #option = new MessageOption();
  readonly #clean: CleanEntries;
  /** Whether the read window is in the module's memory. */
  readonly #windowIsKnown: boolean;
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  /** Inflated since the event loop had its turn. */
  #inflatedBytes = 0;

  readonly #resends: PeerResends | undefined;

  /** `fields` are set in each record: the listener's source keys, for this peer. `resends` knows what it has sent before. */
  constructor(
    settings: IntakeSettings,
    batcher: Batcher,
    clock: Clock,
    fields: readonly FieldEdit[],
    resends?: PeerResends,
  ) {
    this.#resends = resends;
    this.#settings = settings;
    this.#batcher = batcher;
    this.#clock = clock;
    this.#setter = fields.length === 0 ? undefined : new FieldSetter(settings.wasm, fields);
    this.#clean = new CleanEntries(settings.wasm);
    this.#windowIsKnown = settings.window.bytes.buffer === settings.wasm?.memory.buffer;
  }

  /**
   * Takes the message at `pos` and those of its tag behind it as far as they are whole ones of the usual kind. Returns where they end; 0 where
   * there is none, and nothing is done. All other kinds go through a framer and `message`, which would do the same with these; here it costs
   * a part.
   */
  usual(bytes: Uint8Array, pos: number, end: number, limit: number): number {
    const { wasm, tags, window } = this.#settings;
    if (wasm === undefined || !(bytes === window.bytes ? this.#windowIsKnown : bytes.buffer === wasm.memory.buffer)) {
      return this.#usual(bytes, pos, end, limit);
    }
    const base = bytes.byteOffset;
    const { results } = wasm;
    const next = wasm.exports.messages(base + pos, base + end, limit, tags.fixed === undefined ? 0 : 1) - base;
    if (next === pos) {
      return 0;
    }
    const start = (results[1] as number) - base;
    const tag = tags.fixed ?? tags.find(bytes, (results[3] as number) - base, (results[4] as number) - base);
    bytes[start] = 0x92;
    const stop = (results[2] as number) - base;
    const [first, last] = [results[5] as number, results[6] as number];
    const count = results[0] as number;
    if (this.#setter === undefined) {
      this.#batcher.addRun(tag, start, stop, count, first, last);
    } else {
      this.#addCopy(tag, bytes.subarray(start, stop), count, undefined, first, last);
    }
    return next;
  }

  /**
   * Takes the message at `pos` if it is a whole one of the usual kind, and returns where it ends, else 0, and nothing is done: Message mode, a
   * tag of less than 256 bytes, a time other than 0, a map, an empty option or none.
   */
  #usual(bytes: Uint8Array, pos: number, end: number, limit: number): number {
    const head = bytes[pos];
    const tagHead = bytes[pos + 1] as number;
    let tag = pos + 2;
    let time = tag;
    if (tagHead === 0xd9) {
      tag++;
      time = tag + (bytes[pos + 2] as number);
    } else if (tagHead >= 0xa0 && tagHead < 0xc0) {
      time = tag + (tagHead & 0x1f);
    } else {
      return 0;
    }
    const timeHead = bytes[time];
    const seconds = timeHead === 0xce ? time + 1 : timeHead === 0xd7 && bytes[time + 1] === 0 ? time + 2 : 0;
    const record = timeHead === 0xce ? time + 5 : time + 10;
    // The bytes behind `end` may be another read's: what they say counts only where the message turns out to end before.
    if (seconds === 0 || record >= end || !isMap(bytes[record] as number) || isZero(bytes, seconds, 4)) {
      return 0;
    }
    const recordEnd = this.#skip.run(bytes, record, end);
    if (recordEnd < 0) {
      this.#skip.reset();
      return 0;
    }
    let next = recordEnd;
    if (head === 0x94) {
      const option = bytes[next++];
      if (next > end || (option !== 0x80 && option !== 0xc0)) {
        return 0;
      }
    } else if (head !== 0x93) {
      return 0;
    }
    if (next - pos > limit || this.#setter !== undefined) {
      return 0;
    }
    const { tags } = this.#settings;
    this.#batcher.addEvent(tags.fixed ?? tags.find(bytes, tag, time), time, recordEnd);
    return next;
  }

  /**
   * Takes the message that `frame` has found at `base`, in the bytes that the batcher joins in. A promise where inflating takes time: until it
   * settles, bytes that are not the read window's stay as they are.
   */
  message(bytes: Uint8Array, base: number, frame: Framer): Verdict | Promise<Verdict> {
    const { elements, starts } = frame;
    if (elements < 2) {
      return this.#drop(undefined, 1);
    }
    const tag = this.#settings.tags.read(bytes, base + (starts[0] as number));
    const second = base + (starts[1] as number);
    const forward = isArray(bytes[second] as number);
    const optionAt = forward || stringSpan(bytes, second, this.#span) ? 2 : 3;
    if (elements > optionAt) {
      this.#option.read(bytes, base + (starts[optionAt] as number), base + (starts[optionAt + 1] as number));
    } else {
      this.#option.clear();
    }
    if (this.#resends !== undefined && this.#option.asks) {
      // The batcher works in these bytes: they are hashed before anything of the message is added.
      const end = base + (starts[Math.min(elements, 4)] as number);
      const taken = this.#resends.find(bytes, base, end);
      if (taken !== undefined && this.#batcher.ackAgain(taken, this.#option.chunk(bytes))) {
        this.#resends.count();
        return 'done';
      }
    }
    if (optionAt === 3) {
      return elements < 3 ? this.#drop(tag, 1) : this.#single(bytes, tag, base, frame);
    }
    if (forward) {
      const end = base + (starts[2] as number);
      return this.#forward(bytes, tag, arrayLength(bytes, second) === 0 ? end : firstElement(bytes, second), end);
    }
    return this.#packed(bytes, tag, this.#span.start, this.#span.end);
  }

  /** Acks a message that was too large to be held, by its option between `start` and `end`. */
  oversize(bytes: Uint8Array, start: number, end: number): void {
    this.#option.read(bytes, start, end);
    const chunk = this.#option.chunk(bytes);
    if (chunk !== undefined) {
      this.#batcher.ack(chunk);
    }
  }

  /** Message mode: `[tag, time, record, option]`. */
  #single(bytes: Uint8Array, tag: Tag | undefined, base: number, frame: Framer): Verdict {
    const time = base + (frame.starts[1] as number);
    const record = base + (frame.starts[2] as number);
    const end = base + (frame.starts[3] as number);
    if (tag === undefined || !isTime(bytes[time] as number) || !isMap(bytes[record] as number)) {
      this.#drop(tag, 1);
    } else if (this.#option.signal !== 0) {
      this.#settings.dropped('FORWARD_NOT_LOGS', tag.text, 1);
    } else if (isZeroTime(bytes, time)) {
      const entry = new Uint8Array(11 + end - record);
      entry[0] = 0x92;
      writeEventTime(entry, 1, this.#clock.now());
      entry.set(bytes.subarray(record, end), 11);
      this.#addCopy(tag, entry, 1, this.#asks(bytes));
    } else if (this.#setter !== undefined) {
      const entry = new Uint8Array(1 + end - time);
      entry[0] = 0x92;
      entry.set(bytes.subarray(time, end), 1);
      this.#addCopy(tag, entry, 1, this.#asks(bytes));
    } else {
      // The option stands behind the event, so moving the event leaves it untouched.
      this.#batcher.addEvent(tag, time, end);
    }
    this.#ack(bytes);
    // Fluentd emits the event before it fails on the option.
    return this.#option.valid ? 'done' : 'FORWARD_OPTION_INVALID';
  }

  /** Forward mode: `[tag, [[time, record], …], option]`. */
  #forward(bytes: Uint8Array, tag: Tag | undefined, start: number, end: number): Verdict {
    const verdict = this.#standing(bytes, tag, start, end);
    if (verdict !== 'done') {
      return verdict;
    }
    this.#ack(bytes);
    return this.#option.valid ? 'done' : 'FORWARD_OPTION_INVALID';
  }

  /** PackedForward and CompressedPackedForward: `[tag, entries, option]`. */
  #packed(bytes: Uint8Array, tag: Tag | undefined, start: number, end: number): Verdict | Promise<Verdict> {
    const { valid, validSize, compressed } = this.#option;
    if (!valid || !validSize || compressed === 'unknown') {
      return 'FORWARD_OPTION_INVALID';
    }
    let verdict: Verdict;
    if (compressed === 'text' || start === end) {
      verdict = this.#standing(bytes, tag, start, end);
    } else {
      const { inflater, inflateLimit, window } = this.#settings;
      const inflated = inflater.inflate(compressed, bytes.subarray(start, end), inflateLimit, window.inflated);
      if (inflated === 'broken') {
        return 'FORWARD_INFLATE_BROKEN';
      }
      if (inflated === 'large') {
        this.#batcher.flush();
        const input = bytes === window.bytes ? bytes.slice(start, end) : bytes.subarray(start, end);
        return this.#large(compressed, input, tag, this.#option.chunk(bytes), this.#option.signal);
      }
      verdict = this.#inflated(inflated, tag, this.#asks(bytes));
      this.#inflatedBytes += inflated.length;
    }
    if (verdict === 'done') {
      this.#ack(bytes);
    }
    if (this.#inflatedBytes > inflatedAtOnce) {
      this.#inflatedBytes = 0;
      return new Promise((resolve) => setImmediate(() => resolve(verdict)));
    }
    return verdict;
  }

  async #large(
    kind: CompressedKind,
    input: Uint8Array,
    tag: Tag | undefined,
    chunk: Uint8Array | undefined,
    signal: number,
  ): Promise<Verdict> {
    const { inflateLimit, inflateRatio, inflateHeld } = this.#settings;
    const limit = Math.min(inflateLimit, Math.max(anyRatio, inflateRatio * input.length));
    const asks = chunk === undefined ? undefined : [chunk];
    this.#option.clear();
    this.#option.signal = signal;
    const whole = Promise.withResolvers<void>();
    const taken = chunk === undefined ? undefined : this.#resends?.add();
    if (taken !== undefined) {
      handedOn([taken], whole.promise);
    }
    try {
      for await (const run of inflateLarge(kind, input, limit, inflateHeld)) {
        this.#inflated(run, tag, asks);
        await this.#batcher.settled;
      }
    } catch (error) {
      whole.promise.catch(() => undefined); // who waits for it hears of it
      whole.reject(error);
      if (error instanceof InflateError) {
        return error.failure === 'large' && limit < inflateLimit
          ? 'FORWARD_INFLATE_RATIO'
          : inflateReason[error.failure];
      }
      throw error;
    }
    whole.resolve();
    if (chunk !== undefined) {
      this.#batcher.ack(chunk);
    }
    return 'done';
  }

  /** Entries in bytes of their own are brought to where the module finds them, if there is one. */
  #inflated(entries: Uint8Array, tag: Tag | undefined, asks: readonly Uint8Array[] | undefined): Verdict {
    const { window, wasm } = this.#settings;
    if (wasm === undefined || entries.length > window.inflated.length) {
      return this.#entries(entries, tag, 0, entries.length, false, asks);
    }
    if (entries.buffer !== window.inflated.buffer) {
      window.inflated.set(entries);
    }
    return this.#entries(window.inflated, tag, 0, entries.length, false, asks);
  }

  /** Entries that stand in the batcher's bytes. */
  #standing(bytes: Uint8Array, tag: Tag | undefined, start: number, end: number): Verdict {
    const inPlace = this.#setter === undefined;
    return this.#entries(bytes, tag, start, end, inPlace, inPlace ? undefined : this.#asks(bytes));
  }

  /** Adds a run of entries, in place or as bytes of their own, for which the chunk in `asks` waits. */
  #entries(
    bytes: Uint8Array,
    tag: Tag | undefined,
    start: number,
    to: number,
    inPlace: boolean,
    asks: readonly Uint8Array[] | undefined,
  ): Verdict {
    const clean = this.#clean;
    if (clean.run(bytes, start, to) < 0) {
      return 'FORWARD_MALFORMED';
    }
    const { count, end, dropped, first, last } = clean;
    if (dropped > 0) {
      this.#drop(tag, dropped);
    }
    if (count === 0) {
      return 'done';
    }
    if (tag === undefined) {
      return this.#drop(tag, count);
    }
    if (this.#option.signal !== 0) {
      this.#settings.dropped('FORWARD_NOT_LOGS', tag.text, count);
    } else if (count > this.#settings.entriesLimit) {
      this.#settings.dropped('FORWARD_ENTRIES_DROPPED', tag.text, count);
    } else if (inPlace) {
      this.#batcher.addRun(tag, start, end, count, first, last);
    } else {
      this.#addCopy(tag, bytes.subarray(start, end), count, asks, first, last);
    }
    return 'done';
  }

  #addCopy(
    tag: Tag,
    entries: Uint8Array,
    count: number,
    asks: readonly Uint8Array[] | undefined,
    first = Number.NaN,
    last = Number.NaN,
  ): void {
    const setter = this.#setter;
    try {
      this.#batcher.addCopy(tag, setter?.set(entries, count) ?? entries, count, asks, first, last);
    } finally {
      setter?.release();
    }
  }

  #drop(tag: Tag | undefined, count: number): 'done' {
    const { dropped, tags } = this.#settings;
    dropped(tag === undefined ? tags.fault : 'FORWARD_INVALID_EVENT', tag?.text ?? '', count);
    return 'done';
  }

  #ack(bytes: Uint8Array): void {
    const chunk = this.#option.chunk(bytes);
    if (chunk !== undefined) {
      this.#batcher.ack(chunk, this.#resends?.add());
    }
  }

  #asks(bytes: Uint8Array): readonly Uint8Array[] | undefined {
    const chunk = this.#option.chunk(bytes);
    return chunk === undefined ? undefined : [chunk];
  }
}

const inflateReason = {
  entry: 'FORWARD_INFLATE_TOO_LARGE',
  large: 'FORWARD_INFLATE_TOO_LARGE',
  broken: 'FORWARD_INFLATE_BROKEN',
  malformed: 'FORWARD_MALFORMED',
} as const;
