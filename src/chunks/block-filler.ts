// Fills areas with blocks: the batches of one tag and origin that come in a row become one block, and many blocks one area, so that what comes in
// one turn is one write. Writing the areas is the writer's business.
import type { Batch, Origin, Tag } from '../core/batch.ts';
import type { AreaPool } from '../files/area-queue.ts';
import { type BlockHead, blockSize, encodeBlock, encodeBlockHead, encodeBlockStart, kinds } from './format.ts';
import type { ChunkSums } from './sums.ts';

/** An area of blocks on its way to the file. */
export interface Piece {
  readonly area: ReturnType<AreaPool['take']>;
  /** What is written: the area's bytes, or what they were compressed to. */
  bytes: Uint8Array;
  packed: boolean;
}

export interface FillerSettings {
  readonly small: AreaPool;
  readonly large: AreaPool;
  /** Whether the bytes of a piece are written as they are. */
  readonly packed: boolean;
  /** The tag that is not written, because all know it. */
  readonly chunkTag: Tag | undefined;
  readonly sums: ChunkSums;
  /** What stands in front of the first block, where the next one is the first. */
  head(): Uint8Array | undefined;
  /** A piece is complete, and more comes. */
  full(piece: Piece): void;
}

/** Batches larger than this are cut between events, so that whoever reads a chunk needs no more memory than this and a bit. */
export const largestBlock = 1024 * 1024;

export class BlockFiller {
  readonly #settings: FillerSettings;
  #piece: Piece | undefined;
  #tag: Tag | undefined;
  #origin: Origin | undefined;
  #head: BlockHead | undefined;
  /** Where the block begins that is being filled; -1 where none is. */
  #at = -1;
  #count = 0;
  #arrived = 0;

  constructor(settings: FillerSettings) {
    this.#settings = settings;
  }

  /** Bytes that are not handed over yet. */
  get used(): number {
    return this.#piece?.area.used ?? 0;
  }

  /** Adds `count` events of the batch. Returns where they are. */
  add({ tag, origin, arrived }: Batch, entries: Uint8Array, count: number): Piece {
    const area = this.#piece?.area;
    const fits =
      this.#at >= 0 &&
      tag === this.#tag &&
      origin === this.#origin &&
      area !== undefined &&
      area.used + entries.length <= area.bytes.length &&
      area.used - this.#at + entries.length <= largestBlock;
    const piece = fits ? (this.#piece as Piece) : this.#begin(tag, origin, arrived, entries.length);
    piece.area.bytes.set(entries, piece.area.used);
    piece.area.used += entries.length;
    this.#count += count;
    return piece;
  }

  /** What stands before the entries of a batch that becomes a block of its own, written from where it is. */
  startOf({ tag, origin, arrived, entries, count }: Batch): Uint8Array {
    const before = this.#settings.head() ?? nothing;
    const head = this.#headOf(tag, origin);
    const start = new Uint8Array(before.length + blockSize + head.bytes.length);
    start.set(before);
    const body = { kind: kinds.events, codec: 'none', count, rawLength: entries.length, arrived } as const;
    encodeBlockStart(start, before.length, head, entries, body, this.#settings.sums);
    return start;
  }

  /** Adds a block that is complete. */
  addBlock(bytes: Uint8Array): Piece {
    this.complete();
    const piece = this.#room(bytes.length);
    piece.area.bytes.set(bytes, piece.area.used);
    piece.area.used += bytes.length;
    return piece;
  }

  /** The block that is being filled is complete. Returns all that is not handed over yet. */
  complete(): Uint8Array {
    const head = this.#head;
    const area = this.#piece?.area;
    if (area === undefined) {
      return nothing;
    }
    if (head !== undefined && this.#at >= 0) {
      const length = area.used - this.#at - blockSize - head.bytes.length;
      const body = { kind: kinds.events, codec: 'none', count: this.#count, rawLength: length } as const;
      encodeBlock(area.bytes, this.#at, head, length, { ...body, arrived: this.#arrived }, this.#settings.sums);
      this.#at = -1;
    }
    return area.bytes.subarray(0, area.used);
  }

  /** Hands over what there is. */
  take(): Piece | undefined {
    const piece = this.#piece;
    if (piece !== undefined) {
      piece.bytes = this.complete();
      this.#piece = undefined;
    }
    return piece;
  }

  #begin(tag: Tag, origin: Origin, arrived: number, length: number): Piece {
    this.complete();
    const headSize = blockSize + this.#headOf(tag, origin).bytes.length;
    const piece = this.#room(headSize + length);
    this.#at = piece.area.used;
    this.#count = 0;
    this.#arrived = arrived;
    piece.area.used += headSize;
    return piece;
  }

  #headOf(tag: Tag, origin: Origin): BlockHead {
    if (this.#head === undefined || tag !== this.#tag || origin !== this.#origin) {
      const { chunkTag } = this.#settings;
      const same = chunkTag !== undefined && Buffer.compare(chunkTag.bytes, tag.bytes) === 0;
      this.#head = encodeBlockHead(same ? undefined : tag, origin);
      this.#tag = tag;
      this.#origin = origin;
    }
    return this.#head;
  }

  /** A piece with that much room. */
  #room(bytes: number): Piece {
    const before = this.#piece;
    if (before !== undefined && before.area.used + bytes <= before.area.bytes.length) {
      return before;
    }
    const { small, large, packed } = this.#settings;
    const full = this.take();
    if (full !== undefined) {
      this.#settings.full(full);
    }
    const head = this.#settings.head() ?? nothing;
    const needed = bytes + head.length;
    // Much comes in this turn: the next areas are large ones.
    const pool = before === undefined && needed <= small.size / 2 ? small : large;
    const area = needed <= pool.size ? pool.take() : pool.make(needed);
    area.bytes.set(head);
    area.used = head.length;
    this.#piece = { area, bytes: area.bytes, packed };
    return this.#piece;
  }
}

const nothing = new Uint8Array(0);
