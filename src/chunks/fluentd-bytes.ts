// The bytes of a chunk that Fluentd left, inflated where they are compressed: gzip members or zstd frames, one behind the other. A piece at a
// time, so that the memory for them is bounded.
import fs from 'node:fs';
import { promisify } from 'node:util';
import { createGunzip, zstdDecompress } from 'node:zlib';

/** Compressed bytes that end too early or are broken; `offset` is about where. */
export class BytesBroken extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const pieceSize = 256 * 1024;
/** One frame may inflate to so much, bytes. */
const largestFrame = 256 * 1024 * 1024;
const zstdMagic = 0xfd2fb528;

/** Each piece is valid until the next one is asked for. Throws BytesBroken behind all that could be read. */
export async function* fluentdBytes(path: string): AsyncGenerator<Uint8Array, void, void> {
  const file = await fs.promises.open(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    const head = Buffer.alloc(4);
    await file.read(head, 0, 4, 0);
    if (head[0] === 0x1f && head[1] === 0x8b) {
      yield* gunzipped(file);
    } else if (head.readUInt32LE() === zstdMagic) {
      yield* frames(file);
    } else {
      yield* plain(file);
    }
  } finally {
    await file.close();
  }
}

async function* plain(file: fs.promises.FileHandle): AsyncGenerator<Uint8Array, void, void> {
  const piece = new Uint8Array(pieceSize);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) {
      return;
    }
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

async function* gunzipped(file: fs.promises.FileHandle): AsyncGenerator<Uint8Array, void, void> {
  const gunzip = createGunzip({ chunkSize: pieceSize });
  const input = file.createReadStream({ start: 0, autoClose: false, highWaterMark: pieceSize });
  input.on('error', (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    for await (const piece of gunzip) {
      yield piece as Uint8Array;
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw code.startsWith('Z_') ? new BytesBroken(gunzip.bytesWritten, message) : error;
  } finally {
    input.destroy();
  }
}

const unpack = promisify(zstdDecompress);

/** Node inflates one frame and says nothing of others behind it: each is found and inflated by itself. */
async function* frames(file: fs.promises.FileHandle): AsyncGenerator<Uint8Array, void, void> {
  const { size } = await file.stat();
  let at = 0;
  for (let length = Math.min(size, pieceSize); at < size; ) {
    const bytes = Buffer.alloc(Math.min(length, size - at));
    await file.read(bytes, 0, bytes.length, at);
    let used = 0;
    for (let end = frameEnd(bytes, 0); end > 0; end = frameEnd(bytes, used)) {
      let raw: Uint8Array;
      try {
        raw = await unpack(bytes.subarray(used, end), { maxOutputLength: largestFrame });
      } catch (error) {
        throw new BytesBroken(at + used, (error as Error).message);
      }
      used = end;
      yield raw;
    }
    if (used === 0 && at + bytes.length === size) {
      throw new BytesBroken(at, 'the last frame is cut or broken');
    }
    at += used;
    length = used === 0 ? length * 2 : pieceSize;
  }
}

/** Where the frame that begins at `at` ends (RFC 8878, 3.1.1); 0 where it does not, or is none. */
function frameEnd(bytes: Buffer, at: number): number {
  if (at + 6 > bytes.length || bytes.readUInt32LE(at) !== zstdMagic) {
    return 0;
  }
  const descriptor = bytes[at + 4] as number;
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  let next = at + 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (;;) {
    if (next + 3 > bytes.length) {
      return 0;
    }
    const block = bytes.readUIntLE(next, 3);
    const type = (block >> 1) & 3;
    next += 3 + (type === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) {
      next += (descriptor & 4) === 0 ? 0 : 4;
      return next <= bytes.length ? next : 0;
    }
  }
}
