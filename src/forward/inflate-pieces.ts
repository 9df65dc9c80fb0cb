// Inflates as much as there is, piece by piece, in one piece of memory: what a bomb becomes is never held, and between two pieces everybody else
// has their turn. What is small enough to be inflated at once is inflate.ts's.
import { setImmediate as turn } from 'node:timers/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { type CompressedKind, failure, InflateError } from './inflate.ts';
import { ZlibHandle } from './zlib-handle.ts';

/** Takes a fraction of a millisecond; larger ones cost less. */
export const pieceSize = 256 * 1024;
/**
 * A frame of zstd says how far back it may refer, and so much is held while it is inflated. No more than 8 MiB, which RFC 8878 asks of every
 * decoder: the usual levels of compression need no more.
 */
const zstdLimits = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** The inflated bytes, each piece valid until the next is asked for. Throws an InflateError where they are broken or more than `limit`. */
export async function* inflatePieces(
  kind: CompressedKind,
  input: Uint8Array,
  limit: number,
): AsyncGenerator<Uint8Array, void, void> {
  let handle = newHandle(kind);
  if (handle === undefined) {
    yield* streamedPieces(kind, input, limit);
    return;
  }
  // A gzip engine goes on behind a member by itself, and knows that there is no more; zstd takes a frame that is cut for whole, as Fluentd does.
  const flush = kind === 'gzip' ? constants.Z_FINISH : constants.ZSTD_e_flush;
  const piece = new Uint8Array(pieceSize);
  let total = 0;
  let from = 0;
  try {
    for (;;) {
      if (handle?.write(flush, input, from, piece, 0) !== true) {
        throw new InflateError('broken');
      }
      const { roomLeft, inputLeft } = handle;
      const length = pieceSize - roomLeft;
      const read = input.length - inputLeft - from;
      from += read;
      total += length;
      if (total > limit) {
        throw new InflateError('large');
      }
      if (length > 0) {
        yield piece.subarray(0, length);
      }
      if (roomLeft > 0) {
        // What stands behind the last member of gzip, padding most often, is nobody's.
        if (inputLeft === 0 || kind === 'gzip') {
          return;
        }
        if (read === 0 && length === 0) {
          throw new InflateError('broken');
        }
        // Begun anew it would have forgotten its limits.
        handle.close();
        handle = newHandle(kind);
      }
      await turn();
    }
  } finally {
    handle?.close();
  }
}

function newHandle(kind: CompressedKind): ZlibHandle | undefined {
  return ZlibHandle.of(kind === 'gzip' ? createGunzip() : createZstdDecompress(zstdLimits));
}

/** The same by node:zlib's streams, where their engines cannot be had alone. */
async function* streamedPieces(
  kind: CompressedKind,
  input: Uint8Array,
  limit: number,
): AsyncGenerator<Uint8Array, void, void> {
  let rest = input;
  let total = 0;
  while (rest.length > 0) {
    const stream =
      kind === 'gzip'
        ? createGunzip({ chunkSize: pieceSize })
        : createZstdDecompress({ ...zstdLimits, chunkSize: pieceSize, finishFlush: constants.ZSTD_e_flush });
    const ended = new Promise<void>((resolve) => stream.once('close', resolve));
    stream.end(rest);
    try {
      for await (const piece of stream) {
        const bytes = piece as Buffer;
        total += bytes.length;
        if (total > limit) {
          throw new InflateError('large');
        }
        yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      }
    } catch (error) {
      throw error instanceof InflateError ? error : new InflateError(failure(error), { cause: error });
    } finally {
      stream.destroy();
      await ended;
    }
    // A gzip stream joins its members itself; of zstd one frame is read at a time.
    const read = kind === 'gzip' ? rest.length : stream.bytesWritten;
    if (read === 0) {
      throw new InflateError('broken');
    }
    rest = rest.subarray(read);
  }
}
