// Looks at the file of a chunk when a store is opened: its head, whether it has its end, and where there is none, how far its blocks go. Of
// blocks only the heads are read; entries are looked at when they are delivered.
import fs from 'node:fs';
import { blockMagic, type ChunkHead, decodeBlock, decodeEnd, decodeHead, endSize, kinds } from './format.ts';
import { ChunkSums } from './sums.ts';

export interface ScannedChunk {
  readonly head: ChunkHead;
  /** Whether one of the two heads is damaged. */
  readonly headDamaged: boolean;
  /** Where the blocks begin. */
  readonly begin: number;
  /** Where the last one ends: what is behind it is none. */
  readonly end: number;
  readonly fileSize: number;
  readonly bytes: number;
  readonly count: number;
  readonly sealed: boolean;
}

/** What a disk reads or does not. */
export const sectorSize = 4096;

const headRead = 4096;
const windowSize = 64 * 1024;
const searchSize = 1024 * 1024;

/** Undefined where the file has no head that is whole. `id` is the chunk's, as the file's name says it. */
export function scanChunk(fd: number, fileSize: number, id: string): ScannedChunk | undefined {
  const found = findHead(fd, fileSize, id);
  if (found === undefined) {
    return undefined;
  }
  const { head, end: headEnd, whole } = found;
  const sums = new ChunkSums(head.id, undefined);
  const begin = whole ? headEnd : firstBlock(fd, headEnd, fileSize, sums);
  const common = { head, headDamaged: !whole, begin, fileSize };
  if (fileSize >= begin + endSize) {
    const end = decodeEnd(readAt(fd, fileSize - endSize, endSize), sums);
    if (end !== undefined) {
      return { ...common, end: fileSize, ...end, sealed: true };
    }
  }
  return { ...common, ...scanBlocks(fd, begin, fileSize, sums) };
}

function findHead(fd: number, fileSize: number, id: string) {
  for (let size = headRead; ; ) {
    const found = decodeHead(readAt(fd, 0, Math.min(size, fileSize)), fileSize, id);
    if (typeof found !== 'number') {
      return found;
    }
    if (size >= fileSize) {
      return undefined;
    }
    size = Math.max(found, size * 2);
  }
}

function scanBlocks(fd: number, begin: number, fileSize: number, sums: ChunkSums) {
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  let at = begin;
  let end = begin;
  let bytes = 0;
  let count = 0;
  let sealed = false;
  while (at < fileSize) {
    let block = decodeBlock(window, Math.min(at - start, window.length), window.length, sums);
    if (typeof block === 'number') {
      window = readAt(fd, at, Math.min(Math.max(windowSize, block), fileSize - at));
      start = at;
      block = decodeBlock(window, 0, window.length, sums);
    }
    if (typeof block !== 'object' || at + block.size > fileSize || (block.kind === kinds.end && !isEnd(fd, at, sums))) {
      const next = findBlock(fd, at + 1, fileSize, sums);
      if (next < 0) {
        break;
      }
      at = next;
      continue;
    }
    if (block.kind === kinds.end) {
      sealed = true;
    } else if (block.kind === kinds.events) {
      bytes += block.rawLength;
      count += block.count;
    }
    at += block.size;
    end = at;
  }
  return { end, bytes, count, sealed };
}

function isEnd(fd: number, at: number, sums: ChunkSums): boolean {
  return decodeEnd(readAt(fd, at, endSize), sums) !== undefined;
}

/** Where the blocks begin behind heads that are damaged. */
function firstBlock(fd: number, from: number, fileSize: number, sums: ChunkSums): number {
  const found = findBlock(fd, from, fileSize, sums);
  return found < 0 ? fileSize : found;
}

/** Where the next whole block begins; -1 where none does. */
function findBlock(fd: number, from: number, fileSize: number, sums: ChunkSums): number {
  for (let start = from; start < fileSize; ) {
    const window = readAt(fd, start, Math.min(searchSize, fileSize - start));
    for (let at = window.indexOf(blockMagic); at >= 0; at = window.indexOf(blockMagic, at + 1)) {
      let block = decodeBlock(window, at, window.length, sums);
      if (typeof block === 'number' && start + at + block <= fileSize) {
        const more = readAt(fd, start + at, block);
        block = decodeBlock(more, 0, more.length, sums);
      }
      if (typeof block === 'object' && start + at + block.size <= fileSize) {
        return start + at;
      }
    }
    start += Math.max(1, window.length - blockMagic.length + 1);
  }
  return -1;
}

/** A sector that cannot be read is zeros, in which no block begins. */
function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let have = 0;
  for (let step = length; have < length; ) {
    const wanted = Math.min(step, length - have);
    try {
      const count = fs.readSync(fd, bytes, have, wanted, position + have);
      if (count === 0) {
        break;
      }
      have += count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EIO') {
        throw error;
      }
      step = sectorSize - ((position + have) % sectorSize);
      if (wanted <= step) {
        bytes.fill(0, have, have + wanted);
        have += wanted;
      }
    }
  }
  return bytes.subarray(0, have);
}
