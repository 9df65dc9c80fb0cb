// The live stream's memory: batches as blocks (protocol.ts), in segments of which the oldest go when there are too many. Bytes are copied in
// once, and readers send them from here. Who reads, and how far, is the hub's business.
import type { Batch } from '../core/batch.ts';
import { Skip } from '../msgpack/skip.ts';
import { blockSize, writeBlock } from './protocol.ts';

export interface Segment {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  used: number;
  /** The position of its first event, and the one behind its last. Between the segments positions may be missing: such batches did not fit. */
  readonly start: number;
  end: number;
  /** How many bytes were ever taken before this segment. */
  readonly startByte: number;
  next: Segment | undefined;
  /** Frames of it that are under way: its memory is not used anew then. */
  pins: number;
  /** Whether its events are held no more. */
  gone: boolean;
}

const smallest = 64 * 1024;
/** A batch of one read of an input fits. */
const largest = 1024 * 1024 + 64 * 1024;

export class Segments {
  readonly memorySize: number;
  readonly #segmentSize: number;
  readonly #evicted: (segment: Segment) => void;
  readonly #skip = new Skip();
  #first: Segment;
  #last: Segment;
  /**
   * Pieces of one reservation, of which the system gives what is touched. Allocating them one by one would make the garbage collector run
   * again and again while the memory fills.
   */
  readonly #free: Buffer<ArrayBuffer>[];
  /** Bytes of memory of all segments. */
  #held = 0;
  #next = 0;

  /** `evicted` is told of each segment that goes, while its bytes are still there. */
  constructor(memorySize: number, evicted: (segment: Segment) => void) {
    this.memorySize = memorySize;
    this.#segmentSize = Math.max(smallest, Math.min(largest, Math.floor(memorySize / 16)));
    this.#evicted = evicted;
    this.#free = this.#reserve();
    this.#first = newSegment(Buffer.alloc(0), 0, 0);
    this.#last = this.#first;
  }

  /** The segment that holds the oldest event. */
  get first(): Segment {
    return this.#first;
  }

  get last(): Segment {
    return this.#last;
  }

  /** The position of the next event to come. */
  get next(): number {
    return this.#next;
  }

  /** How many bytes were ever taken. */
  get bytes(): number {
    return this.#last.startByte + this.#last.used;
  }

  /** A frame of it is under way. */
  pin(segment: Segment): void {
    segment.pins++;
  }

  unpin(segment: Segment): void {
    segment.pins--;
    this.#reuse(segment);
  }

  /** Takes a batch. What is larger than a quarter of the memory is cut between events; an event as large as that is not held. */
  add(batch: Batch, place: Uint8Array): void {
    const { entries, count } = batch;
    const limit = Math.floor(this.memorySize / 4);
    if (entries.length <= limit) {
      this.#append(batch, place, entries, batch.seq, count);
      return;
    }
    let done = 0;
    let begin = 0;
    let pieceCount = 0;
    for (let at = 0; at < entries.length; ) {
      const next = this.#skip.run(entries, at, entries.length);
      if (next < 0) {
        this.#skip.reset();
        break;
      }
      if (pieceCount > 0 && next - begin > limit) {
        this.#append(batch, place, entries.subarray(begin, at), batch.seq + done, pieceCount);
        done += pieceCount;
        begin = at;
        pieceCount = 0;
      }
      pieceCount++;
      at = next;
      if (at - begin > limit) {
        this.#pass(1);
        done++;
        begin = at;
        pieceCount = 0;
      }
    }
    if (pieceCount > 0) {
      this.#append(batch, place, entries.subarray(begin), batch.seq + done, pieceCount);
      done += pieceCount;
    }
    this.#pass(count - done);
  }

  #append(batch: Batch, place: Uint8Array, entries: Uint8Array, seq: number, count: number): void {
    const tag = batch.tag.bytes;
    const size = blockSize(place.length, tag.length, entries.length);
    if (size > this.memorySize / 2) {
      this.#pass(count);
      return;
    }
    if (this.#last.used + size > this.#last.bytes.length || this.#last.end !== this.#next) {
      this.#grow(size);
    }
    const segment = this.#last;
    const numbers = { position: this.#next, seq, count, arrived: Math.floor(batch.arrived) };
    segment.used = writeBlock(segment.view, segment.used, numbers, place, tag, entries);
    this.#next += count;
    segment.end = this.#next;
  }

  /** Events that are not held have positions all the same: readers see what is missing. */
  #pass(count: number): void {
    this.#next += count;
  }

  #grow(size: number): void {
    const wanted = Math.max(size, this.#segmentSize);
    const old = this.#last;
    while (this.#held + wanted > this.memorySize && this.#first !== old) {
      this.#dropFirst();
    }
    // Where frames that nobody takes hold the pieces, or a batch needs more than one, it gets memory of its own.
    const bytes = (wanted === this.#segmentSize ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(wanted);
    const segment = newSegment(bytes, this.#next, this.bytes);
    old.next = segment;
    this.#last = segment;
    this.#held += wanted;
    // What comes first is never the empty segment of the beginning, nor too much for the new one.
    if (old.used === 0 || this.#held > this.memorySize) {
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    const gone = this.#first;
    if (gone.next === undefined) {
      return;
    }
    this.#evicted(gone);
    this.#first = gone.next;
    this.#held -= gone.bytes.length;
    gone.gone = true;
    this.#reuse(gone);
  }

  #reuse({ bytes, gone, pins }: Segment): void {
    if (gone && pins === 0 && bytes.length === this.#segmentSize && this.#free.length < this.#pieces) {
      this.#free.push(bytes);
    }
  }

  get #pieces(): number {
    return Math.floor(this.memorySize / this.#segmentSize);
  }

  #reserve(): Buffer<ArrayBuffer>[] {
    const memory = new ArrayBuffer(this.#pieces * this.#segmentSize);
    return Array.from({ length: this.#pieces }, (_, n) =>
      Buffer.from(memory, n * this.#segmentSize, this.#segmentSize),
    );
  }
}

function newSegment(bytes: Buffer<ArrayBuffer>, start: number, startByte: number): Segment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, used: 0, start, end: start, startByte, next: undefined, pins: 0, gone: false };
}
