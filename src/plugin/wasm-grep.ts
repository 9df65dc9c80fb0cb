// Keeps and drops the events of a batch by words in one field, with the WebAssembly module. What it leaves out, and all other conditions, are
// decided by filters/grep.ts, one event at a time.
import type { Wasm } from '../msgpack/wasm.ts';
import type { FieldTest } from './field-test.ts';
import type { Word } from './literal-pattern.ts';

/** What its flags are made of. */
const keepsFound = 1;
const ignoresCase = 2;
const noBinary = 4;
const folds = 8;

const begins = { any: 0, line: 1, text: 2 } as const;
const ends = { any: 0, line: 1, text: 2, 'last line': 3 } as const;

/** The module reads so far behind a word, at most. */
const slack = 64;
/** Room for a key and its words. */
const wordRoom = 65_536;

/** Which events of a batch are kept, and what of them is copied already. */
export class KeptEvents {
  /** Where what is kept goes to, once an event is dropped. */
  out: Uint8Array = none;
  used = 0;
  /** Where the events begin of which none is dropped since, as a position in their buffer. */
  run = 0;
  count = 0;
  /** Events looked at, and how many of them came before the first that is kept. */
  seen = 0;
  first = 0;

  begin(at: number): void {
    this.out = none;
    this.used = 0;
    this.run = at;
    this.count = 0;
    this.seen = 0;
    this.first = 0;
  }

  keep(): void {
    if (this.count++ === 0) {
      this.first = this.seen;
    }
    this.seen++;
  }

  /** Drops the event from `start` to `end` of `bytes`, which are all of the buffer; `room` is as much as all events take. */
  drop(bytes: Uint8Array, start: number, end: number, room: number): void {
    if (this.out === none) {
      // Filled by nobody before: only what is written is ever shown.
      this.out = Buffer.allocUnsafeSlow(room);
    }
    this.copy(bytes, start);
    this.run = end;
    this.seen++;
  }

  /** Copies what is kept up to `end`. */
  copy(bytes: Uint8Array, end: number): void {
    this.out.set(bytes.subarray(this.run, end), this.used);
    this.used += end - this.run;
    this.run = end;
  }
}

const none = new Uint8Array(0);

export class WasmGrep {
  readonly #wasm: Wasm;
  #room: Uint8Array;
  readonly #keyLength: number;
  readonly #words: number;
  readonly #wordCount: number;
  readonly #flags: number;
  /** Where kept events go, and where those are that somebody uses, the last ones last. */
  #area: Uint8Array | undefined;
  readonly #used: Uint8Array[] = [];

  /** Undefined where that is no test for the module. `keeps` says that events are kept which pass it, else those which do not. */
  static of(wasm: Wasm | undefined, test: FieldTest, keeps: boolean): WasmGrep | undefined {
    const { literal, path } = test;
    const [key] = path.path;
    if (wasm === undefined || literal === undefined || path.nested || typeof key !== 'string') {
      return undefined;
    }
    const words = literal.words.filter(({ bytes }) => bytes.length > 0);
    const size = words.reduce((sum, { bytes }) => sum + bytes.length + slack, Buffer.byteLength(key) + slack);
    if (words.length < literal.words.length || size > wordRoom) {
      return undefined;
    }
    const room = wasm.memory.find(wordRoom);
    if (room === undefined) {
      return undefined;
    }
    const flags =
      (keeps ? keepsFound : 0) +
      (literal.ignorecase ? ignoresCase : 0) +
      (test.hasUnicode ? noBinary : 0) +
      (literal.hasFold ? folds : 0);
    return new WasmGrep(wasm, room, Buffer.from(key), words, flags);
  }

  private constructor(wasm: Wasm, room: Uint8Array, key: Uint8Array, words: readonly Word[], flags: number) {
    this.#wasm = wasm;
    this.#room = room;
    this.#keyLength = key.length;
    this.#words = room.byteOffset + ((key.length + slack) & -16);
    this.#wordCount = words.length;
    this.#flags = flags;
    room.set(key);
    let place = this.#words;
    let at = place + words.length * 16;
    for (const { bytes, begin, end } of words) {
      for (const field of [at, bytes.length, begins[begin], ends[end]]) {
        wasm.data.setUint32(place, field, true);
        place += 4;
      }
      room.set(bytes, at - room.byteOffset);
      at += (bytes.length + 31) & -16;
    }
  }

  /** Whether it can look at these events: if so, what is kept of them goes to `kept.out`, until `use` or `leave`. */
  open(entries: Uint8Array, kept: KeptEvents): boolean {
    const { memory, areas } = this.#wasm;
    this.leave(); // where what followed the last one threw
    this.#area = entries.buffer === memory.buffer && this.#room !== none ? areas.take(entries.length) : undefined;
    kept.out = this.#area ?? none;
    return this.#area !== undefined;
  }

  /** Looks at the events from `at` to `end`, as far as it can. Returns where the next one begins. */
  run(at: number, end: number, kept: KeptEvents): number {
    const { exports, results } = this.#wasm;
    const out = kept.out.byteOffset;
    const next = exports.grep(
      at,
      end,
      kept.run,
      out + kept.used,
      this.#room.byteOffset,
      this.#keyLength,
      this.#words,
      this.#wordCount,
      this.#flags,
    );
    const more = results[0] as number;
    if (kept.count === 0 && more > 0) {
      kept.first = kept.seen + (results[2] as number);
    }
    kept.count += more;
    kept.seen += results[1] as number;
    kept.run = results[3] as number;
    kept.used = (results[4] as number) - out;
    return next;
  }

  /** Somebody uses what went to `kept.out`, until `release`. */
  use(): void {
    if (this.#area !== undefined) {
      this.#used.push(this.#area);
      this.#area = undefined;
    }
  }

  /** Nobody uses it. */
  leave(): void {
    this.#giveBack(this.#area);
    this.#area = undefined;
  }

  /** What was used last is used no more. */
  release(): void {
    this.#giveBack(this.#used.pop());
  }

  /** Gives its memory back; it looks at no more events. */
  close(): void {
    this.#wasm.memory.give(this.#room);
    this.#room = none;
  }

  #giveBack(area: Uint8Array | undefined): void {
    if (area !== undefined) {
      this.#wasm.areas.give(area);
    }
  }
}
