// Looks for words in text, sixteen places at a time. The specification is plugin/literal-pattern.ts.
import { sameBytes } from './keys';

/** Where a word may begin, and where it may end. */
const any: u32 = 0;
const line: u32 = 1;
const whole: u32 = 2;
const lastLine: u32 = 3;

const newline: u32 = 0x0a;

/**
 * Whether one of `count` words is found between `start` and `end`. `words` are places of 16 bytes: where the word is (16 bytes behind it
 * may be read), its length, which is not 0, where it may begin, where it may end. With `ignoreCase` words are in lower case, and so are the
 * letters of ASCII in the text taken to be.
 */
export function isFound(start: usize, end: usize, words: usize, count: u32, ignoreCase: bool): bool {
  for (let i: u32 = 0; i < count; i++) {
    const place = words + ((<usize>i) << 4);
    const word: usize = load<u32>(place);
    const length: usize = load<u32>(place + 4);
    if (
      length <= end - start &&
      find(start, end, word, length, load<u32>(place + 8), load<u32>(place + 12), ignoreCase)
    ) {
      return true;
    }
  }
  return false;
}

function find(start: usize, end: usize, word: usize, length: usize, begin: u32, stop: u32, ignoreCase: bool): bool {
  const last = begin === whole ? start : end - length;
  const head = i8x16.splat(load<i8>(word));
  const tail = i8x16.splat(load<i8>(word + length - 1));
  const caseBit = i8x16.splat(ignoreCase ? 0x20 : 0);
  for (let at = start; at <= last; at += 16) {
    const heads = i8x16.eq(lower(v128.load(at), caseBit), head);
    const tails = i8x16.eq(lower(v128.load(at + length - 1), caseBit), tail);
    let places = i8x16.bitmask(v128.and(heads, tails));
    const left = last - at;
    if (left < 15) {
      places &= (2 << (<i32>left)) - 1;
    }
    while (places) {
      const found = at + <usize>ctz(places);
      if (
        (ignoreCase ? sameLetters(found, word, length) : sameBytes(found, word, length)) &&
        begins(begin, found, start) &&
        ends(stop, found + length, end)
      ) {
        return true;
      }
      places &= places - 1;
    }
  }
  return false;
}

/** Letters from A to Z get `caseBit`. */
function lower(bytes: v128, caseBit: v128): v128 {
  const letters = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(bytes, v128.and(letters, caseBit));
}

function sameLetters(text: usize, word: usize, length: usize): bool {
  const caseBit = i8x16.splat(0x20);
  for (let i: usize = 0; i < length; i += 16) {
    const same = i8x16.bitmask(i8x16.eq(lower(v128.load(text + i), caseBit), v128.load(word + i)));
    const left = length - i;
    const wanted = left < 16 ? (1 << (<i32>left)) - 1 : 0xffff;
    if ((same & wanted) !== wanted) {
      return false;
    }
  }
  return true;
}

function begins(begin: u32, at: usize, start: usize): bool {
  return begin !== line || at === start || load<u8>(at - 1) === newline;
}

function ends(stop: u32, at: usize, end: usize): bool {
  if (stop === any || at === end) {
    return true;
  }
  return load<u8>(at) === newline && (stop === line || (stop === lastLine && at + 1 === end));
}

/** Whether all bytes between `start` and `end` are ASCII. */
export function isAscii(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 16) {
    let high = i8x16.bitmask(v128.load(at));
    const left = end - at;
    if (left < 16) {
      high &= (1 << (<i32>left)) - 1;
    }
    if (high) {
      return false;
    }
  }
  return true;
}
