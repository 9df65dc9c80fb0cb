// Inflates the entries of CompressedPackedForward, within limits: small ones at once, large ones as a stream of pieces that is checked to its
// end before anything of it is used. What the entries say is intake.ts.
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Gunzip } from './gunzip.ts';
import { Unzstd } from './unzstd.ts';

/** One for all: it holds nothing between two calls. */
export class SmallInflater {
  readonly #gunzip = new Gunzip();
  #unzstd: Unzstd | undefined;

  /**
   * The inflated bytes where they are few, else why not: `large` then only says that `inflatePieces` is to be used. They may stand in `room`,
   * which is larger than what is inflated at once.
   */
  inflate(kind: CompressedKind, input: Uint8Array, limit: number, room: Uint8Array): Uint8Array | InflateFailure {
    this.#unzstd ??= kind === 'zstd' ? new Unzstd() : undefined;
    const engine = kind === 'zstd' ? this.#unzstd : this.#gunzip;
    if (engine?.supported !== true || input.length === 0) {
      return inflateSmall(kind, input, limit);
    }
    const cap = Math.min(limit, syncLimit);
    const length = engine.run(input, room.subarray(0, cap + 1));
    return typeof length === 'string' ? length : room.subarray(0, length);
  }
}

/** Up to this many bytes out, inflating takes 0.2 ms or less and is done at once. */
const syncLimit = 256 * 1024;
export type CompressedKind = 'gzip' | 'zstd';

/** Why inflating failed: `large` is over the limit (of the sync way: more than it does), `broken` no whole compressed data. */
export type InflateFailure = 'large' | 'broken';

function inflateSmall(kind: CompressedKind, input: Uint8Array, limit: number): Uint8Array | InflateFailure {
  if (input.length === 0) {
    return input;
  }
  const cap = Math.min(limit, syncLimit);
  try {
    return kind === 'gzip' ? gunzipSmall(input, cap) : unzstdSmall(input, cap);
  } catch (error) {
    return failure(error);
  }
}

export class InflateError extends Error {
  readonly failure: InflateFailure | 'entry' | 'malformed';

  /** `entry`: one of the entries is too large; `malformed`: they are no msgpack. */
  constructor(failure: InflateFailure | 'entry' | 'malformed', options?: ErrorOptions) {
    super(failure, options);
    this.failure = failure;
  }
}

function gunzipSmall(input: Uint8Array, cap: number): Uint8Array {
  // The size in the last four bytes is a hint: memory for it is taken at once, and no more.
  const at = input.length - 4;
  const size = at < 0 ? 0 : new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0, true);
  const chunkSize = Math.max(64, Math.min(size + 1, cap));
  return plain(gunzipSync(input, { chunkSize, maxOutputLength: Math.max(cap, 1) }));
}

/** Fluentd takes a truncated frame for whole, hence the flush; a second frame is read by a second call. */
function unzstdSmall(input: Uint8Array, cap: number): Uint8Array {
  const frames: Buffer[] = [];
  let rest = input;
  let total = 0;
  while (rest.length > 0) {
    const room = cap - total;
    const options = { info: true, finishFlush: constants.ZSTD_e_flush, maxOutputLength: Math.max(room, 1) };
    const { buffer, engine } = zstdDecompressSync(rest, options) as unknown as Inflated;
    total += buffer.length;
    if (total > cap) {
      throw new InflateError('large');
    }
    frames.push(buffer);
    if (engine.bytesWritten === 0) {
      throw new InflateError('broken');
    }
    rest = rest.subarray(engine.bytesWritten);
  }
  return plain(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
}

/** What zlib's sync functions return with `info: true`, which @types/node does not know. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export function failure(error: unknown): InflateFailure {
  if (error instanceof InflateError) {
    return error.failure === 'large' ? 'large' : 'broken';
  }
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'large' : 'broken';
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
