// Joins the pieces that Docker's fluentd driver cuts long lines into (`join_pieces`). Stands between an input and what it emits to: batches
// without a piece pass untouched, pieces are held until their line is whole. What cannot be made whole, because its time is over, its sender is
// gone or too much is held, is passed on as far as it got, with `partial_message` still in it: nothing is thrown away, nothing joined twice.
// How a piece looks is piece.ts.
import type { Batch, Emit, Origin, Tag } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { joinEntries, PieceReader } from './piece.ts';

export interface PiecesSettings {
  readonly emit: Emit;
  readonly clock: Clock;
  /** A line of which no more pieces come is passed on after this long, ms. */
  readonly timeout: number;
  /** Bytes of pieces that are held. */
  readonly limit: number;
  /** Lines that are held. */
  readonly linesLimit: number;
  /** Told of each line that was passed on unfinished. */
  unfinished(tag: string): void;
  /** Told of what was handed on by itself, not while a batch was taken in. */
  late(tag: string, settled: Promise<void>, bytes: number): void;
}

/** A line in the making. */
interface Line {
  readonly key: string;
  /** Whether its pieces have ordinals. */
  readonly numbered: boolean;
  readonly tag: Tag;
  readonly origin: Origin;
  /** Its entries by their ordinals, in the order they came in. */
  readonly pieces: Map<number, Uint8Array>;
  bytes: number;
  /** The ordinal that it begins with: more than 1 where its beginning was passed on already. */
  readonly first: number;
  /** The ordinal of its last piece, once that has come. */
  last: number | undefined;
  /** When its latest piece came, ms. */
  touched: number;
}

/** Docker cuts at this many bytes: a piece without an ordinal that is shorter is the last one. */
const pieceLength = 16 * 1024;
/** Lines of which only the end is still to come. */
const passedKept = 1000;
const mark = Buffer.from('partial_message');

