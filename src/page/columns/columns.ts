// The events that the page keeps, as columns in blocks (ring.ts). Numbers them in the order of their arrival, those of a frame by their times
// (live/frame-order.ts): what has a number stands where it stands. Frames are taken in by the kernel;
// what it leaves (an unknown shape, pieces of a line, odd records) is taken here. Which events are shown is search.ts's.
import { FrameOrder } from '../../live/frame-order.ts';
import { EventSubject } from '../../live/query/event-subject.ts';
import { levelNumber } from '../../live/query/levels.ts';
import { isMap } from '../../msgpack/entries.ts';
import { type Span, stringSpan } from '../../msgpack/text.ts';
import type { Marker } from '../held.ts';
import { type Joined, Pieces } from '../pieces.ts';
import { type Block, type BlockSize, usualSize } from './block.ts';
import type { Kernel, KernelAndMemory } from './kernel.ts';
import { isOdd } from './kernel-plain.ts';
import {
  ask,
  context,
  fine,
  folded,
  inputAt,
  inputSize,
  joined,
  late,
  marked,
  mostOrigins,
  mostShapes,
  odd,
  plain,
  scanned,
} from './layout.ts';
import type { Memory } from './memory.ts';
import { type Origin, Origins } from './origins.ts';
import { PieceReader } from './piece-reader.ts';
import { Ring, type RingLimits, type Where } from './ring.ts';
import { ScanContext } from './scan-context.ts';
import { others, type Shape, Shapes } from './shapes.ts';
import { Traces } from './traces.ts';

export interface ColumnEvents {
  /** Events of a block have come. */
  took(block: Block, from: number, to: number): void;
  /** A block goes. */
  gone(block: Block): void;
  /** A line in pieces has changed; its first event was taken before. */
  changed(line: Joined): void;
}

/** Seconds that an event may be older than the newest before it is called late, and that a clock may be ahead. */
const patience = 5;
const ahead = 60;

export class Columns {
  readonly memory: Memory;
  readonly kernel: Kernel;
  readonly shapes: Shapes;
  readonly origins: Origins;
  readonly pieces = new Pieces();
  readonly #traces: Traces;
  readonly #folded = new Set<Joined>();
  readonly size: BlockSize;
  /** Lines kept, and let go: a line that came in pieces counts once, a marker does not. */
  lines = 0;
  gone = 0;
  on: ColumnEvents = { took: () => {}, gone: () => {}, changed: () => {} };
  readonly #ring: Ring;
  readonly #scan: ScanContext;
  readonly #now: () => number;
  #newest = 0;
  /** Of the event that is taken one by one. */
  #seq = 0;
  /** The newest events, of which nobody was told yet: those of this block from that row on. */
  #untold: Block | undefined;
  #untoldFrom = 0;
  readonly #cursor = new FrameOrder();
  readonly #subject = new EventSubject();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #pieceReader = new PieceReader();

  constructor({ kernel, memory }: KernelAndMemory, limits: RingLimits, now: () => number, size = usualSize) {
    this.kernel = kernel;
    this.memory = memory;
    this.#ring = new Ring(memory, size, limits, (block) => this.#gone(block));
    this.#now = now;
    this.size = size;
    this.shapes = new Shapes(memory, () => {
      this.origins.forgetShapes();
      return this.#ring.unused('shapes', mostShapes);
    });
    this.origins = new Origins(memory, () => this.#ring.unused('origins', mostOrigins));
    this.#traces = new Traces(memory, this.pieces, (block) => this.blocks[this.blocks.indexOf(block) - 1]);
    this.#scan = new ScanContext(memory, size);
  }

  /** The oldest first. */
  get blocks(): readonly Block[] {
    return this.#ring.blocks;
  }

  /** The number of the oldest event kept, and of the one that comes next. */
  get first(): number {
    return this.#ring.first;
  }
  get next(): number {
    return this.#ring.next;
  }

  /** Bytes of memory that events have. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  /** Takes a frame in; what comes before its blocks is `dropped`'s to say. False where it cannot be read to its end. */
  append(frame: Uint8Array, each: (position: number, count: number) => void = () => {}): boolean {
    const isRead = this.#append(frame, each);
    this.#tell();
    return isRead;
  }

  #append(frame: Uint8Array, each: (position: number, count: number) => void): boolean {
    const cursor = this.#cursor;
    if (!cursor.open(frame)) {
      return false;
    }
    const isInside = frame.length <= inputSize;
    if (isInside) {
      this.memory.u8.set(frame, inputAt);
    }
    while (cursor.next()) {
      const origin = this.origins.of(frame, cursor.placeAt, cursor.tagAt, cursor.tagEnd);
      if (origin === undefined) {
        return false;
      }
      const { entriesAt, end } = cursor;
      const base = isInside ? inputAt : inputAt - entriesAt;
      if (!isInside && end - entriesAt <= inputSize) {
        this.memory.u8.set(frame.subarray(entriesAt, end), inputAt);
      }
      this.#take(frame, entriesAt, end, base, origin, isInside || end - entriesAt <= inputSize);
      each(cursor.position, cursor.count);
    }
    return cursor.isAtEnd;
  }

