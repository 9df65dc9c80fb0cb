// A file that was being written when its writer died, or when the disk was full, may end in the middle of a line: the line is ended, so that the
// next one stands by itself.
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { OpenedFile } from './confined-file.ts';

const newline = Uint8Array.of(0x0a);

export function endTornLine({ fd, path }: OpenedFile): void {
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size > 0 && lastByte(path, stat.size) !== 0x0a) {
    writeSync(fd, newline);
  }
}

/** A newline where the file may not be read: then nothing is known of it, and nothing is changed. */
function lastByte(path: string, size: number): number {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const byte = new Uint8Array(1);
      return readSync(fd, byte, 0, 1, size - 1) === 1 ? (byte[0] as number) : 0x0a;
    } finally {
      closeSync(fd);
    }
  } catch {
    return 0x0a;
  }
}
