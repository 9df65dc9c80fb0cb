// Walks over the events of a frame in the order of their times, where several senders' stand in it: runs of events of a block, as FrameCursor
// gives whole blocks. Events of one sender and tag never change places among themselves, and no byte is moved. Order between frames is not
// made: a frame is told as it comes.
//
// Where a sender's times have no fraction they may mean any moment of their second: such an event stands behind all of that second that came
// before it. One that lies ahead of its arrival by more than a second is taken to be of its arrival, so that a wrong clock holds nobody back.
import { Skip } from '../msgpack/skip.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { FrameCursor } from './protocol.ts';

/**
 * Bytes of places and tags that the runs of a frame may have beyond those of its blocks: each run costs its reader about what a block does.
 * Where they are more, times are compared more coarsely.
 */
const mostHeads = 128 * 1024;
const runHead = 32;
/** Larger frames stay as they are: the server makes them of one large batch only. */
const largest = 1024 * 1024;
/** Nanoseconds that times are compared in: the first that keeps to the bound. */
const steps = [1, 10e6, 1e9];
/** Seconds that an event may lie ahead of its arrival. */
const ahead = 1;

interface BlockOfFrame {
  readonly position: number;
  readonly seq: number;
  readonly count: number;
  readonly arrived: number;
  readonly placeAt: number;
  readonly tagAt: number;
  readonly entriesAt: number;
  readonly end: number;
  /** Of place and tag. Where two senders have the same, their events keep the order that they came in. */
  readonly sender: number;
}

export class FrameOrder {
  // Of the run: as FrameCursor has them.
  position = 0;
  seq = 0;
  count = 0;
  arrived = 0;
  placeAt = 0;
  tagAt = 0;
  tagEnd = 0;
  entriesAt = 0;
  end = 0;
  isAtEnd = false;
  readonly #cursor = new FrameCursor();
  #blocks: BlockOfFrame[] = [];
  /** Whether the runs are other ones than the blocks. */
  #isMixed = false;
  /** The next block, or the next event of the order. */
  #next = 0;
  // Of each event: its block, where it begins and ends, its time, nanoseconds since `#base`, and then what it is
  // sorted by.
  readonly #blockOf: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #keys: number[] = [];
  /** Where each block's first event is in these. */
  readonly #firsts: number[] = [];
  #order: number[] = [];
  /** Seconds since the epoch. */
  #base = 0;
  // The greatest time of each second so far; of the second that was asked for last beside it.
  readonly #seconds = new Map<number, number>();
  #second = Number.NaN;
  #greatest = 0;
  readonly #skip = new Skip();
  readonly #view = new ReadView();
  readonly #event = new EventView();

  /** False where the bytes are no frame of this version, or not whole. */
  open(frame: Uint8Array): boolean {
    const cursor = this.#cursor;
    this.#blocks = [];
    this.#isMixed = false;
    this.#next = 0;
    this.isAtEnd = false;
    if (!cursor.open(frame)) {
      return false;
    }
    let senders = 0;
    while (cursor.next()) {
      const { position, seq, count, arrived, placeAt, tagAt, entriesAt, end } = cursor;
      const last = this.#blocks.at(-1);
      const isSame = last !== undefined && sameBytes(frame, last.placeAt, last.entriesAt, placeAt, entriesAt);
      const sender = isSame ? last.sender : hashOf(frame, placeAt, entriesAt);
      senders += last?.sender === sender ? 0 : 1;
      this.#blocks.push({ position, seq, count, arrived, placeAt, tagAt, entriesAt, end, sender });
    }
    this.isAtEnd = cursor.isAtEnd;
    this.#isMixed = senders > 1 && this.isAtEnd && frame.length <= largest && this.#read(frame) && this.#sort();
    return true;
  }

  /** The next run; false behind the last one, and where the rest of the frame is none: `isAtEnd` says which. */
  next(): boolean {
    if (!this.#isMixed) {
      const block = this.#blocks[this.#next++];
      if (block !== undefined) {
        this.#show(block, 0, block.count, block.entriesAt, block.end);
      }
      return block !== undefined;
    }
    const order = this.#order;
    if (this.#next >= order.length) {
      return false;
    }
    const from = order[this.#next] as number;
    const to = this.#runEnd(this.#next);
    const last = from + to - this.#next - 1;
    this.#next = to;
    const place = this.#blockOf[from] as number;
    const first = this.#firsts[place] as number;
    const block = this.#blocks[place] as BlockOfFrame;
    this.#show(block, from - first, last - from + 1, this.#starts[from] as number, this.#ends[last] as number);
    return true;
  }

  #show(block: BlockOfFrame, before: number, count: number, from: number, to: number): void {
    this.position = block.position + before;
    this.seq = block.seq + before;
    this.count = count;
    this.arrived = block.arrived;
    this.placeAt = block.placeAt;
    this.tagAt = block.tagAt;
    this.tagEnd = block.entriesAt;
    this.entriesAt = from;
    this.end = to;
  }