  /** The events of a batch, which stand in the frame, and, unless they are too many, in the input at the same places from `base` on. */
  #take(frame: Uint8Array, from: number, end: number, base: number, origin: Origin, isInside: boolean): void {
    let { seq } = this.#cursor;
    let at = from;
    while (at < end) {
      const block = this.#ring.room();
      const before = block.count;
      block.run(before, seq, this.#cursor.arrived);
      let code: number = scanned.slow;
      if (isInside) {
        this.#scan.enter(block, origin.id);
        code = this.kernel.scan(context, base + at, base + end);
        at = this.#scan.at - base;
        this.#leave(block, before);
        seq += block.count - before;
      }
      if (code === scanned.full) {
        this.#tell();
        this.#ring.begin();
      } else if (at < end && code === scanned.slow) {
        this.#tell();
        at = this.#slow(frame, at, end, origin, seq++);
      }
      if (at < 0) {
        // The server sends whole, clean entries only.
        this.mark({ kind: 'unreadable', at: this.#now() });
        return;
      }
    }
  }

  #leave(block: Block, before: number): void {
    this.#scan.leave(block);
    const { count } = block;
    this.lines += count - before;
    this.#ring.next += count - before;
    if (this.#scan.asks > 0) {
      this.#answer(block, before);
    }
    if (count > before && this.#untold === undefined) {
      this.#untold = block;
      this.#untoldFrom = before;
    }
    if (count === this.size.events) {
      this.#tell();
    }
  }

  /** Once for all runs of a frame that stand in one block: telling costs as much as taking a few events. */
  #tell(): void {
    const block = this.#untold;
    if (block !== undefined) {
      this.#untold = undefined;
      this.#notice(block, this.#untoldFrom);
      this.on.took(block, this.#untoldFrom, block.count);
      this.#tellFolded();
    }
  }

  /** Levels that the kernel could not tell. */
  #answer(block: Block, from: number): void {
    const { u8, u32 } = this.memory;
    for (let row = from; row < block.count; row++) {
      const flags = u8[block.at.flags + row] as number;
      if ((flags & ask) !== 0) {
        const start = u32[(block.at.offsets >> 2) + row] as number;
        const end = u32[(block.at.offsets >> 2) + row + 1] as number;
        u8[block.at.levels + row] = levelNumber(this.#subject.levelOfLine(u8, start, end));
        u8[block.at.flags + row] = flags & ~ask;
      }
    }
  }

  /** Which of the events are late, and whether any has to be read to be searched. */
  #notice(block: Block, from: number): void {
    const { u8, u32 } = this.memory;
    const latest = this.#now() / 1000 + ahead;
    const seconds = block.at.seconds >> 2;
    let all = 0;
    let { oldest, newest } = block;
    const { offsets } = block.at;
    for (let row = from; row < block.count; row++) {
      const second = u32[seconds + row] as number;
      if (this.#traces.mayGoOn(u8[u32[(offsets >> 2) + row] as number] as number)) {
        this.#fold(block, row, from);
      }
      all |= u8[block.at.flags + row] as number;
      oldest = Math.min(second, oldest);
      newest = Math.max(second, newest);
      if (second >= this.#newest) {
        this.#newest = second <= latest ? second : this.#newest;
      } else if (second + patience < this.#newest) {
        const at = block.at.flags + row;
        u8[at] = (u8[at] as number) | late;
      }
    }
    block.oldest = oldest;
    block.newest = newest;
    block.mixed ||= (all & (odd | joined | plain)) !== 0;
  }

