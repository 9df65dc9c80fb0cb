// How serious a line is, as far as it says, from its bytes: what live/query/levels.ts and json-line.ts say of its text. 0 is none, then from
// trace (1) to fatal (6); `ask` where only they can say.
import { jsonLevel } from './json';
import { isSpace, isWord, nameLevel } from './names';

const ask = 254;
const invalid = 253;

/** Of longer lines only so much is looked at, and longer ones are no JSON. */
const headSize: usize = 640;
const longestJson: usize = 65536;
const near = 160;

const scratch: usize = memory.data(704, 16);

export function lineLevel(at: usize, size: usize): i32 {
  return levelOf(at, size, false, true);
}

/** `isPlain` is whether all signs are ASCII and none an escape; where it is not, `colored` is whether there may be colours. */
export function levelOf(at: usize, size: usize, isPlain: bool, colored: bool): i32 {
  const end = at + size;
  const head = size < headSize ? end : at + headSize;
  let begin = at;
  while (begin < head && isJsonSpace(load<u8>(begin))) {
    begin++;
  }
  if (begin < head && load<u8>(begin) === 0x7b) {
    let quote = begin + 1;
    while (quote < head && isJsonSpace(load<u8>(quote))) {
      quote++;
    }
    if (quote < head && load<u8>(quote) === 0x22) {
      const level = size > longestJson ? ask : jsonLevel(begin, end);
      if (level !== invalid) {
        return level;
      }
    }
  }
  if (isPlain) {
    return textLevel(at, size > <usize>near ? at + <usize>near : end);
  }
  if (colored) {
    return textLevel(scratch, near160(scratch, stripped(at, head)));
  }
  return textLevel(at, near160(at, head));
}

