// Compresses blocks before they are written.
import { promisify } from 'node:util';
import { gzip, gzipSync, zstdCompress, zstdCompressSync } from 'node:zlib';
import { blockSize, type Codec, decodeBlock, encodeBlock, kinds } from './format.ts';
import type { ChunkSums } from './sums.ts';

const packers = { gzip: promisify(gzip), zstd: promisify(zstdCompress) } as const;
const atOncePackers = { gzip: gzipSync, zstd: zstdCompressSync } as const;
/** Less than this is compressed at once: that costs less than handing it to another thread. */
const packedAtOnce = 8 * 1024;

/** Compresses the entries of the blocks in these bytes, where that makes them smaller. What is no block stays as it is. */
export async function packBlocks(
  bytes: Uint8Array,
  codec: Exclude<Codec, 'none'>,
  sums: ChunkSums,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let plain = 0;
  for (let at = 0; at < bytes.length; ) {
    const block = decodeBlock(bytes, at, bytes.length, sums);
    if (typeof block !== 'object') {
      at++; // in the head of the file
      continue;
    }
    const begin = at + blockSize + block.headLength;
    const end = at + block.size;
    const pack = block.length < packedAtOnce ? atOncePackers[codec] : packers[codec];
    const packed = block.kind === kinds.events ? await pack(bytes.subarray(begin, end)) : undefined;
    if (packed !== undefined && packed.length < block.length) {
      const whole = Buffer.alloc(blockSize + block.headLength + packed.length);
      whole.set(packed, blockSize + block.headLength);
      const head = { tagLength: block.tagLength, bytes: bytes.subarray(at + blockSize, begin) };
      const body = { kind: block.kind, codec, count: block.count, rawLength: block.length, arrived: block.arrived };
      encodeBlock(whole, 0, head, packed.length, body, sums);
      parts.push(bytes.subarray(plain, at), whole);
      plain = end;
    }
    at = end;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(plain)]);
}
