// The events that the page keeps: their msgpack bytes in blocks, the oldest block goes when there are too many. Numbers them in the order
// of arrival, and knows of each where its bytes are and which container it is of. Which of them are shown is view.ts's business, what
// they look like event.ts's.
import type { FrameBlock, Place } from '../live/protocol.ts';
import { EventSubject } from '../live/query/event-subject.ts';
import { levelNumber } from '../live/query/levels.ts';
import { isMap } from '../msgpack/entries.ts';
import { integerAt, type Span, stringSpan } from '../msgpack/text.ts';
import { type Joined, Pieces } from './pieces.ts';
import { text } from './strings.ts';
import { Values } from './values.ts';

export interface StoreLimits {
  readonly events: number;
  readonly bytes: number;
}

/** What the stream lacks at one place. */
export type Marker =
  | { readonly kind: 'dropped'; readonly count: number }
  | { readonly kind: 'away'; readonly from: number; readonly to: number }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'unreadable' };

/** A batch as it came: what its events have in common. */
export interface BatchInfo {
  readonly tag: string;
  readonly tagId: number;
  readonly place: Place;
  /** Seq of the event that has the number `first` here. */
  readonly seq: number;
  readonly first: number;
  /** Ms since the epoch. */
  readonly arrived: number;
}

const blockEvents = 4096;
const blockBytes = 512 * 1024;
const firstBytes = 16 * 1024;

/** The event is a piece that another stands for. */
const folded = 1;
const marked = 2;

/** Events in a row. Stays whole as long as somebody shows one of them, also when the store has let go of it. */
export class Block {
  readonly first: number;
  count = 0;
  used = 0;
  bytes = new Uint8Array(firstBytes);
  readonly starts = new Uint32Array(blockEvents + 1);
  readonly containers = new Uint16Array(blockEvents);
  readonly sources = new Uint16Array(blockEvents);
  readonly levels = new Uint8Array(blockEvents);
  /** Whether the event is one of those that facets.ts has counted. */
  readonly counted = new Uint8Array(blockEvents);
  readonly flags = new Uint8Array(blockEvents);
  readonly batchOf = new Uint16Array(blockEvents);
  readonly batches: BatchInfo[] = [];
  readonly markers = new Map<number, Marker>();

  constructor(first: number) {
    this.first = first;
  }

  reserve(size: number): void {
    if (this.used + size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.used + size, Math.min(this.bytes.length * 2, blockBytes)));
      grown.set(this.bytes.subarray(0, this.used));
      this.bytes = grown;
    }
  }
}

/** Where an event is. Holds its block, so that what is on the screen can be read although the store has let go of it. */
export interface EventRef {
  readonly id: number;
  readonly block: Block;
  readonly at: number;
}

export class Store {
  readonly pieces = new Pieces();
  /** Bytes kept. */
  bytes = 0;
  /** Lines kept, and let go: a line that came in pieces counts once. */
  lines = 0;
  gone = 0;
  /** The number of the oldest event kept, and of the one that comes next. */
  first = 0;
  next = 0;
  readonly containers: Values;
  readonly sources = new Values(text.otherValues, 1000);
  readonly tags = new Values(text.otherValues, 1000);
  /** Lines kept of each level, by its number. */
  readonly levels: number[] = [];
  /** Told of each block before it goes. */
  onGone: ((block: Block) => void) | undefined;
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  #blocks: Block[] = [];
  readonly #subject = new EventSubject();
  readonly #from = this.#subject.view;
  readonly #event = this.#subject.event;
  readonly #record = this.#subject.record;
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(limits: StoreLimits, containers: Values, now: () => number) {
    this.#limits = limits;
    this.containers = containers;
    this.#now = now;
  }

  /** Number of events kept, pieces and markers counted each. */
  get size(): number {
    return this.next - this.first;
  }

  /** Takes a batch in; the numbers of its events are those from `next` before to `next` after. Returns the joined lines that changed. */
  append(from: FrameBlock): Joined[] {
    const tag = this.#decoder.decode(from.tag);
    const { entries, place, arrived } = from;
    const view = this.#from;
    view.set(entries);
    const joined = new Set<Joined>();
    const context = { tag, place };
    const tagId = this.tags.idOf(tag);
    let seq = from.seq;
    let block: Block | undefined;
    for (let at = view.start; at < view.end; seq++) {
      const record = this.#event.open(view, at);
      const end = record > 0 && isMap(view.bytes[record] as number) ? this.#subject.open(at, context) : -1;
      if (end < 0) {
        // The server sends whole, clean entries only.
        this.mark({ kind: 'unreadable' });
        break;
      }
      const room = this.#room(end - at);
      if (room !== block) {
        block = room;
        block.batches.push({ tag, tagId, place, seq, first: this.next, arrived });
      }
      const line = this.#put(block, at, end);
      if (line !== undefined) {
        joined.add(line);
      }
      at = end;
    }
    view.forget();
    this.#bound();
    return [...joined];
  }