  /** Folds a line of a stack trace into the one that it goes on with. */
  #fold(block: Block, row: number, from: number): void {
    const line = this.#traces.fold(block, row);
    if (line !== undefined) {
      this.lines--;
      if (line.head < block.first + from) {
        this.#folded.add(line);
      }
    }
  }

  /** Takes one event at `at` of a frame; returns where it ends, negative where it is none. */
  #slow(frame: Uint8Array, at: number, end: number, origin: Origin, seq: number): number {
    const subject = this.#subject;
    const { view } = subject;
    view.setRange(frame, at, end);
    const record = subject.event.open(view, view.start);
    const stop = record > 0 && isMap(view.bytes[record] as number) ? subject.open(view.start, origin) : -1;
    if (stop < 0) {
      return -1;
    }
    view.end = stop;
    this.#seq = seq;
    const line = this.#joined();
    const head = frame[at + 1] as number;
    const isUsual = (head === 0xd7 && frame[at + 2] === 0) || head === 0xce;
    const shape = line === undefined && isUsual ? this.shapes.of(subject, stop) : undefined;
    if (shape === undefined) {
      this.#put(origin, view.bytes.subarray(view.start, stop), undefined, line);
    } else {
      this.origins.remember(origin.id, shape.id);
      stringSpan(view.bytes, subject.fields.messagePlace, this.#span);
      this.#put(origin, view.bytes.subarray(this.#span.start, this.#span.end), shape, undefined);
    }
    const next = at + stop - view.start;
    view.forget();
    return next;
  }

  /** The subject has the event open. */
  #put(origin: Origin, bytes: Uint8Array, shape: Shape | undefined, line: Joined | undefined): void {
    const subject = this.#subject;
    const isLarge = bytes.length > this.size.slab >> 3;
    let block = this.#ring.room();
    if (!isLarge && block.used + bytes.length > block.at.limit) {
      this.#ring.begin();
      block = this.#ring.room();
    }
    const { u8, u16, u32 } = this.memory;
    const row = block.count;
    block.run(row, this.#seq, this.#cursor.arrived);
    const { sec, nsec, eventTime } = subject.event;
    if (isLarge) {
      const whole = subject.view.bytes.slice(subject.view.start, subject.view.end);
      this.#ring.putOutside(block, row, whole);
    } else {
      u8.set(bytes, block.used);
      block.used += bytes.length;
    }
    u32[(block.at.offsets >> 2) + row + 1] = block.used;
    u32[(block.at.seconds >> 2) + row] = Math.min(0xffffffff, Math.max(0, sec));
    u32[(block.at.nanos >> 2) + row] = nsec;
    u16[(block.at.shapes >> 1) + row] = isLarge || shape === undefined ? this.shapes.kind(subject) : shape.id;
    u16[(block.at.origins >> 1) + row] = origin.id;
    u8[block.at.levels + row] = levelNumber(subject.level());
    const isPlain = isLarge || shape === undefined;
    const own = (eventTime ? fine : 0) | (isPlain ? plain : isOdd(bytes, 0, bytes.length) ? odd : 0);
    const isFolded = line !== undefined && line.head !== this.next;
    u8[block.at.flags + row] = own | (line === undefined ? 0 : isFolded ? folded : joined);
    if (isFolded) {
      block.setSpecial(row);
    }
    block.count++;
    this.#ring.next++;
    this.lines += isFolded ? 0 : 1;
    this.#notice(block, row);
    this.on.took(block, row, row + 1);
    this.#tellFolded();
    if (line !== undefined) {
      this.on.changed(line);
    }
  }

  /** Traces whose first line was taken before. */
  #tellFolded(): void {
    if (this.#folded.size > 0) {
      for (const line of this.#folded) {
        this.on.changed(line);
      }
      this.#folded.clear();
    }
  }

  #joined(): Joined | undefined {
    const piece = this.#pieceReader.read(this.#subject, this.pieces.waiting);
    if (piece === undefined) {
      return undefined;
    }
    const line = this.pieces.take(this.next, piece, this.#now());
    this.shapes.watch(this.pieces.waiting);
    return line;
  }

  /** Lines in pieces whose end has not come for too long are taken as they are. */
  expire(now: number): void {
    for (const line of this.pieces.expire(now)) {
      this.on.changed(line);
    }
    this.shapes.watch(this.pieces.waiting);
  }

  /** Notes that something is missing here. */
  mark(marker: Marker): void {
    const block = this.#ring.room();
    const { u8, u16, u32 } = this.memory;
    const row = block.count++;
    u32[(block.at.offsets >> 2) + row + 1] = block.used;
    u32[(block.at.seconds >> 2) + row] = 0;
    u16[(block.at.shapes >> 1) + row] = others;
    u16[(block.at.origins >> 1) + row] = 0;
    u8[block.at.levels + row] = 0;
    u8[block.at.flags + row] = marked;
    block.markers.set(row, marker);
    block.setSpecial(row);
    this.#ring.next++;
    this.on.took(block, row, row + 1);
  }

  // What is kept

  /** Keeps so much from now on; what is too much goes at once. */
  keep(limits: RingLimits): void {
    this.#ring.keep(limits);
  }

  /** Where the event is; undefined where it is kept no more. */
  where(id: number): Where | undefined {
    return this.#ring.where(id);
  }

  #gone(block: Block): void {
    this.on.gone(block);
    const { u8 } = this.memory;
    for (let row = 0; row < block.count; row++) {
      if (((u8[block.at.flags + row] as number) & (folded | marked)) === 0) {
        this.lines--;
        this.gone++;
      }
    }
    this.pieces.dropBefore(block.first + block.count);
  }

  /** Whether an event is a line of its own, not a piece that another stands for, nor a marker. */
  isLine(block: Block, row: number): boolean {
    return ((this.memory.u8[block.at.flags + row] as number) & (folded | marked)) === 0;
  }
}
