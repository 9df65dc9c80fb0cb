// Reads the blocks of a chunk, a window of bytes at a time, and makes batches of them: blocks in a row of one tag and origin become one. What is
// damaged is told, and reading goes on behind it. Where the bytes come from is the chunk's business.
import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { Batch, Origin, Tag } from '../core/batch.ts';
import type { IoMemory } from '../core/io-memory.ts';
import { type Block, blockMagic, blockSize, codecs, decodeBlock, decodeBlockHead, isWhole, kinds } from './format.ts';
import type { ChunkSums } from './sums.ts';

export interface BlockSource {
  /** Bytes up to which blocks stand; may grow while they are read. */
  readonly size: number;
  /** Reads into all of `into`, from `position` on; as many bytes as there are. */
  read(into: Uint8Array, position: number): Promise<number> | number;
}

/** The source has less than it said. */
export class SourceShort extends Error {}

export interface ReaderSettings {
  readonly sums: ChunkSums;
  /** What blocks without a tag have. */
  readonly tag: Tag;
  /** Whether checksums of entries are looked at: those that this process wrote itself are not. */
  verify(): boolean;
  readonly memory: IoMemory | undefined;
  /** The bytes between the two positions are no blocks. */
  damaged(from: number, to: number, reason: string): void;
}

/** What is read at a time, at least and (but for larger blocks) at most. */
const leastRead = 256 * 1024;
const windowSize = 1024 * 1024 + 128 * 1024;
/** Less than this is inflated at once: that costs less than handing it to another thread. */
const unpackedAtOnce = 16 * 1024;
/** Entries longer than this are handed on by themselves, rather than moved next to others. */
const joinLimit = 32 * 1024;
/** Read beyond a block, to see the head of the next one. */
const peek = 4096;

/** Blocks of one tag and origin, in the window. */
interface Run {
  readonly tag: Tag;
  readonly origin: Origin;
  readonly arrived: number;
  start: number;
  end: number;
  count: number;
}

export class BlockReader {
  readonly #source: BlockSource;
  readonly #settings: ReaderSettings;
  #bytes: Uint8Array;
  /** What of the window is read and not used. */
  #at = 0;
  #end = 0;
  /** Where in the source the window's `at` is. */
  #position: number;
  #lastHead = new Uint8Array(0);
  #lastTagLength: number | undefined;
  #last: { readonly tag: Tag; readonly origin: Origin } | undefined;

  constructor(source: BlockSource, position: number, settings: ReaderSettings) {
    this.#source = source;
    this.#position = position;
    this.#settings = settings;
    this.#bytes = this.#take(Math.min(windowSize, Math.max(0, source.size - position) + peek));
  }

  /** Where the next block begins. */
  get position(): number {
    return this.#position;
  }

  /** Gives the memory back. */
  release(): void {
    this.#settings.memory?.give(this.#bytes);
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
    this.#end = 0;
  }