  #put(block: Block, at: number, end: number): Joined | undefined {
    const view = this.#from;
    const index = block.count;
    const container = this.containers.idOf(this.#subject.container());
    const line = this.#joined(container);
    block.bytes.set(view.bytes.subarray(at, end), block.used);
    block.used += end - at;
    block.starts[index + 1] = block.used;
    block.containers[index] = container;
    block.sources[index] = this.sources.idOf(this.#record.at.source === 0 ? '' : this.#string(this.#record.at.source));
    block.levels[index] = levelNumber(this.#subject.level());
    block.batchOf[index] = block.batches.length - 1;
    if (line !== undefined && line.head !== this.next) {
      block.flags[index] = folded;
    } else {
      this.#count(block, index, 1);
      this.lines++;
    }
    block.count++;
    this.bytes += end - at;
    this.next++;
    return line;
  }

  #count(block: Block, at: number, by: number): void {
    const level = block.levels[at] as number;
    this.containers.add(block.containers[at] as number, by);
    this.sources.add(block.sources[at] as number, by);
    this.tags.add(block.batches[block.batchOf[at] as number]?.tagId ?? 0, by);
    this.levels[level] = (this.levels[level] ?? 0) + by;
  }

  /** No event is counted by facets.ts any more. */
  forgetCounted(): void {
    for (const block of this.#blocks) {
      block.counted.fill(0);
    }
  }

  #joined(container: number): Joined | undefined {
    const { at } = this.#record;
    const partial = this.#isTrue(at.partial_message);
    const id = at.partial_id === 0 ? '' : this.#string(at.partial_id);
    if (!partial && id === '' && !this.pieces.waiting) {
      return undefined;
    }
    const event = this.#event;
    const stream = this.#string(at.source);
    const marks = {
      id: id === '' ? '' : `${container} ${id}`,
      ordinal: Number(this.#string(at.partial_ordinal)),
      last: this.#isTrue(at.partial_last),
      partial: partial || id !== '',
      source: `${container} ${stream} ${event.sec} ${event.nsec}`,
      bytes: at.log !== 0 && stringSpan(this.#from.bytes, at.log, this.#span) ? this.#span.end - this.#span.start : 0,
    };
    return this.pieces.take(this.next, marks, this.#now());
  }

  #isTrue(at: number): boolean {
    return at !== 0 && (this.#from.bytes[at] === 0xc3 || this.#string(at) === 'true');
  }

  /** A short string of the record; of another value '', of an integer its digits. */
  #string(at: number): string {
    if (at === 0) {
      return '';
    }
    const { bytes } = this.#from;
    if (!stringSpan(bytes, at, this.#span)) {
      return integerAt(bytes, at)?.toString() ?? '';
    }
    const { start, end } = this.#span;
    return this.#decoder.decode(bytes.subarray(start, Math.min(end, start + 256)));
  }

  /** Notes that something is missing here. */
  mark(marker: Marker): void {
    const block = this.#room(0);
    block.flags[block.count] = marked;
    block.markers.set(block.count, marker);
    block.starts[block.count + 1] = block.used;
    block.count++;
    this.next++;
  }

  /** The block that has room for an event of this size. */
  #room(size: number): Block {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.count === blockEvents || (block.used > 0 && block.used + size > blockBytes)) {
      block = new Block(this.next);
      this.#blocks.push(block);
    }
    block.reserve(size);
    return block;
  }

  #bound(): void {
    let gone = 0;
    while (gone < this.#blocks.length - 1 && (this.size > this.#limits.events || this.bytes > this.#limits.bytes)) {
      const block = this.#blocks[gone++] as Block;
      this.onGone?.(block);
      this.first = block.first + block.count;
      this.bytes -= block.used;
      for (let n = 0; n < block.count; n++) {
        if (block.flags[n] === 0) {
          this.#count(block, n, -1);
          this.lines--;
          this.gone++;
        }
      }
    }
    if (gone > 0) {
      this.#blocks = this.#blocks.slice(gone);
      this.pieces.dropBefore(this.first);
    }
  }

  /** Where the event is; undefined where it is kept no more. */
  ref(id: number): EventRef | undefined {
    if (id < this.first || id >= this.next) {
      return undefined;
    }
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle] as Block).first <= id) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const block = this.#blocks[low] as Block;
    return { id, block, at: id - block.first };
  }
}

/** Whether another event stands for this one. */
export function isFolded({ block, at }: EventRef): boolean {
  return block.flags[at] === folded;
}

export function markerOf({ block, at }: EventRef): Marker | undefined {
  return block.flags[at] === marked ? block.markers.get(at) : undefined;
}

/** The event's `[time, record]`. */
export function entryOf({ block, at }: EventRef): Uint8Array {
  return block.bytes.subarray(block.starts[at] as number, block.starts[at + 1] as number);
}

export function batchOf({ block, at }: EventRef): BatchInfo | undefined {
  return block.batches[block.batchOf[at] as number];
}
