// A compressed file that was being written when its writer died may end in the middle of a gzip member or zstd frame, and all that is put behind
// that could not be read: it is cut off. Nobody was told that it is there. Members that others made are left alone.
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import type { Compression, CompressionKind } from './compression.ts';
import type { OpenedFile } from './confined-file.ts';

/** More than two members of the largest text that is written at once, however little it can be compressed. */
const tailSize = 2.5 * 1024 * 1024;
const largestText = 4 * 1024 * 1024;
/** Places that are looked at: more than so many only somebody makes who wants it to take long, and then nothing is changed. */
const mostPlaces = 2000;

interface Kind {
  /** What each member of ours begins with. */
  readonly signature: Uint8Array;
  /** The text of the member at the beginning of `bytes`, and where it ends; throws where it does not end, or is none. */
  read(bytes: Uint8Array): { readonly text: Uint8Array; readonly end: number };
}

/** What zlib's sync functions return with `info: true`, which @types/node does not know. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const kinds: Readonly<Record<CompressionKind, Kind>> = {
  gzip: {
    signature: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0),
    read(bytes) {
      const options = { info: true, maxOutputLength: largestText };
      const { buffer, engine } = inflateRawSync(bytes.subarray(10), options) as unknown as Inflated;
      return { text: buffer, end: 10 + engine.bytesWritten + 8 };
    },
  },
  zstd: {
    signature: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
    read(bytes) {
      const options = { info: true, maxOutputLength: largestText };
      const { buffer, engine } = zstdDecompressSync(bytes, options) as unknown as Inflated;
      return { text: buffer, end: engine.bytesWritten };
    },
  },
};

/** Cuts off an unfinished member. With `lines`, a text that ends in the middle of a line gets its end. */
export function endTornMember({ fd, path }: OpenedFile, compression: Compression, lines: boolean): void {
  const stat = fstatSync(fd);
  const tail = stat.isFile() && stat.size > 0 ? readTail(path, stat.size) : undefined;
  if (tail === undefined) {
    return;
  }
  const { keep, text } = wholeMembers(tail, tail.length === stat.size, kinds[compression.kind]);
  if (keep < tail.length) {
    ftruncateSync(fd, stat.size - tail.length + keep);
  }
  if (lines && text !== undefined && text.length > 0 && text.at(-1) !== 0x0a) {
    const end = compression.pack(Uint8Array.of(0x0a), () => undefined);
    if (end !== undefined) {
      writeSync(fd, end);
    }
  }
}

/**
 * How much of the tail is to be kept, and the text of the last member where that is one of ours. From the end on, since the beginning of the tail
 * lies anywhere in a member; what looks like a member may be text in one, so that only what a whole one leads to is believed to be torn.
 */
function wholeMembers(
  tail: Buffer,
  isAll: boolean,
  { signature, read }: Kind,
): { readonly keep: number; readonly text?: Uint8Array } {
  const followed = new Set<number>();
  let at = tail.length;
  for (let places = 0; places < mostPlaces; places++) {
    at = at === 0 ? -1 : tail.lastIndexOf(signature, at - 1);
    if (at < 0) {
      return { keep: isAll && beginsLike(tail, signature) && !followed.has(0) ? 0 : tail.length };
    }
    try {
      const { text, end } = read(tail.subarray(at));
      const next = at + end;
      if (next === tail.length) {
        return { keep: next, text };
      }
      if (next < tail.length && beginsLike(tail.subarray(next), signature) && !followed.has(next)) {
        return { keep: next, text };
      }
      if (next < tail.length) {
        followed.add(at); // by something of others
      }
    } catch {
      // Not a whole one: what is before it says whether it is one at all.
    }
  }
  return { keep: tail.length };
}

function beginsLike(bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.every((byte, index) => index >= bytes.length || bytes[index] === byte);
}

/** Undefined where the file may not be read: then nothing is known of it, and nothing is changed. */
function readTail(path: string, size: number): Buffer | undefined {
  const length = Math.min(size, tailSize);
  const tail = Buffer.alloc(length);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      let done = 0;
      while (done < length) {
        const count = readSync(fd, tail, done, length - done, size - length + done);
        if (count === 0) {
          return undefined;
        }
        done += count;
      }
      return tail;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
