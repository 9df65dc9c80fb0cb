// Joins messages of one tag in a row, inside one read, into batches, in the read's own bytes. Which events are good ones is intake.ts.
import type { Batch, Emit, Origin, Tag } from '../core/batch.ts';
import { handedOn, type TakenChunk } from './resends.ts';

/** Entries longer than this are handed on by themselves, rather than moved next to others. */
const joinLimit = 16 * 1024;

/** Told when a batch was handed on: `acks` are the chunk ids that wait for it, `settled` is what emit returned. */
export type Handed = (
  acks: readonly Uint8Array[] | undefined,
  settled: Promise<void> | undefined,
  bytes: number,
) => void;

/** One per connection; empty between reads. */
export class Batcher {
  readonly #emit: Emit;
  readonly #origin: Origin;
  readonly #handed: Handed;
  #bytes: Uint8Array = new Uint8Array(0);
  #tag: Tag | undefined;
  #start = 0;
  #end = 0;
  #count = 0;
  /** The earliest and the latest second; NaN where that is not known. */
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #acks: Uint8Array[] | undefined;
  /** Those of the chunks that are remembered. */
  #taken: TakenChunk[] | undefined;
  #arrived = 0;
  /** What the last `addCopy` waits for. */
  settled: Promise<void> | undefined;

  constructor(emit: Emit, origin: Origin, handed: Handed) {
    this.#emit = emit;
    this.#origin = origin;
    this.#handed = handed;
  }

  /** The read that the next events stand in, and its time. */
  begin(bytes: Uint8Array, arrived: number): void {
    this.#bytes = bytes;
    this.#arrived = arrived;
  }

  /**
   * One event of Message mode: its time begins at `start`, its record ends at `end`. The byte before `start` is overwritten, and more before
   * it when there are events to join: all of that belongs to messages that are done with.
   */
  addEvent(tag: Tag, start: number, end: number): void {
    const bytes = this.#bytes;
    const out = this.#room(tag);
    bytes[out < 0 ? start - 1 : out] = 0x92;
    if (out < 0) {
      this.#start = start - 1;
      this.#end = end;
    } else {
      bytes.copyWithin(out + 1, start, end);
      this.#end = out + 1 + end - start;
    }
    this.#first = Number.NaN;
    this.#count++;
  }

  /** A run of `count` clean entries from `start` to `end`; `first` and `last` are their earliest and latest seconds, NaN where not known. */
  addRun(tag: Tag, start: number, end: number, count: number, first: number, last: number): void {
    const out = end - start > joinLimit ? this.#fresh(tag) : this.#room(tag);
    if (out < 0) {
      this.#start = start;
      this.#end = end;
    } else {
      this.#bytes.copyWithin(out, start, end);
      this.#end = out + end - start;
    }
    this.#first = Math.min(this.#first, first);
    this.#last = Math.max(this.#last, last);
    this.#count += count;
  }

  /**
   * Clean entries that stand in bytes of their own, which nobody else uses until this returns. `acks` says that a chunk waits for them: it
   * is acked by `ack` afterwards, behind all that was handed on before.
   */
  addCopy(
    tag: Tag,
    entries: Uint8Array,
    count: number,
    acks: readonly Uint8Array[] | undefined,
    first = Number.NaN,
    last = Number.NaN,
  ): void {
    this.flush();
    this.settled = this.#emit(this.#batch(tag, entries, count, acks, first, last));
    this.#handed(undefined, this.settled, entries.length);
  }

  /** The chunk id of the message that was added last; `taken` is told what becomes of its events. */
  ack(chunk: Uint8Array, taken?: TakenChunk): void {
    if (this.#count === 0) {
      // Nothing of the message is waiting: it is done when all before it are.
      if (taken !== undefined) {
        handedOn([taken], this.settled);
      }
      this.#handed([chunk], undefined, 0);
      return;
    }
    if (this.#acks === undefined) {
      this.#acks = [chunk];
    } else {
      this.#acks.push(chunk);
    }
    if (taken !== undefined) {
      this.#taken ??= [];
      this.#taken.push(taken);
    }
  }

  /** The chunk id of a message that was taken before, perhaps by another connection; false where its events never were handed on. */
  ackAgain(taken: TakenChunk, chunk: Uint8Array | undefined): boolean {
    this.flush();
    if (taken.state === 'joining' || chunk === undefined) {
      return false; // emit has thrown
    }
    this.#handed([chunk], taken.settled, 0);
    return true;
  }

  /** Hands on what was joined. */
  flush(): void {
    if (this.#count === 0 || this.#tag === undefined) {
      return;
    }
    const entries = this.#bytes.subarray(this.#start, this.#end);
    const acks = this.#acks;
    const batch = this.#batch(this.#tag, entries, this.#count, acks, this.#first, this.#last);
    this.#count = 0;
    this.#first = Number.POSITIVE_INFINITY;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#acks = undefined;
    const taken = this.#taken;
    this.#taken = undefined;
    const settled = this.#emit(batch);
    if (taken !== undefined) {
      handedOn(taken, settled);
    }
    this.#handed(acks, settled, entries.length);
  }

  /** Where events of `tag` go next, or -1 where they begin a batch of their own. */
  #room(tag: Tag): number {
    return this.#count > 0 && this.#tag === tag ? this.#end : this.#fresh(tag);
  }

  #fresh(tag: Tag): -1 {
    this.flush();
    this.#tag = tag;
    return -1;
  }

  #batch(
    tag: Tag,
    entries: Uint8Array,
    count: number,
    acks: readonly Uint8Array[] | undefined,
    first: number,
    last: number,
  ): Batch {
    const times = first <= last ? { entries, first, last } : undefined;
    return { tag, entries, count, origin: this.#origin, seq: 0, arrived: this.#arrived, acks, times };
  }
}
