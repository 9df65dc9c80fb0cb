// Reads configuration files: within a bound, as UTF-8, and keeps their texts so that problems can show the line.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Position } from './element.ts';
import type { Problem } from './problem.ts';

/** A configuration file may have this many bytes, all files together eight times as many. */
const maxFileBytes = 4 * 1024 * 1024;
const maxTotalBytes = 8 * maxFileBytes;

export class SourceFiles {
  /** The text of every file that was read, by the name that its positions have. */
  readonly texts = new Map<string, string>();
  #bytes = 0;

  /** The text of a file, or what is wrong with it. `at` is where it was asked for; `regular` refuses folders, pipes and devices. */
  read(path: string, name: string, at: Position, regular: boolean): string | Problem {
    const problem = (code: string, text: string, hint: string, place = at): Problem => {
      return { code, severity: 'error', at: place, text, hint };
    };
    let bytes: Buffer | undefined;
    try {
      bytes = readBounded(path, Math.min(maxFileBytes, maxTotalBytes - this.#bytes), regular);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      return problem(
        'CONFIG_FILE_UNREADABLE',
        `The file ${name} cannot be read: ${reasons[reason] ?? reason}.`,
        'Check the path, and that the user that runs the program may read the file.',
      );
    }
    if (bytes === undefined) {
      return problem(
        'CONFIG_FILE_TOO_LARGE',
        `The configuration is too large: with ${name} it passes ${maxFileBytes} bytes a file, or ${maxTotalBytes} in all.`,
        'Check whether this is the right file; parts can stand in files of their own.',
      );
    }
    this.#bytes += bytes.length;
    const text = bytes.toString('utf8');
    this.texts.set(name, text);
    const bad = firstInvalid(bytes, text);
    if (bad !== undefined) {
      const before = bytes.toString('utf8', 0, bad);
      const line = before.split('\n').length;
      const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
      return problem(
        'CONFIG_FILE_NOT_UTF8',
        `The file ${name} is not UTF-8: byte ${bad} is 0x${(bytes[bad] ?? 0).toString(16).padStart(2, '0')}.`,
        'Save it as UTF-8.',
        { file: name, line, column },
      );
    }
    return text;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
};

/** Undefined when there is more than `limit`. */
function readBounded(path: string, limit: number, regular: boolean): Buffer | undefined {
  // Opening a pipe waits for its other end, unless told not to.
  const file = openSync(path, regular ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory() || (regular && !stat.isFile())) {
      throw Object.assign(new Error(), { code: stat.isDirectory() ? 'EISDIR' : 'it is no regular file' });
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(65_536, limit + 1 - length));
      const got = readSync(file, chunk, 0, chunk.length, null);
      if (got === 0) {
        return Buffer.concat(chunks, length);
      }
      length += got;
      if (length > limit) {
        return undefined;
      }
      chunks.push(chunk.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
}

/** The first byte that belongs to no character: there the text has a U+FFFD that the bytes do not spell. Undefined if there is none. */
function firstInvalid(bytes: Buffer, text: string): number | undefined {
  let byte = 0;
  let from = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', from)) {
    byte += Buffer.byteLength(text.slice(from, at));
    if (bytes.readUIntBE(byte, Math.min(3, bytes.length - byte)) !== 0xefbfbd) {
      return byte;
    }
    byte += 3;
    from = at + 1;
  }
  return undefined;
}
