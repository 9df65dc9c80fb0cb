// Compresses text on its way to a file, each piece into a gzip member or zstd frame of its own, so that what is in the file can be read at any
// moment. When there is something to compress, and what is done with it, is the writer's business.
import {
  gzip,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  constants as z,
  zstdCompress,
  zstdCompressSync,
} from 'node:zlib';

export type CompressionKind = 'gzip' | 'zstd';

/** Told what `pack` could not return at once. */
export type Packed = (error: Error | null, bytes: Uint8Array) => void;

export interface Compression {
  readonly kind: CompressionKind;
  /** What Fluentd puts behind a file's name. */
  readonly suffix: string;
  /** Returns a member that holds `text`, where that takes no time; else hands it to `done` later, and `text` stays untouched until then. */
  pack(text: Uint8Array, done: Packed): Uint8Array | undefined;
}

/** Below this it costs less than handing it to another thread. */
const packedAtOnce = 16 * 1024;
/** Short texts need no large tables, which would be cleared for each of them. */
const short: ZlibOptions = { windowBits: 12, memLevel: 5 };
const shortBelow = 4096;

export const levels: Readonly<Record<CompressionKind, readonly [lowest: number, highest: number]>> = {
  gzip: [1, 9],
  zstd: [1, 19],
};

/** Without `level` it is the algorithm's own. */
export function compressionOf(kind: CompressionKind, level: number | undefined): Compression {
  return kind === 'gzip' ? gzipOf(level) : zstdOf(level);
}

function gzipOf(level = 6): Compression {
  return {
    kind: 'gzip',
    suffix: '.gz',
    pack(text, done) {
      if (text.length < packedAtOnce) {
        return gzipSync(text, text.length < shortBelow ? { level, ...short } : { level });
      }
      gzip(text, { level, chunkSize: chunkSize(text) }, done);
      return undefined;
    },
  };
}

function zstdOf(level = 3): Compression {
  const options: ZstdOptions = { params: { [z.ZSTD_c_compressionLevel]: level } };
  return {
    kind: 'zstd',
    suffix: '.zstd',
    pack(text, done) {
      if (text.length < packedAtOnce) {
        return zstdCompressSync(text, options);
      }
      zstdCompress(text, { ...options, chunkSize: chunkSize(text) }, done);
      return undefined;
    },
  };
}

/** zlib hands its output over in pieces of this size: one is mostly enough then. */
function chunkSize(text: Uint8Array): number {
  return Math.max(16 * 1024, text.length >> 2);
}
