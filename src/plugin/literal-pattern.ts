// Regular expressions that are only words, like `GET|POST`, `^stderr$` or `/error/i`, are looked for in the bytes of a field: no text is made
// of it. What is no such expression is for the regular expression itself.

export interface Word {
  /** In lower case where case does not matter. */
  readonly bytes: Uint8Array;
  /** By the byte that stands under the word's last one: how far on the word may begin next (Horspool). */
  readonly skips: Uint32Array;
  /** Where it may begin: anywhere, where a line does (`^`), where the text does (`\A`). */
  readonly begin: 'any' | 'line' | 'text';
  /** Where it may end: anywhere, where a line does (`$`), where the text does (`\z`), there or before its last newline (`\Z`). */
  readonly end: 'any' | 'line' | 'text' | 'last line';
}

const newline = 0x0a;

export class LiteralPattern {
  readonly words: readonly Word[];
  readonly ignorecase: boolean;
  /** Whether a letter in it is the lower case of one that is no ASCII: k of the Kelvin sign, s of the long s. */
  readonly hasFold: boolean;

  constructor(words: readonly Word[], ignorecase: boolean) {
    this.words = words;
    this.ignorecase = ignorecase;
    this.hasFold = ignorecase && words.some(({ bytes }) => bytes.includes(0x6b) || bytes.includes(0x73));
  }

  /**
   * Whether one of the words is found between `start` and `end`; undefined where that takes Unicode's rules of upper and lower case.
   */
  test(bytes: Uint8Array, start: number, end: number): boolean | undefined {
    for (let i = 0; i < this.words.length; i++) {
      if (this.#find(this.words[i] as Word, bytes, start, end)) {
        return true;
      }
    }
    return this.hasFold && !isAscii(bytes, start, end) ? undefined : false;
  }

  #find({ bytes: word, skips, begin, end: wordEnd }: Word, bytes: Uint8Array, start: number, end: number): boolean {
    const { length } = word;
    if (length === 0) {
      return true;
    }
    const last = begin === 'text' ? Math.min(start, end - length) : end - length;
    for (let at = start; at <= last; ) {
      if (this.#isAt(word, bytes, at) && begins(begin, bytes, at, start) && ends(wordEnd, bytes, at + length, end)) {
        return true;
      }
      at += skips[bytes[at + length - 1] as number] as number;
    }
    return false;
  }

  /** From the last byte on, where most places fail. */
  #isAt(word: Uint8Array, bytes: Uint8Array, at: number): boolean {
    for (let i = word.length - 1; i >= 0; i--) {
      const byte = bytes[at + i] as number;
      if (byte !== word[i] && !(this.ignorecase && lower(byte) === word[i])) {
        return false;
      }
    }
    return true;
  }
}

/** Whether all bytes between `start` and `end` are ASCII. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if ((bytes[at] as number) >= 0x80) {
      return false;
    }
  }
  return true;
}

function begins(begin: Word['begin'], bytes: Uint8Array, at: number, start: number): boolean {
  return begin !== 'line' || at === start || bytes[at - 1] === newline;
}

function ends(end: Word['end'], bytes: Uint8Array, at: number, stop: number): boolean {
  if (end === 'any' || at === stop) {
    return true;
  }
  return bytes[at] === newline && (end === 'line' || (end === 'last line' && at + 1 === stop));
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** The words of an expression, written as between the slashes of a Ruby literal; undefined where it is more than words. */
export function parseLiteral(source: string, ignorecase: boolean): LiteralPattern | undefined {
  const words: Word[] = [];
  for (const part of source.split('|')) {
    const word = parseWord(part, ignorecase);
    if (word === undefined) {
      return undefined;
    }
    words.push(word);
  }
  return new LiteralPattern(words, ignorecase);
}

const beginnings = { '': 'any', '^': 'line', '\\A': 'text' } as const;
const endings = { '': 'any', $: 'line', '\\z': 'text', '\\Z': 'last line' } as const;
/**
 * Anchors around characters that mean themselves, alone or behind a backslash. A question mark is none of them, since it stands for bytes
 * that are no UTF-8.
 */
const wordShape = /^(\^|\\A|)((?:[^\\^$.?*+()[\]{}|]|\\[^A-Za-z0-9?\s\u0080-\u{10ffff}])*)(\$|\\z|\\Z|)$/u;

function parseWord(part: string, ignorecase: boolean): Word | undefined {
  const [, begin, escaped, end] = wordShape.exec(part) ?? [];
  if (begin === undefined || escaped === undefined || end === undefined) {
    return undefined;
  }
  const text = escaped.replace(/\\(.)/gsu, '$1');
  const bytes = new TextEncoder().encode(ignorecase ? text.toLowerCase() : text);
  // Upper and lower case of other letters are Unicode's; an anchor without a word is none of ours.
  if ((ignorecase && !isAscii(bytes, 0, bytes.length)) || (text === '' && begin + end !== '')) {
    return undefined;
  }
  return {
    bytes,
    skips: skipsOf(bytes, ignorecase),
    begin: beginnings[begin as keyof typeof beginnings],
    end: endings[end as keyof typeof endings],
  };
}

function skipsOf(word: Uint8Array, ignorecase: boolean): Uint32Array {
  const skips = new Uint32Array(256).fill(word.length);
  for (let i = 0; i < word.length - 1; i++) {
    const byte = word[i] as number;
    skips[byte] = word.length - 1 - i;
    if (ignorecase && byte >= 0x61 && byte <= 0x7a) {
      skips[byte & 0xdf] = word.length - 1 - i;
    }
  }
  return skips;
}
