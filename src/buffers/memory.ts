// Holds chunks in memory: they end with the process. What goes in is copied once, into blocks that are compressed, where that is wanted, when the
// chunk takes no more.
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { p } from '../config/options.ts';
import type { Batch } from '../core/batch.ts';
import { type Chunk, type ChunkMetadata, type ChunkStore, defineBuffer } from '../plugin/buffer.ts';
import type { PluginContext } from '../plugin/context.ts';

export default defineBuffer({
  type: 'memory',
  summary: 'Holds events in memory until they are delivered.',
  options: {
    compress: p.enum({
      desc: 'How chunks are compressed that take no more events.',
      values: ['text', 'gzip', 'zstd'],
      default: 'text',
    }),
  },
  limits: { chunk: 8 * 1024 * 1024, total: 512 * 1024 * 1024 },
  create(context, { compress }) {
    return new MemoryStore(context, compress);
  },
});

interface Packer {
  pack(bytes: Uint8Array): Promise<Uint8Array>;
  unpack(bytes: Uint8Array): Promise<Uint8Array>;
}

const packers: Readonly<Record<string, Packer>> = {
  gzip: { pack: promisify<Uint8Array, Uint8Array>(gzip), unpack: promisify<Uint8Array, Uint8Array>(gunzip) },
  zstd: {
    pack: promisify<Uint8Array, Uint8Array>(zstdCompress),
    unpack: promisify<Uint8Array, Uint8Array>(zstdDecompress),
  },
};

class MemoryStore implements ChunkStore {
  readonly persistent = false;
  readonly #context: PluginContext;
  readonly #packer: Packer | undefined;

  constructor(context: PluginContext, compress: string) {
    this.#context = context;
    this.#packer = packers[compress];
  }

  async open(): Promise<readonly Chunk[]> {
    return [];
  }

  create(metadata: ChunkMetadata): Chunk {
    const { clock, random = randomBytes } = this.#context;
    return new MemoryChunk(Buffer.from(random(16)).toString('hex'), metadata, clock, this.#packer);
  }

  async close(): Promise<void> {}
}

/** A block is as large as the bytes before it, within these. */
const [smallestBlock, largestBlock] = [1024, 1024 * 1024];

/** Events in a row of one tag and origin. */
interface Part {
  readonly first: Batch;
  readonly start: number;
  end: number;
  count: number;
}

class Block {
  bytes: Uint8Array;
  used = 0;
  readonly parts: Part[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  }
}

class MemoryChunk implements Chunk {
  readonly id: string;
  readonly metadata: ChunkMetadata;
  readonly created: number;
  modified: number;
  bytes = 0;
  count = 0;
  sealed = false;
  stored = 0;
  readonly #clock: PluginContext['clock'];
  readonly #packer: Packer | undefined;
  readonly #blocks: Block[] = [];
  #packed = false;

  constructor(id: string, metadata: ChunkMetadata, clock: PluginContext['clock'], packer: Packer | undefined) {
    this.id = id;
    this.metadata = metadata;
    this.created = clock.now();
    this.modified = this.created;
    this.#clock = clock;
    this.#packer = packer;
  }

  append(batch: Batch): undefined {
    const { entries, count } = batch;
    const block = this.#blockFor(entries.length);
    block.bytes.set(entries, block.used);
    const last = block.parts.at(-1);
    const start = block.used;
    block.used += entries.length;
    if (last?.first.tag === batch.tag && last.first.origin === batch.origin) {
      last.end = block.used;
      last.count += count;
    } else {
      const first = { ...batch, entries: new Uint8Array(0), acks: undefined, times: undefined };
      block.parts.push({ first, start, end: block.used, count });
    }
    this.bytes += entries.length;
    this.stored += entries.length;
    this.count += count;
    this.modified = this.#clock.now();
  }

  seal(): Promise<void> | undefined {
    this.sealed = true;
    return this.#packer === undefined || this.#packed ? undefined : this.#pack(this.#packer);
  }

  async *batches(): AsyncIterable<Batch> {
    for (const { bytes, used, parts } of this.#blocks) {
      const plain = this.#packed ? await this.#packer?.unpack(bytes) : bytes.subarray(0, used);
      for (const { first, start, end, count } of parts) {
        yield { ...first, entries: (plain ?? bytes).subarray(start, end), count };
      }
    }
  }

  async purge(): Promise<void> {
    this.#blocks.length = 0;
    this.stored = 0;
  }

  #blockFor(size: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.bytes.length - last.used >= size) {
      return last;
    }
    const block = new Block(Math.max(size, Math.min(largestBlock, Math.max(smallestBlock, this.bytes))));
    this.#blocks.push(block);
    return block;
  }

  async #pack(packer: Packer): Promise<void> {
    const packed: Uint8Array[] = [];
    for (const { bytes, used } of this.#blocks) {
      packed.push(await packer.pack(bytes.subarray(0, used)));
    }
    this.#packed = true;
    this.stored = 0;
    this.#blocks.forEach((block, index) => {
      block.bytes = packed[index] ?? block.bytes;
      this.stored += block.bytes.length;
    });
  }
}
