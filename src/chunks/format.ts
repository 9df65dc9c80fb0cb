// What a chunk is as a file: appended to and never changed, and every part of it says by itself what it is, so that a reader can go on behind
// damage. Reading and writing such files is done elsewhere; here are only the bytes. Numbers are little-endian, checksums CRC-32 but for those
// of entries that say otherwise.
//
//   file     = head head block* end?
//   head     = "FOREBAY" 0x01, u32 length of the rest, u32 checksum of what is before it and behind it, rest: a msgpack map of id (16 bytes),
//              created (ms since the epoch), timekey (seconds or nil), tag (bytes or nil), variables (pairs of texts). It stands there
//              twice, so that no damage to one of them takes the chunk's metadata.
//   block    = 48 bytes as below, tag, origin, entries
//     0 u32  "Fbk1"                     24 f64  when the bytes were read, ms since the epoch
//     4 u8   1, or 2 for the end        32 u32  bytes of the tag, or 0xffffffff: the tag of the head
//     5 u8   0 as is, 1 gzip, 2 zstd    36 u32  bytes of the origin
//     6 u8   how 40 was made (sums.ts)  40 u32  checksum of the entries as stored
//     7 u8   0                          44 u32  checksum of all of the 44 bytes before, the tag and the origin
//     8 u32  events
//    12 u32  0
//    16 u32  bytes of entries as stored
//    20 u32  bytes of entries
//   origin   = u32 port, then address, listener and name, each a u32 length (0xffffffff: none) and its text
//   entries  = whole [time, record] pairs, byte for byte as they came
//   end      = a block of kind 2 whose 16 bytes of "entries" are two f64: events, and bytes of entries, of the whole file
//
// A file is named `<prefix>.<id>.open` as long as events may come, `<prefix>.<id>.queued` from then on. The end is in the file and its name:
// the record is what counts after a crash, the name makes a file noticed that has lost its end.
import { crc32 } from 'node:zlib';
import { decode, encode } from '@msgpack/msgpack';
import { type Origin, type Tag, tagFromBytes } from '../core/batch.ts';
import type { ChunkMetadata } from '../plugin/buffer.ts';
import type { ChunkSums } from './sums.ts';

export interface ChunkHead {
  readonly id: string;
  readonly created: number;
  readonly metadata: ChunkMetadata;
}

export const codecs = { none: 0, gzip: 1, zstd: 2 } as const;
export type Codec = keyof typeof codecs;

export const blockSize = 48;
export const endSize = blockSize + 16;
export const kinds = { events: 1, end: 2 } as const;

const headMagic = Buffer.from('FOREBAY\x01', 'latin1');
const headFixed = 16;
export const blockMagic = Buffer.from('Fbk1', 'latin1');
const blockMagicNumber = blockMagic.readUInt32LE();
const none = 0xffff_ffff;
/** Tags and origins longer than this are no tags and origins. */
const longestBlockHead = 64 * 1024 * 1024;

/** Both heads. */
export function encodeHead({ id, created, metadata }: ChunkHead): Buffer {
  const rest = encode({
    id: Buffer.from(id, 'hex'),
    created,
    timekey: metadata.timekey ?? null,
    tag: metadata.tag?.bytes ?? null,
    variables: [...metadata.variables],
  });
  const head = Buffer.alloc(headFixed + rest.length);
  headMagic.copy(head);
  head.writeUInt32LE(rest.length, 8);
  head.set(rest, headFixed);
  head.writeUInt32LE(headSum(head), 12);
  return Buffer.concat([head, head]);
}

function headSum(head: Uint8Array): number {
  return crc32(head.subarray(headFixed), crc32(head.subarray(0, 12)));
}

export interface FoundHead {
  readonly head: ChunkHead;
  /** Behind it, and behind the second one where that is whole too: there the blocks begin. */
  readonly end: number;
  /** Whether both are whole, and nothing stands before them. */
  readonly whole: boolean;
}

