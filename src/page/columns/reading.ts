// Reads events out of the columns: their bytes as they came, what a query asks of them, and all that a row needs. Decodes at each call.
import { EventSubject, withoutEnd } from '../../live/query/event-subject.ts';
import { type Span, stringSpan } from '../../msgpack/text.ts';
import type { Held } from '../held.ts';
import type { Joined } from '../pieces.ts';
import type { Columns } from './columns.ts';
import { fine, joined, late, plain } from './layout.ts';
import type { Where } from './ring.ts';

/** An event whose line may have come in pieces. */
class WholeSubject extends EventSubject {
  whole: ((most: number) => string) | undefined;

  override line(most: number): string {
    return this.whole === undefined ? super.line(most) : this.whole(most);
  }
}

export class Reading {
  readonly #columns: Columns;
  readonly #subject = new WholeSubject();
  readonly #piece = new EventSubject();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #encoder = new TextEncoder();
  #scratch = new Uint8Array(64 * 1024);

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** The event as a query asks for it; good until the next one is read. */
  subject(where: Where): EventSubject {
    const subject = this.#subject;
    this.#open(subject, where);
    const line = this.#joined(where);
    subject.whole =
      line === undefined || line.events.length < 2
        ? undefined
        : (most) => withoutEnd(this.#decoder.decode(this.#wholeLine(line, most)));
    return subject;
  }

  /** All that a row needs; of a line in pieces at most `most` bytes. */
  held(id: number, most: number): Held | undefined {
    const where = this.#columns.where(id);
    if (where === undefined) {
      return undefined;
    }
    const { block, row } = where;
    const { u8, u16 } = this.#columns.memory;
    const { tag, place } = this.#columns.origins.get(u16[(block.at.origins >> 1) + row] as number);
    const marker = block.markers.get(row);
    const line = this.#joined(where);
    return {
      ...{ id, tag, place, ...block.seqOf(row), marker },
      entry: marker === undefined ? this.#entry(where).slice() : new Uint8Array(0),
      late: ((u8[block.at.flags + row] as number) & late) !== 0,
      whole:
        line === undefined
          ? undefined
          : {
              ...{ count: line.events.length, state: line.state, isTrace: line.isTrace, bytes: this.#wholeSize(line) },
              line: this.#wholeLine(line, most),
            },
    };
  }

  /** Bytes of the event as it is kept, and whether they are its line alone. */
  #kept({ block, row }: Where): { readonly from: number; readonly to: number; readonly isLine: boolean } {
    const { u8, u32 } = this.#columns.memory;
    const at = (block.at.offsets >> 2) + row;
    return {
      from: u32[at] as number,
      to: u32[at + 1] as number,
      isLine: ((u8[block.at.flags + row] as number) & plain) === 0,
    };
  }

  /** Its `[time, record]`, in memory that the next one uses too. */
  #entry(where: Where): Uint8Array {
    const { block, row } = where;
    const outside = block.outside.get(row);
    if (outside !== undefined) {
      return outside;
    }
    const { u8, u16, u32 } = this.#columns.memory;
    const { from, to, isLine } = this.#kept(where);
    if (!isLine) {
      return u8.subarray(from, to);
    }
    const sample = this.#columns.shapes.get(u16[(block.at.shapes >> 1) + row] as number);
    const head = this.#columns.shapes.head(sample.id);
    const tail = this.#columns.shapes.tail(sample.id);
    const size = 16 + head.length + to - from + tail.length;
    if (size > this.#scratch.length) {
      this.#scratch = new Uint8Array(size * 2);
    }
    const out = this.#scratch;
    const view = new DataView(out.buffer);
    out[0] = 0x92;
    let at: number;
    if (((u8[block.at.flags + row] as number) & fine) === 0) {
      out[1] = 0xce;
      view.setUint32(2, u32[(block.at.seconds >> 2) + row] as number);
      at = 6;
    } else {
      out[1] = 0xd7;
      out[2] = 0;
      view.setUint32(3, u32[(block.at.seconds >> 2) + row] as number);
      view.setUint32(7, u32[(block.at.nanos >> 2) + row] as number);
      at = 11;
    }
    out.set(head, at);
    at = stringHead(view, at + head.length, to - from);
    out.set(u8.subarray(from, to), at);
    out.set(tail, at + to - from);
    return out.subarray(0, at + to - from + tail.length);
  }

  #open(subject: EventSubject, where: Where): void {
    const { origins, memory } = this.#columns;
    const { block, row } = where;
    subject.view.set(this.#entry(where));
    subject.open(subject.view.start, origins.get(memory.u16[(block.at.origins >> 1) + row] as number));
  }

  #joined({ block, row }: Where): Joined | undefined {
    const { u8 } = this.#columns.memory;
    return ((u8[block.at.flags + row] as number) & joined) === 0
      ? undefined
      : this.#columns.pieces.line(block.first + row);
  }

  #wholeSize(line: Joined): number {
    let sum = 0;
    for (const part of this.#parts(line)) {
      sum += part.length;
    }
    return sum;
  }

  /** Up to `most` bytes of a line, of all its pieces. */
  #wholeLine(line: Joined, most: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let left = most;
    for (const part of this.#parts(line)) {
      if (left <= 0) {
        break;
      }
      parts.push(part.slice(0, left));
      left -= part.length;
    }
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** What each piece has of the line; good until the next one. */
  *#parts(line: Joined): Generator<Uint8Array> {
    const piece = this.#piece;
    for (const id of line.events) {
      if (line.isTrace && id !== line.head) {
        yield lineEnd;
      }
      const where = this.#columns.where(id);
      if (where !== undefined) {
        this.#open(piece, where);
        const place = piece.fields.messagePlace;
        yield place !== 0 && stringSpan(piece.view.bytes, place, this.#span)
          ? piece.view.bytes.subarray(this.#span.start, this.#span.end)
          : this.#encoder.encode(piece.line(Number.POSITIVE_INFINITY));
      }
    }
  }
}

const lineEnd = Uint8Array.of(0x0a);

/** Writes the head of a string of so many bytes; returns where the string begins. */
function stringHead(view: DataView, at: number, size: number): number {
  if (size < 32) {
    view.setUint8(at, 0xa0 | size);
    return at + 1;
  }
  if (size < 256) {
    view.setUint16(at, 0xd900 | size);
    return at + 2;
  }
  if (size < 65_536) {
    view.setUint8(at, 0xda);
    view.setUint16(at + 1, size);
    return at + 3;
  }
  view.setUint8(at, 0xdb);
  view.setUint32(at + 1, size);
  return at + 5;
}
