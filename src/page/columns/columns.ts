// The events that the page keeps, as columns in blocks: a ring, of which the oldest block goes when there are too many. Numbers the events in
// the order of their arrival. Frames are taken in by the kernel; what it leaves (an unknown shape, pieces of a line, odd records) is taken
// here. Which events are shown is search.ts's. One file of many lines, because taking in and letting go are two sides of the same counters.
import { FrameCursor } from '../../live/protocol.ts';
import { EventSubject } from '../../live/query/event-subject.ts';
import { levelNumber } from '../../live/query/levels.ts';
import { isMap } from '../../msgpack/entries.ts';
import { integerAt, type Span, stringSpan } from '../../msgpack/text.ts';
import type { Marker } from '../held.ts';
import { type Joined, Pieces } from '../pieces.ts';
import { Block, type BlockSize, usualSize } from './block.ts';
import type { Kernel, KernelAndMemory } from './kernel.ts';
import { isOdd } from './kernel-plain.ts';
import {
  ask,
  type ContextField,
  candidatesAt,
  candidatesSize,
  context,
  contextFields,
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
  slabsAt,
  slotSize,
  slotsAt,
} from './layout.ts';
import type { Memory } from './memory.ts';
import { type Origin, Origins } from './origins.ts';
import { others, type Shape, Shapes } from './shapes.ts';
import { Traces } from './traces.ts';

export interface ColumnLimits {
  readonly events: number;
  /** Of slabs, and of events that are too large for one. */
  readonly bytes: number;
}

