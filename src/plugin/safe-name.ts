// File names from what senders say: tags and fields can hold anything, and yet no name leads out of its folder, hides in a terminal, or is
// longer than a file system takes. What is harmless stays as it is, slashes too, which make folders as they do in Fluentd.
import { createHash } from 'node:crypto';

/** A piece of a path: of the configuration, or of an event. */
export interface NamePiece {
  readonly text: string;
  readonly event: boolean;
}

/** Stands where the number of a file goes. */
export const numberMark = '\0';

/** Most bytes of a name, of the 255 that file systems take: room is left for a number. */
const longestName = 240;
/** Most bytes of what is made from events. */
const longestPath = 2048;
/** A value makes at most this many folders; the rest of its slashes are encoded. */
export const foldersPerValue = 8;
/** A value that is cut keeps at least this much, and gets a hash behind it. */
const shortest = 32;

/** Control characters, the backslash, and characters that turn the direction of text around. */
const harmful = /[\p{Cc}\\\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The path that the pieces make, without empty parts. */
export function safePath(pieces: readonly NamePiece[]): string {
  const path = join(pieces, foldersPerValue);
  return Buffer.byteLength(path) <= longestPath ? path : join(pieces, 0);
}

function join(pieces: readonly NamePiece[], folders: number): string {
  const parts: NamePiece[][] = [[]];
  for (const { text, event } of pieces) {
    const split = event ? splitValue(text, folders) : text.split('/');
    for (const [index, each] of split.entries()) {
      if (index > 0) {
        parts.push([]);
      }
      parts.at(-1)?.push({ text: each, event });
    }
  }
  return parts
    .map(safePart)
    .filter((name) => name !== '')
    .join('/');
}

/** A value's parts, which slashes make; one that leads it is encoded, as are those past the bound. */
function splitValue(text: string, folders: number): string[] {
  const safe = text.replace(harmful, encode);
  const split = (safe.startsWith('/') ? `%2F${safe.slice(1)}` : safe).split('/');
  return split.length <= folders + 1 ? split : [...split.slice(0, folders), split.slice(folders).join('%2F')];
}

function safePart(pieces: readonly NamePiece[]): string {
  const name = shorten(pieces);
  return /^\.\.?$/.test(name.replaceAll(numberMark, '')) ? name.replaceAll('.', '%2E') : name;
}

/** The name, its longest values cut until it is short enough. */
function shorten(pieces: readonly NamePiece[]): string {
  const texts = pieces.map(({ text }) => text);
  for (let tries = 0; tries < pieces.length; tries++) {
    const over = Buffer.byteLength(texts.join('')) - longestName;
    if (over <= 0) {
      break;
    }
    const longest = pieces.reduce(
      (best, { event }, index) =>
        event && (best < 0 || (texts[index] ?? '').length > (texts[best] ?? '').length) ? index : best,
      -1,
    );
    if (longest < 0) {
      break;
    }
    texts[longest] = cut(texts[longest] ?? '', over);
  }
  return texts.join('');
}

function cut(text: string, over: number): string {
  const bytes = Buffer.from(text);
  const hash = `~${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
  const keep = Math.max(shortest, bytes.length - over - hash.length);
  if (keep + hash.length >= bytes.length) {
    return text;
  }
  let end = keep;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) {
    end--;
  }
  return bytes.toString('utf8', 0, end) + hash;
}

function encode(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