/** The head of the chunk `id` at the beginning of a file; undefined where none is whole, a number where so many bytes are needed to know. */
export function decodeHead(bytes: Buffer, fileSize: number, id: string): FoundHead | number | undefined {
  for (let at = bytes.indexOf(headMagic); at >= 0; at = bytes.indexOf(headMagic, at + 1)) {
    const length = at + headFixed <= bytes.length ? bytes.readUInt32LE(at + 8) : 0;
    const size = headFixed + length;
    if (at + size * 2 > bytes.length && bytes.length < fileSize && at + size <= fileSize) {
      return Math.min(at + size * 2, fileSize);
    }
    const one = bytes.subarray(at, at + size);
    const head = one.length === size && length > 0 && headSum(one) === one.readUInt32LE(12) ? readHead(one) : undefined;
    if (head?.id === id) {
      const twice = bytes.subarray(at + size, at + size * 2).equals(one);
      return { head, end: at + (twice ? size * 2 : size), whole: twice && at === 0 };
    }
  }
  return undefined;
}

function readHead(bytes: Uint8Array): ChunkHead | undefined {
  let map: unknown;
  try {
    map = decode(bytes.subarray(headFixed));
  } catch {
    return undefined;
  }
  const { id, created, timekey, tag, variables } = map as Readonly<Record<string, unknown>>;
  if (!(id instanceof Uint8Array) || typeof created !== 'number' || !Array.isArray(variables)) {
    return undefined;
  }
  return {
    id: Buffer.from(id).toString('hex'),
    created,
    metadata: {
      timekey: typeof timekey === 'number' ? timekey : undefined,
      tag: tag instanceof Uint8Array ? tagFromBytes(tag.slice()) : undefined,
      variables: new Map(variables as [string, string][]),
    },
  };
}

/** The 48 bytes of a block, taken apart. */
export interface Block {
  readonly kind: number;
  readonly codec: number;
  readonly count: number;
  /** Bytes of tag and origin. */
  readonly headLength: number;
  /** Bytes of the tag; undefined where it is the head's. */
  readonly tagLength: number | undefined;
  readonly length: number;
  readonly rawLength: number;
  readonly arrived: number;
  /** How its checksum was made, and that. */
  readonly sumKind: number;
  readonly sum: number;
  /** From one block to the next. */
  readonly size: number;
}

/** The bytes of tag and origin of a block, as they stand in it. */
export interface BlockHead {
  readonly tagLength: number | undefined;
  readonly bytes: Uint8Array;
}

/** `tag` is undefined where it is the chunk's. */
export function encodeBlockHead(tag: Tag | undefined, origin: Origin): BlockHead {
  const parts: Uint8Array[] = tag === undefined ? [] : [tag.bytes];
  const port = Buffer.alloc(4);
  port.writeUInt32LE(origin.port);
  parts.push(port);
  for (const text of [origin.address, origin.listener, origin.name]) {
    const bytes = Buffer.from(text ?? '');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text === undefined ? none : bytes.length);
    parts.push(length, bytes);
  }
  return { tagLength: tag?.bytes.length, bytes: Buffer.concat(parts) };
}

export interface BlockBody {
  readonly kind: number;
  readonly codec: Codec;
  readonly count: number;
  readonly rawLength: number;
  readonly arrived: number;
}

/** Completes a block at `at` whose entries, of `length` bytes, stand in their place already. Returns where it ends. */
export function encodeBlock(
  bytes: Uint8Array,
  at: number,
  head: BlockHead,
  length: number,
  body: BlockBody,
  sums: ChunkSums,
): number {
  const begin = at + blockSize + head.bytes.length;
  encodeBlockStart(bytes, at, head, bytes.subarray(begin, begin + length), body, sums);
  return begin + length;
}

/** The part of a block that stands before its entries, wherever these are. */
export function encodeBlockStart(
  bytes: Uint8Array,
  at: number,
  head: BlockHead,
  entries: Uint8Array,
  body: BlockBody,
  sums: ChunkSums,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, blockSize);
  const tagLength = head.tagLength ?? 0;
  view.setUint32(0, blockMagicNumber, true);
  view.setUint8(4, body.kind);
  view.setUint8(5, codecs[body.codec]);
  const sumKind = sums.kindFor(entries);
  view.setUint8(6, sumKind);
  view.setUint8(7, 0);
  view.setUint32(8, body.count, true);
  view.setUint32(12, 0);
  view.setUint32(16, entries.length, true);
  view.setUint32(20, body.rawLength, true);
  view.setFloat64(24, body.arrived, true);
  view.setUint32(32, head.tagLength ?? none, true);
  view.setUint32(36, head.bytes.length - tagLength, true);
  view.setUint32(40, sums.entries(entries, sumKind) ?? 0, true);
  bytes.set(head.bytes, at + blockSize);
  view.setUint32(44, blockSum(bytes, at, head.bytes.length, sums), true);
}