export interface Where {
  readonly block: Block;
  readonly row: number;
}

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
  blocks: Block[] = [];
  /** Lines kept, and let go: a line that came in pieces counts once, a marker does not. */
  lines = 0;
  gone = 0;
  /** The number of the oldest event kept, and of the one that comes next. */
  first = 0;
  next = 0;
  on: ColumnEvents = { took: () => {}, gone: () => {}, changed: () => {} };
  #limits: ColumnLimits;
  readonly #now: () => number;
  readonly #free: number[] = [];
  #slabs = 0;
  #outside = 0;
  #newest = 0;
  /** Of the event that is taken one by one. */
  #seq = 0;
  readonly #cursor = new FrameCursor();
  readonly #subject = new EventSubject();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor({ kernel, memory }: KernelAndMemory, limits: ColumnLimits, now: () => number, size = usualSize) {
    this.kernel = kernel;
    this.memory = memory;
    this.#limits = limits;
    this.#now = now;
    this.size = size;
    this.shapes = new Shapes(memory, () => this.#unused('shapes', mostShapes));
    this.origins = new Origins(memory, () => this.#unused('origins', mostOrigins));
    this.#traces = new Traces(memory, this.pieces, (block) => this.blocks[this.blocks.indexOf(block) - 1]);
    this.#set('capacity', size.events);
    this.#set('slots', slotsAt);
    this.#set('slotSize', slotSize);
    this.#set('longest', size.slab >> 3);
  }

  /** Bytes of memory that events have. */
  get bytes(): number {
    return this.blocks.length * this.size.slab + this.#outside;
  }

  /** Takes a frame in; what comes before its blocks is `dropped`'s to say. False where it cannot be read to its end. */
  append(frame: Uint8Array, each: (position: number, count: number) => void = () => {}): boolean {
    const cursor = this.#cursor;
    if (!cursor.open(frame)) {
      return false;
    }
    const isInside = frame.length <= inputSize;
    if (isInside) {
      this.memory.u8.set(frame, inputAt);
    }
    while (cursor.next()) {
      const origin = this.origins.of(frame, cursor.placeAt, cursor.tagAt, cursor.entriesAt);
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
      const block = this.#room();
      const before = block.count;
      block.run(before, seq, this.#cursor.arrived);
      let code: number = scanned.slow;
      if (isInside) {
        this.#enter(block, origin.id);
        code = this.kernel.scan(context, base + at, base + end);
        at = this.#get('at') - base;
        this.#leave(block, before);
        seq += block.count - before;
      }
      if (code === scanned.full) {
        this.#begin();
      } else if (at < end && code === scanned.slow) {
        at = this.#slow(frame, at, end, origin, seq++);
      }
      if (at < 0) {
        // The server sends whole, clean entries only.
        this.mark({ kind: 'unreadable', at: this.#now() });
        return;
      }
    }
  }

  #enter(block: Block, origin: number): void {
    this.#set('count', block.count);
    this.#set('used', block.used);
    this.#set('limit', block.at.limit);
    this.#set('offsets', block.at.offsets);
    this.#set('seconds', block.at.seconds);
    this.#set('nanos', block.at.nanos);
    this.#set('shapes', block.at.shapes);
    this.#set('origins', block.at.origins);
    this.#set('levels', block.at.levels);
    this.#set('flags', block.at.flags);
    this.#set('origin', origin);
    this.#set('candidates', candidatesAt + origin * candidatesSize);
  }

  #leave(block: Block, before: number): void {
    const count = this.#get('count');
    block.count = count;
    block.used = this.#get('used');
    this.lines += count - before;
    this.next += count - before;
    if (this.#get('asks') > 0) {
      this.#answer(block, before);
    }
    if (count > before) {
      this.#notice(block, before);
      this.on.took(block, before, count);
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
      this.#candidate(origin.id, shape.id);
      stringSpan(view.bytes, subject.fields.messagePlace, this.#span);
      this.#put(origin, view.bytes.subarray(this.#span.start, this.#span.end), shape, undefined);
    }
    const next = at + stop - view.start;
    view.forget();
    return next;
  }

  #candidate(origin: number, shape: number): void {
    const { u16 } = this.memory;
    const at = (candidatesAt + origin * candidatesSize) >> 1;
    if (origin !== 0 && u16[at] !== shape) {
      u16.copyWithin(at + 1, at, at + 3);
      u16[at] = shape;
    }
  }

  /** The subject has the event open. */
  #put(origin: Origin, bytes: Uint8Array, shape: Shape | undefined, line: Joined | undefined): void {
    const subject = this.#subject;
    const isLarge = bytes.length > this.size.slab >> 3;
    let block = this.#room();
    if (!isLarge && block.used + bytes.length > block.at.limit) {
      this.#begin();
      block = this.#room();
    }
    const { u8, u16, u32 } = this.memory;
    const row = block.count;
    block.run(row, this.#seq, this.#cursor.arrived);
    const { sec, nsec, eventTime } = subject.event;
    if (isLarge) {
      const whole = subject.view.bytes.slice(subject.view.start, subject.view.end);
      block.outside.set(row, whole);
      block.outsideBytes += whole.length;
      this.#outside += whole.length;
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
    this.next++;
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
    const { at } = this.#subject.record;
    const partial = this.#isTrue(at.partial_message);
    const id = at.partial_id === 0 ? '' : this.#string(at.partial_id);
    if (!partial && id === '' && !this.pieces.waiting) {
      return undefined;
    }
    const { sec, nsec } = this.#subject.event;
    const container = this.#subject.container();
    const { bytes } = this.#subject.view;
    const line = this.pieces.take(
      this.next,
      {
        id: id === '' ? '' : `${container} ${id}`,
        ordinal: Number(this.#string(at.partial_ordinal)),
        last: this.#isTrue(at.partial_last),
        partial: partial || id !== '',
        source: `${container} ${this.#string(at.source)} ${sec} ${nsec}`,
        bytes: at.log !== 0 && stringSpan(bytes, at.log, this.#span) ? this.#span.end - this.#span.start : 0,
      },
      this.#now(),
    );
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

  #isTrue(at: number): boolean {
    return at !== 0 && (this.#subject.view.bytes[at] === 0xc3 || this.#string(at) === 'true');
  }

  /** A short string of the record; of another value '', of an integer its digits. */
  #string(at: number): string {
    if (at === 0) {
      return '';
    }
    const { bytes } = this.#subject.view;
    if (!stringSpan(bytes, at, this.#span)) {
      return integerAt(bytes, at)?.toString() ?? '';
    }
    const { start, end } = this.#span;
    return this.#decoder.decode(bytes.subarray(start, Math.min(end, start + 256)));
  }

  /** Notes that something is missing here. */
  mark(marker: Marker): void {
    const block = this.#room();
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
    this.next++;
    this.on.took(block, row, row + 1);
  }

  // Blocks

  /** The block that has room for one event at least. */
  #room(): Block {
    const block = this.blocks.at(-1);
    return block === undefined || block.count === this.size.events ? this.#begin() : block;
  }

  #begin(): Block {
    this.#trim(0);
    let address = this.#free.pop();
    if (address === undefined) {
      const end = slabsAt + (this.#slabs + 1) * this.size.slab;
      if (this.memory.reserve(end)) {
        address = end - this.size.slab;
        this.#slabs++;
      } else {
        this.#dropFirst();
        address = this.#free.pop() ?? slabsAt;
      }
    }
    const block = new Block(this.next, address, this.size, this.memory);
    this.blocks.push(block);
    return block;
  }

  /** Keeps so much from now on; what is too much goes at once, the newest block stays. */
  keep(limits: ColumnLimits): void {
    this.#limits = limits;
    this.#trim(1);
  }

  /** Makes room for one block more, as long as there are more than `least`. */
  #trim(least: number): void {
    while (
      this.blocks.length > least &&
      (this.next - this.first + this.size.events > this.#limits.events ||
        this.bytes + this.size.slab > this.#limits.bytes)
    ) {
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    const block = this.blocks.shift();
    if (block === undefined) {
      return;
    }
    this.on.gone(block);
    const { u8 } = this.memory;
    for (let row = 0; row < block.count; row++) {
      if (((u8[block.at.flags + row] as number) & (folded | marked)) === 0) {
        this.lines--;
        this.gone++;
      }
    }
    this.first = block.first + block.count;
    this.#outside -= block.outsideBytes;
    this.#free.push(block.address);
    this.pieces.dropBefore(this.first);
  }

  /** Where the event is; undefined where it is kept no more. */
  where(id: number): Where | undefined {
    if (id < this.first || id >= this.next) {
      return undefined;
    }
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.blocks[middle] as Block).first <= id) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const block = this.blocks[low] as Block;
    return { block, row: id - block.first };
  }

  /** Whether an event is a line of its own, not a piece that another stands for, nor a marker. */
  isLine(block: Block, row: number): boolean {
    return ((this.memory.u8[block.at.flags + row] as number) & (folded | marked)) === 0;
  }

  /** The numbers that no kept event has, of shapes or origins. */
  #unused(name: 'shapes' | 'origins', most: number): number[] {
    const used = new Uint8Array(most);
    for (const block of this.blocks) {
      const from = block.at[name] >> 1;
      for (let row = 0; row < block.count; row++) {
        used[this.memory.u16[from + row] as number] = 1;
      }
    }
    if (name === 'shapes') {
      this.origins.forgetShapes();
    }
    return [...used.keys()].filter((id) => id > 0 && used[id] === 0);
  }

  #get(name: ContextField): number {
    return this.memory.u32[(context >> 2) + fieldAt[name]] as number;
  }

  #set(name: ContextField, value: number): void {
    this.memory.u32[(context >> 2) + fieldAt[name]] = value;
  }
}

const fieldAt = Object.fromEntries(contextFields.map((name, n) => [name, n])) as Record<ContextField, number>;