  /** Of the run that begins at this place of the order: the place behind it. */
  #runEnd(at: number): number {
    const order = this.#order;
    const first = order[at] as number;
    const block = this.#blockOf[first];
    let to = at + 1;
    while (order[to] === first + to - at && this.#blockOf[order[to] as number] === block) {
      to++;
    }
    return to;
  }

  /** Finds the events and their times. False where they stand in order, or where entries are not what their block says. */
  #read(frame: Uint8Array): boolean {
    const view = this.#view;
    view.set(frame);
    const { bytes, start } = view;
    this.#starts.length = 0;
    this.#base = Math.floor((this.#blocks[0]?.arrived ?? 0) / 1000);
    /** Senders whose times have fractions. */
    const fine = new Set<number>();
    let events = 0;
    for (const [place, { sender, entriesAt, end, count, arrived }] of this.#blocks.entries()) {
      this.#firsts[place] = events;
      const stop = events + count;
      view.end = start + end;
      for (let at = start + entriesAt; at < view.end; events++) {
        const record = this.#event.open(view, at);
        const next = record < 0 ? record : this.#skip.run(bytes, record, view.end);
        if (next < 0) {
          this.#skip.reset();
          return false;
        }
        if (this.#event.nsec > 0) {
          fine.add(sender);
        }
        this.#blockOf[events] = place;
        this.#starts[events] = at - start;
        this.#ends[events] = next - start;
        this.#keys[events] = this.#time(arrived);
        at = next;
      }
      if (events !== stop) {
        return false;
      }
    }
    return !this.#settle(fine);
  }

  /** Nanoseconds since `#base` of the event that is open, whose batch arrived then (ms). */
  #time(arrived: number): number {
    const { sec, nsec } = this.#event;
    const time = (sec - this.#base) * 1e9 + nsec;
    const own = (arrived - this.#base * 1000) * 1e6;
    return time > own + ahead * 1e9 ? own : time;
  }

  /** Makes keys of the times. Says whether the events stand in order. */
  #settle(fine: ReadonlySet<number>): boolean {
    const keys = this.#keys;
    const newestOf = new Map<number, number>();
    let newest = Number.NEGATIVE_INFINITY;
    let isOrdered = true;
    this.#seconds.clear();
    this.#second = Number.NaN;
    for (const [place, { sender, count }] of this.#blocks.entries()) {
      const first = this.#firsts[place] as number;
      const isWhole = !fine.has(sender);
      let own = newestOf.get(sender) ?? Number.NEGATIVE_INFINITY;
      for (let event = first; event < first + count; event++) {
        const time = keys[event] as number;
        const greatest = this.#greatestWith(time);
        own = Math.max(own, isWhole && time % 1e9 === 0 ? greatest : time);
        isOrdered &&= own >= newest;
        newest = Math.max(newest, own);
        keys[event] = own;
      }
      newestOf.set(sender, own);
    }
    return isOrdered;
  }

  /** The greatest time of that time's second so far, that one too. */
  #greatestWith(time: number): number {
    const second = Math.floor(time / 1e9);
    if (second !== this.#second) {
      this.#seconds.set(this.#second, this.#greatest);
      this.#second = second;
      this.#greatest = this.#seconds.get(second) ?? time;
    }
    this.#greatest = Math.max(this.#greatest, time);
    return this.#greatest;
  }

  /** Orders the events by their keys; false where that would be too many runs in any step. */
  #sort(): boolean {
    const keys = this.#keys;
    for (const step of steps) {
      this.#order = Array.from(this.#starts.keys());
      this.#order.sort((a, b) => {
        const difference = Math.floor((keys[a] as number) / step) - Math.floor((keys[b] as number) / step);
        return difference === 0 ? a - b : difference;
      });
      if (this.#fits()) {
        return true;
      }
    }
    return false;
  }

  #fits(): boolean {
    const heads = this.#blocks.reduce((sum, { placeAt, entriesAt }) => sum + runHead + entriesAt - placeAt, 0);
    let left = heads + mostHeads;
    for (let at = 0; at < this.#order.length && left >= 0; at = this.#runEnd(at)) {
      const block = this.#blocks[this.#blockOf[this.#order[at] as number] as number] as BlockOfFrame;
      left -= runHead + block.entriesAt - block.placeAt;
    }
    return left >= 0;
  }
}

function sameBytes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) {
    return false;
  }
  for (let n = aEnd - a - 1; n >= 0; n--) {
    if (bytes[a + n] !== bytes[b + n]) {
      return false;
    }
  }
  return true;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  }
  return hash;
}