function isJsonSpace(byte: u32): bool {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Of at most 640 bytes; those behind `end` may be read. Looks at 64 at a time: which of them make words is told by bits. */
function textLevel(from: usize, end: usize): i32 {
  let capital = 0;
  // Of the 64 before: whether the last was a sign of a word, whether the one before it was one that a space follows.
  let inWord: u64 = 0;
  let spaced: u64 = 0;
  for (let base = from; base < end; base += 64) {
    const left = end - base;
    const inside: u64 = left < 64 ? ((<u64>1) << (<u64>left)) - 1 : -1;
    const words = wordBits64(base) & inside;
    const begins = words & ~((words << 1) | inWord);
    // What stands behind another word and a space says no level but by its capitals.
    const spaces = signBits64(base, 0x20);
    const endings = spaces & ((words << 1) | inWord);
    const further = (endings << 1) | spaced;
    inWord = words >> 63;
    spaced = endings >> 63;
    let open = capital === 0 ? begins & ~(further & smallBits64(base)) : begins & ~further;
    while (open !== 0) {
      const bit = <usize>ctz(open);
      open &= open - 1;
      const word = base + bit;
      const rest = ~(words >> bit);
      let behind = word + <usize>ctz(rest);
      if (bit + (behind - word) >= 64) {
        behind = base + 64;
        while (behind < end && isWord(load<u8>(behind))) {
          behind++;
        }
      }
      const level = nameLevel(word, behind - word);
      if (level !== 0) {
        if (isNamed(from, word, behind, end)) {
          return level;
        }
        if (capital === 0 && isCapital(word, behind)) {
          capital = level;
          open &= ~further;
        }
      }
    }
  }
  return capital;
}

/** A bit for each of 64 signs that words are made of. */
function wordBits64(at: usize): u64 {
  return wordBits16(at) | (wordBits16(at + 16) << 16) | (wordBits16(at + 32) << 32) | (wordBits16(at + 48) << 48);
}

function wordBits16(at: usize): u64 {
  const bytes = v128.load(at);
  const letter = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  const digit = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const line = i8x16.eq(bytes, i8x16.splat(0x5f));
  return <u64>(<u32>i8x16.bitmask(v128.or(v128.or(letter, digit), line)));
}

/** A bit for each of 64 signs that are this one. */
function signBits64(at: usize, sign: u8): u64 {
  const wanted = i8x16.splat(sign);
  const a: u64 = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
  const b: u64 = <u32>i8x16.bitmask(i8x16.eq(v128.load(at + 16), wanted));
  const c: u64 = <u32>i8x16.bitmask(i8x16.eq(v128.load(at + 32), wanted));
  const d: u64 = <u32>i8x16.bitmask(i8x16.eq(v128.load(at + 48), wanted));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** A bit for each of 64 signs that are no capital: 0x60 and what comes behind it. */
function smallBits64(at: usize): u64 {
  const least = i8x16.splat(0x60);
  const a: u64 = <u32>i8x16.bitmask(i8x16.ge_u(v128.load(at), least));
  const b: u64 = <u32>i8x16.bitmask(i8x16.ge_u(v128.load(at + 16), least));
  const c: u64 = <u32>i8x16.bitmask(i8x16.ge_u(v128.load(at + 32), least));
  const d: u64 = <u32>i8x16.bitmask(i8x16.ge_u(v128.load(at + 48), least));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** Where the first 160 characters (UTF-16) end. */
function near160(from: usize, to: usize): usize {
  const stop = to - from > <usize>near ? from + <usize>near : to;
  let high = i8x16.splat(0);
  for (let at = from; at < stop; at += 16) {
    high = v128.or(high, v128.load(at));
  }
  if (i8x16.bitmask(high) === 0) {
    return stop;
  }
  let left = near;
  let at = from;
  while (at < to) {
    const byte = load<u8>(at);
    if (byte < 0x80 || byte >= 0xc0) {
      left -= byte >= 0xf0 ? 2 : 1;
      if (left < 0) {
        return at;
      }
    }
    at++;
  }
  return to;
}

/** Whether it stands where levels stand: behind a bracket or `level=`, or before a colon at the beginning. */
function isNamed(begin: usize, at: usize, behind: usize, end: usize): bool {
  if (at > begin) {
    const before = load<u8>(at - 1);
    if (before === 0x5b || before === 0x3c || before === 0x28 || isAssigned(begin, at)) {
      return true;
    }
  }
  if (behind >= end || load<u8>(behind) !== 0x3a || at - begin > 8) {
    return false;
  }
  for (let n = begin; n < at; n++) {
    if (!isSpace(load<u8>(n))) {
      return false;
    }
  }
  return true;
}

/** `level=`, `"severity": "` and the like before `at`. */
function isAssigned(begin: usize, at: usize): bool {
  let n = quoteBefore(begin, at);
  n = spacesBefore(begin, n);
  if (n === begin || (load<u8>(n - 1) !== 0x3d && load<u8>(n - 1) !== 0x3a)) {
    return false;
  }
  n = quoteBefore(begin, spacesBefore(begin, n - 1));
  return (
    isKey(begin, n, 5, 0x6576656c, 0x6c) ||
    isKey(begin, n, 3, 0x6c766c, 0) ||
    isKey(begin, n, 8, 0x65766573, 0x79746972)
  );
}

function quoteBefore(begin: usize, at: usize): usize {
  return at > begin && (load<u8>(at - 1) === 0x22 || load<u8>(at - 1) === 0x27) ? at - 1 : at;
}

function spacesBefore(begin: usize, at: usize): usize {
  let n = at;
  while (n > begin && at - n < 2 && isSpace(load<u8>(n - 1))) {
    n--;
  }
  return n;
}

/** Whether a word of `size` letters ends at `at`; its letters, folded, are those of `low` and `high`. */
function isKey(begin: usize, at: usize, size: usize, low: u32, high: u32): bool {
  if (at - begin < size) {
    return false;
  }
  const word = at - size;
  if (word > begin && isWord(load<u8>(word - 1))) {
    return false;
  }
  for (let n: usize = 0; n < size; n++) {
    const wanted = n < 4 ? low >> ((<u32>n) << 3) : high >> ((<u32>n - 4) << 3);
    if ((<u32>load<u8>(word + n) | 0x20) !== (wanted & 0xff)) {
      return false;
    }
  }
  return true;
}

function isCapital(at: usize, end: usize): bool {
  for (let n = at; n < end; n++) {
    if (load<u8>(n) >= 0x60) {
      return false;
    }
  }
  return true;
}

/** Copies without `ESC [ … m`; returns where it ends. */
function stripped(at: usize, end: usize): usize {
  let to = scratch;
  let n = at;
  while (n < end) {
    const byte = load<u8>(n);
    if (byte === 0x1b && n + 1 < end && load<u8>(n + 1) === 0x5b) {
      let m = n + 2;
      while (m < end && m - n - 2 < 64 && isNumeric(load<u8>(m))) {
        m++;
      }
      if (m < end && load<u8>(m) === 0x6d) {
        n = m + 1;
        continue;
      }
    }
    store<u8>(to++, byte);
    n++;
  }
  return to;
}

function isNumeric(byte: u32): bool {
  return byte >= 0x30 && byte <= 0x3b;
}