export class Pieces {
  readonly #settings: PiecesSettings;
  /** The lines of each connection, by container, stream and id. */
  readonly #lines = new Map<Origin, Map<string, Line>>();
  /** All of them, the one that has waited longest first. */
  readonly #waiting = new Set<Line>();
  /** Of lines whose beginning was passed on: the ordinal that comes next. */
  readonly #passed = new Map<string, number>();
  /** Numbers for connections, which are part of those keys. */
  readonly #numbers = new WeakMap<Origin, number>();
  #nextNumber = 0;
  readonly #late = new Set<Promise<void>>();
  readonly #view = new ReadView();
  readonly #event = new EventView();
  readonly #reader = new PieceReader();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: PiecesSettings) {
    this.#settings = settings;
  }

  /** Takes a batch in place of `settings.emit`. Settles when what of it was handed on does; what is held counts as settled. */
  readonly emit: Emit = (batch) => {
    const { entries } = batch;
    const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.length);
    // The last piece of a line need not say that it is one.
    if (!this.#lines.has(batch.origin) && !bytes.includes(mark)) {
      return this.#settings.emit(batch);
    }
    return this.#take(batch);
  };

  /** Nothing more comes from there: what is held of it is passed on. */
  end(origin: Origin): void {
    for (const line of [...(this.#lines.get(origin)?.values() ?? [])]) {
      this.#passOn(line);
    }
  }

  /** Passes all on and waits until it is settled, or `signal` aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    for (const line of [...this.#waiting]) {
      this.#passOn(line);
    }
    clearTimeout(this.#timer);
    if (this.#late.size > 0 && !signal.aborted) {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await Promise.race([Promise.allSettled(this.#late), aborted]);
    }
  }

  #take(batch: Batch): Promise<void> | undefined {
    const { entries } = batch;
    const settled = new Set<Promise<void>>();
    const emit = (part: Batch) => {
      const each = this.#settings.emit(part);
      if (each !== undefined) {
        settled.add(each);
      }
    };
    this.#view.set(entries);
    let from = 0;
    let count = 0;
    for (let at = 0; at < entries.length; ) {
      const next = this.#read(at);
      if (next < 0) {
        count += batch.count - count;
        break;
      }
      const line = this.#lineOf(batch);
      if (line === undefined) {
        count++;
      } else {
        if (at > from) {
          emit({ ...batch, entries: entries.subarray(from, at), count });
        }
        from = next;
        count = 0;
        const whole = this.#add(line, entries.slice(at, next));
        if (whole) {
          emit(this.#finish(line, batch.acks));
        }
      }
      at = next;
    }
    this.#view.forget();
    if (from === 0) {
      emit(batch);
    } else if (from < entries.length) {
      emit({ ...batch, entries: entries.subarray(from), count });
    }
    this.#bound();
    this.#arm();
    const [one, ...more] = settled;
    return more.length === 0 ? one : Promise.all(settled).then(() => undefined);
  }

  /** Reads the event at byte `at` of the batch; returns where the next one begins. */
  #read(at: number): number {
    const view = this.#view;
    const record = this.#event.open(view, view.start + at);
    const next = record < 0 ? record : this.#reader.read(view, record);
    return next < 0 ? next : next - view.start;
  }

  /** The line that the event just read is a piece of; undefined where it is to be passed on as it is. */
  #lineOf(batch: Batch): Line | undefined {
    const { isPiece, hasText, id, ordinal, stream } = this.#reader;
    const key = `${batch.tag.text} ${stream} ${isPiece ? id : ''}`;
    const line = this.#lines.get(batch.origin)?.get(key);
    if (!isPiece) {
      return hasText ? line : undefined;
    }
    if (id !== '') {
      // One that came already, or makes no sense, is no piece of this line: it stays what it is.
      const sense = ordinal >= (line?.first ?? 1) && ordinal <= (line?.last ?? ordinal);
      if (!sense || line?.pieces.has(ordinal)) {
        return undefined;
      }
    }
    return line ?? this.#newLine(key, batch);
  }

  #newLine(key: string, { tag, origin }: Batch): Line {
    let lines = this.#lines.get(origin);
    if (lines === undefined) {
      lines = new Map();
      this.#lines.set(origin, lines);
    }
    const passed = this.#passed.get(this.#passedKey(origin, key));
    const line: Line = {
      ...{ key, numbered: this.#reader.id !== '', tag, origin, pieces: new Map(), bytes: 0, touched: 0 },
      first: passed ?? 1,
      last: undefined,
    };
    lines.set(key, line);
    return line;
  }

  /** Adds the event just read to a line; returns whether the line is whole now. */
  #add(line: Line, entry: Uint8Array): boolean {
    const { isPiece, ordinal, isLast, length } = this.#reader;
    const place = line.numbered ? ordinal : line.first + line.pieces.size;
    line.pieces.set(place, entry);
    line.bytes += entry.length;
    line.touched = this.#settings.clock.now();
    this.#bytes += entry.length;
    this.#waiting.delete(line);
    this.#waiting.add(line);
    if (line.numbered ? isLast : !isPiece || length < pieceLength) {
      line.last = place;
    }
    return line.last !== undefined && line.pieces.size === line.last - line.first + 1;
  }

  /** The event of a line, with all that is there of it; the line is forgotten. */
  #finish(line: Line, acks: Batch['acks']): Batch {
    this.#forget(line);
    const { tag, origin, pieces, first, last } = line;
    const inOrder = [...pieces].sort(([a], [b]) => a - b).map(([, entry]) => entry);
    const whole = first === 1 && last !== undefined && pieces.size === last;
    const entries = joinEntries(inOrder as [Uint8Array, ...Uint8Array[]], whole);
    if (last !== undefined) {
      this.#passed.delete(this.#passedKey(origin, line.key));
    }
    return { tag, entries, count: 1, origin, seq: 0, arrived: line.touched, acks };
  }

  #forget(line: Line): void {
    const lines = this.#lines.get(line.origin);
    lines?.delete(line.key);
    if (lines?.size === 0) {
      this.#lines.delete(line.origin);
    }
    this.#waiting.delete(line);
    this.#bytes -= line.bytes;
  }

  /** Passes a line on as far as it got. `goesOn`: the next piece of its stream is one of it, though it does not say so. */
  #passOn(line: Line, goesOn = false): void {
    const batch = this.#finish(line, undefined);
    this.#settings.unfinished(line.tag.text);
    if (line.last === undefined && (line.numbered || goesOn)) {
      this.#rememberPassed(line);
    }
    let settled: Promise<void> | undefined;
    try {
      settled = this.#settings.emit(batch);
    } catch (error) {
      settled = Promise.reject(error);
    }
    if (settled !== undefined) {
      const done = settled;
      this.#late.add(done);
      const over = () => this.#late.delete(done);
      done.then(over, over);
      this.#settings.late(line.tag.text, done, batch.entries.length);
    }
  }

  /** Pieces that still come belong to the end of that line, not to a new one. */
  #rememberPassed(line: Line): void {
    const [oldest] = this.#passed.keys();
    if (this.#passed.size >= passedKept && oldest !== undefined) {
      this.#passed.delete(oldest);
    }
    let highest = line.first;
    for (const ordinal of line.pieces.keys()) {
      highest = Math.max(highest, ordinal);
    }
    this.#passed.set(this.#passedKey(line.origin, line.key), highest + 1);
  }

  #passedKey(origin: Origin, key: string): string {
    let number = this.#numbers.get(origin);
    if (number === undefined) {
      number = this.#nextNumber++;
      this.#numbers.set(origin, number);
    }
    return `${number} ${key}`;
  }

  /** Passes on the lines that have waited longest where too much is held. */
  #bound(): void {
    for (const line of this.#waiting) {
      if (this.#bytes <= this.#settings.limit && this.#waiting.size <= this.#settings.linesLimit) {
        return;
      }
      this.#passOn(line, true);
    }
  }

  #arm(): void {
    const [oldest] = this.#waiting;
    if (oldest !== undefined && this.#timer === undefined) {
      const wait = Math.max(1, oldest.touched + this.#settings.timeout - this.#settings.clock.now());
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#expire();
      }, wait);
    }
  }

  #expire(): void {
    const now = this.#settings.clock.now();
    for (const line of this.#waiting) {
      if (line.touched + this.#settings.timeout > now) {
        break;
      }
      this.#passOn(line);
    }
    this.#arm();
  }
}