  /** All batches up to the end of the source; each is valid until the next one is asked for. */
  async *batches(): AsyncGenerator<Batch, void, void> {
    let run: Run | undefined;
    for (;;) {
      let block = decodeBlock(this.#bytes, this.#at, this.#end, this.#settings.sums);
      const wanted = typeof block === 'number' ? block : (block?.size ?? 0);
      if (wanted > this.#end - this.#at) {
        if (run !== undefined) {
          yield batchOf(this.#bytes, run);
          run = undefined;
        }
        const left = this.#source.size - this.#position;
        if (left === 0) {
          return;
        }
        if (wanted > left) {
          await this.#cut(left);
          continue;
        }
        await this.#need(wanted);
        block = decodeBlock(this.#bytes, this.#at, this.#end, this.#settings.sums);
        if (typeof block === 'number' || (block !== undefined && block.size > this.#end - this.#at)) {
          continue;
        }
      }
      if (block === undefined) {
        if (run !== undefined) {
          yield batchOf(this.#bytes, run);
          run = undefined;
        }
        await this.#resync('no block begins there');
        continue;
      }
      const known = block as Block;
      const entries = this.#at + blockSize + known.headLength;
      const unusable = this.#fault(known, entries);
      if (unusable !== undefined) {
        if (run !== undefined) {
          yield batchOf(this.#bytes, run);
          run = undefined;
        }
        // Not by its length: where bytes are missing, other blocks are in it, which no event can forge.
        await this.#resync(unusable);
      } else if (known.kind !== kinds.events) {
        this.#pass(known.size);
      } else if (known.codec !== codecs.none) {
        if (run !== undefined) {
          yield batchOf(this.#bytes, run);
          run = undefined;
        }
        const raw = await this.#unpack(known, entries);
        if (raw !== undefined) {
          const { tag, origin } = this.#headOf(known);
          yield batchOf(raw, { tag, origin, arrived: known.arrived, start: 0, end: raw.length, count: known.count });
        }
        this.#pass(known.size);
      } else {
        const { tag, origin } = this.#headOf(known);
        if (run !== undefined && run.tag === tag && run.origin === origin && known.length <= joinLimit) {
          this.#bytes.copyWithin(run.end, entries, entries + known.length);
          run.end += known.length;
          run.count += known.count;
        } else {
          if (run !== undefined) {
            yield batchOf(this.#bytes, run);
          }
          const { arrived, count } = known;
          run = { tag, origin, arrived, start: entries, end: entries + known.length, count };
        }
        this.#pass(known.size);
      }
    }
  }

  /** Why a block cannot be used. */
  #fault(block: Block, entries: number): string | undefined {
    if (this.#settings.verify() && !isWhole(this.#bytes, entries, block, this.#settings.sums)) {
      return 'its checksum is another one';
    }
    return block.codec > codecs.zstd ? 'it is compressed in a way that is not known' : undefined;
  }

  async #unpack(block: Block, entries: number): Promise<Uint8Array | undefined> {
    const packed = this.#bytes.subarray(entries, entries + block.length);
    const by = block.rawLength < unpackedAtOnce ? atOnceUnpackers : unpackers;
    const unpack = block.codec === codecs.gzip ? by.gzip : by.zstd;
    let reason = 'it is of another length than it says';
    try {
      const limits = { maxOutputLength: Math.max(block.rawLength, 1), chunkSize: Math.max(block.rawLength + 1, 64) };
      const raw = await unpack(packed, limits);
      if (raw.length === block.rawLength) {
        return raw;
      }
    } catch (error) {
      reason = (error as Error).message;
    }
    this.#settings.damaged(this.#position, this.#position + block.size, reason);
    return undefined;
  }

  #headOf(block: Block): { readonly tag: Tag; readonly origin: Origin } {
    const from = this.#at + blockSize;
    const head = this.#bytes.subarray(from, from + block.headLength);
    if (
      this.#last === undefined ||
      block.tagLength !== this.#lastTagLength ||
      Buffer.compare(head, this.#lastHead) !== 0
    ) {
      this.#last = decodeBlockHead(head, block.tagLength, this.#settings.tag);
      this.#lastHead = head.slice();
      this.#lastTagLength = block.tagLength;
    }
    return this.#last;
  }

  #pass(bytes: number): void {
    this.#at += bytes;
    this.#position += bytes;
  }

  /** A block begins, and the file ends within it: unless its head is damaged too, which shows where others follow. */
  async #cut(left: number): Promise<void> {
    await this.#resync(`the file ends ${left} bytes behind the beginning of a block`);
  }

  /** Passes by what is no block, up to the next one. */
  async #resync(reason: string): Promise<void> {
    const from = this.#position;
    const { sums } = this.#settings;
    this.#pass(1);
    for (;;) {
      const window = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#end);
      const found = window.indexOf(blockMagic, this.#at);
      const left = this.#source.size - this.#position;
      if (found < 0) {
        // Its first bytes may be the last ones that are read.
        const searched = Math.max(0, this.#end - this.#at - blockMagic.length + 1);
        if (this.#end - this.#at >= left) {
          this.#pass(left);
          break;
        }
        this.#pass(searched);
        await this.#need(Math.min(leastRead, this.#source.size - this.#position));
        continue;
      }
      this.#pass(found - this.#at);
      const block = decodeBlock(this.#bytes, this.#at, this.#end, sums);
      if (typeof block === 'object') {
        break;
      }
      const here = this.#source.size - this.#position;
      if (typeof block === 'number' && block <= here) {
        await this.#need(block);
      } else {
        this.#pass(1);
      }
    }
    this.#settings.damaged(from, this.#position, reason);
  }

  /** Reads until at least `bytes` from `at` on are there, which the source has. */
  async #need(bytes: number): Promise<void> {
    let have = this.#end - this.#at;
    if (bytes > this.#bytes.length) {
      const larger = this.#take(bytes + peek);
      larger.set(this.#bytes.subarray(this.#at, this.#end));
      this.#settings.memory?.give(this.#bytes);
      this.#bytes = larger;
    } else {
      this.#bytes.copyWithin(0, this.#at, this.#end);
    }
    this.#at = 0;
    this.#end = have;
    while (have < bytes) {
      const room = Math.min(this.#bytes.length, this.#source.size - this.#position) - have;
      const length = Math.min(Math.max(bytes - have + peek, leastRead), room);
      const count = await this.#source.read(this.#bytes.subarray(have, have + length), this.#position + have);
      if (count === 0) {
        throw new SourceShort();
      }
      have += count;
      this.#end = have;
    }
  }

  #take(size: number): Uint8Array {
    return this.#settings.memory?.take(size) ?? new Uint8Array(size);
  }
}

function batchOf(bytes: Uint8Array, run: Run): Batch {
  const { tag, origin, arrived, count } = run;
  return { tag, entries: bytes.subarray(run.start, run.end), count, origin, seq: 0, arrived, acks: undefined };
}

const unpackers = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) } as const;
const atOnceUnpackers = { gzip: gunzipSync, zstd: zstdDecompressSync } as const;
