// Stack traces: lines that only go on with the one before them of the same container and stream (`at …`, `... 12 more`, `Caused by: …`,
// `File "…"`) are folded into it, and what ends a trace of Python (`ValueError: …`), as a log file would have them in one piece.
import type { Joined, Pieces } from '../pieces.ts';
import type { Block } from './block.ts';
import { folded, joined, marked, plain } from './layout.ts';
import type { Memory } from './memory.ts';

/** Events between a line and what goes on with it, at most, and seconds. */
const farthest = 500;
const patience = 3;
/** Bytes of a line that are looked at. */
const head = 120;
const goesOn = /^(?:\s+at\s\S|\s+\.\.\.\s\d+\s|Caused by: |\s+File "|\s+-- )/;

/** How Python's traces begin, and the line at the margin that ends them: an exception's name, which is no level's (`INFO: …`). */
const pythonBegins = /^\s*Traceback \(most recent call last\):/;
const pythonEnds = /^(?![A-Z]+:)[A-Za-z_][\w.]*(?::\s|\s*$)/;

interface Trace {
  readonly line: Joined;
  last: number;
}

export class Traces {
  readonly #memory: Memory;
  readonly #pieces: Pieces;
  readonly #before: (block: Block) => Block | undefined;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The last of each shape. */
  readonly #open = new Map<number, Trace>();
  /** Shapes of Python's traces whose last line has not come. */
  readonly #waiting = new Set<number>();

  constructor(memory: Memory, pieces: Pieces, before: (block: Block) => Block | undefined) {
    this.#memory = memory;
    this.#pieces = pieces;
    this.#before = before;
  }

  /** Whether a line may go on with another, by its first byte: a space, a tab, a C; any where the end of one is waited for. */
  mayGoOn(byte: number): boolean {
    return byte === 0x20 || byte === 0x09 || byte === 0x43 || this.#waiting.size > 0;
  }

  /** Folds the event in this row into the one that it goes on with; returns the line that both are then. */
  fold(block: Block, row: number): Joined | undefined {
    const { u8, u16, u32 } = this.#memory;
    const start = u32[(block.at.offsets >> 2) + row] as number;
    const end = u32[(block.at.offsets >> 2) + row + 1] as number;
    const shape = u16[(block.at.shapes >> 1) + row] as number;
    if (((u8[block.at.flags + row] as number) & (plain | joined | folded | marked)) !== 0) {
      return undefined;
    }
    const first = u8[start] as number;
    const isIndented = start < end && (first === 0x20 || first === 0x09);
    if (!isIndented && first !== 0x43 && !this.#waiting.has(shape)) {
      return undefined;
    }
    const text = this.#text(start, end);
    const open = this.#open.get(shape);
    const isLast = !isIndented && this.#waiting.delete(shape) && pythonEnds.test(text);
    if (!isLast && !goesOn.test(text) && !(open !== undefined && isIndented && text.trim() !== '')) {
      return undefined;
    }
    const before = this.#previous(block, row, shape);
    if (before === undefined) {
      return undefined;
    }
    const id = before.block.first + before.row;
    const isOpen = open?.last === id;
    // What is indented goes on with a trace only, never with a line that has none.
    if (!isOpen && (isLast || !goesOn.test(text))) {
      return undefined;
    }
    const line = isOpen ? open.line : this.#begin(before.block, before.row, shape);
    if (line === undefined || !this.#pieces.adopt(line, block.first + row)) {
      return undefined;
    }
    u8[block.at.flags + row] = (u8[block.at.flags + row] as number) | folded;
    block.setSpecial(row);
    this.#open.delete(shape);
    if (!isLast) {
      this.#open.set(shape, { line, last: block.first + row });
    }
    if (this.#open.size > farthest) {
      const oldest = this.#open.keys().next().value ?? -1;
      this.#open.delete(oldest);
      this.#waiting.delete(oldest);
    }
    return line;
  }

  #text(start: number, end: number): string {
    return this.#decoder.decode(this.#memory.u8.subarray(start, Math.min(end, start + head)));
  }

  #begin(block: Block, row: number, shape: number): Joined | undefined {
    const { u8, u32 } = this.#memory;
    const at = block.at.flags + row;
    if (((u8[at] as number) & (joined | folded)) !== 0) {
      return undefined;
    }
    u8[at] = (u8[at] as number) | joined;
    block.mixed = true;
    const offset = (block.at.offsets >> 2) + row;
    if (pythonBegins.test(this.#text(u32[offset] as number, u32[offset + 1] as number))) {
      this.#waiting.add(shape);
    }
    return this.#pieces.trace(block.first + row);
  }

  /** The event before this one of the same shape, if it is close. */
  #previous(from: Block, fromRow: number, shape: number): { readonly block: Block; readonly row: number } | undefined {
    const { u16, u32 } = this.#memory;
    const second = u32[(from.at.seconds >> 2) + fromRow] as number;
    let block = from;
    let row = fromRow - 1;
    for (let left = farthest; left > 0; left--, row--) {
      if (row < 0) {
        const older = this.#before(block);
        if (older === undefined || older.count === 0) {
          return undefined;
        }
        block = older;
        row = block.count - 1;
      }
      if (u16[(block.at.shapes >> 1) + row] === shape) {
        const own = u32[(block.at.seconds >> 2) + row] as number;
        return Math.abs(second - own) <= patience ? { block, row } : undefined;
      }
    }
    return undefined;
  }
}