/** Of tag and origin only what fits: `headLength` may be anything yet. */
function blockSum(bytes: Uint8Array, at: number, headLength: number, sums: ChunkSums): number {
  const rest = at + blockSize;
  return sums.head(bytes.subarray(at, at + 44), bytes.subarray(rest, rest + headLength));
}

const noHead: BlockHead = { tagLength: undefined, bytes: new Uint8Array(0) };

/** The end of a file. */
export function encodeEnd(count: number, bytes: number, sums: ChunkSums): Buffer {
  const end = Buffer.alloc(endSize);
  end.writeDoubleLE(count, blockSize);
  end.writeDoubleLE(bytes, blockSize + 8);
  encodeBlock(end, 0, noHead, 16, { kind: kinds.end, codec: 'none', count: 0, rawLength: 16, arrived: 0 }, sums);
  return end;
}

/** What the end says, where these bytes are one. */
export function decodeEnd(bytes: Buffer, sums: ChunkSums): { count: number; bytes: number } | undefined {
  const block = decodeBlock(bytes, 0, bytes.length, sums);
  if (typeof block !== 'object' || block.kind !== kinds.end || block.size !== endSize || bytes.length < endSize) {
    return undefined;
  }
  return isWhole(bytes, blockSize, block, sums)
    ? { count: bytes.readDoubleLE(blockSize), bytes: bytes.readDoubleLE(blockSize + 8) }
    : undefined;
}

/** The block at `at`; the number of bytes that are needed where `end` comes too early; undefined where no block begins there. */
export function decodeBlock(bytes: Uint8Array, at: number, end: number, sums: ChunkSums): Block | number | undefined {
  if (end - at < blockSize) {
    return blockSize;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, blockSize);
  if (view.getUint32(0, true) !== blockMagicNumber) {
    return undefined;
  }
  const tag = view.getUint32(32, true);
  const headLength = (tag === none ? 0 : tag) + view.getUint32(36, true);
  if (headLength > longestBlockHead) {
    return undefined;
  }
  if (end - at < blockSize + headLength) {
    return blockSize + headLength;
  }
  if (view.getUint32(44, true) !== blockSum(bytes, at, headLength, sums)) {
    return undefined;
  }
  const length = view.getUint32(16, true);
  return {
    kind: view.getUint8(4),
    codec: view.getUint8(5),
    count: view.getUint32(8, true),
    headLength,
    tagLength: tag === none ? undefined : tag,
    length,
    rawLength: view.getUint32(20, true),
    arrived: view.getFloat64(24, true),
    sumKind: view.getUint8(6),
    sum: view.getUint32(40, true),
    size: blockSize + headLength + length,
  };
}

/** Whether the entries of a block, which begin at `at`, are what was written. */
export function isWhole(bytes: Uint8Array, at: number, block: Block, sums: ChunkSums): boolean {
  return sums.entries(bytes.subarray(at, at + block.length), block.sumKind) === block.sum;
}

/** Tag and origin of a block. `chunkTag` stands for a tag that is not there. */
export function decodeBlockHead(
  bytes: Uint8Array,
  tagLength: number | undefined,
  chunkTag: Tag,
): { readonly tag: Tag; readonly origin: Origin } {
  const copy = Buffer.from(bytes);
  let at = tagLength ?? 0;
  const text = () => {
    const length = copy.readUInt32LE(at);
    const begin = at + 4;
    at = length === none ? begin : begin + length;
    return length === none ? undefined : copy.toString('utf8', begin, at);
  };
  const port = copy.readUInt32LE(at);
  at += 4;
  const address = text() ?? '';
  const listener = text() ?? '';
  const name = text();
  const tag = tagLength === undefined ? chunkTag : tagFromBytes(new Uint8Array(copy.subarray(0, tagLength)));
  return { tag, origin: { listener, address, port, name } };
}
