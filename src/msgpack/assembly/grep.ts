// Keeps and drops events by words in one of their fields. The specification is filters/grep.ts with plugin/field-test.ts and
// literal-pattern.ts; an event that is not of the usual kind is left to them.
import { copyTo } from './edit';
import { setResult } from './frame';
import { sameBytes } from './keys';
import { valueEnd } from './value';
import { isAscii, isFound } from './words';

/** What `flags` are made of: events with a word are kept, not those without; case does not matter. */
const keepsFound: u32 = 1;
const ignoresCase: u32 = 2;
/** Binary values are left to the other side. */
const noBinary: u32 = 4;
/** So are values that are not ASCII and have no word in them: a letter of theirs may be the upper case of one. */
const folds: u32 = 8;

/**
 * Looks at the events from `start` to `end`. The last one that was dropped before ends at `run`: what is kept behind it is copied to `out`
 * when the next one is dropped, and up to 16 bytes behind that are overwritten. `words` are `wordCount` places of 16 bytes (words.ts).
 *
 * Returns where the next event begins, which is one that is left to the other side, or not whole. Result 0 is how many were kept, 1 how
 * many were looked at, 2 how many of these came before the first kept one; 3 and 4 are the new `run` and `out`.
 */
export function grep(
  start: usize,
  end: usize,
  runBefore: usize,
  outBefore: usize,
  key: usize,
  keyLength: usize,
  words: usize,
  wordCount: u32,
  flags: u32,
): usize {
  const keeps = (flags & keepsFound) !== 0;
  let at = start;
  let run = runBefore;
  let out = outBefore;
  let seen: u32 = 0;
  let kept: u32 = 0;
  let first: u32 = 0;
  while (end - at >= 7 && load<u8>(at) === 0x92) {
    const timeType: u32 = load<u8>(at + 1);
    let pos: usize = 0;
    if (timeType === 0xd7 && load<u8>(at + 2) === 0) {
      pos = at + 11;
    } else if (timeType === 0xce) {
      pos = at + 6;
    } else {
      break;
    }
    if (pos >= end) {
      break;
    }
    const mapType: u32 = load<u8>(pos);
    let left: u32 = mapType & 0x0f;
    if (mapType - 0x80 < 0x10) {
      pos++;
    } else if (mapType === 0xde) {
      left = bswap(load<u16>(pos + 1));
      pos += 3;
    } else {
      break;
    }
    // Of a key that stands there twice, the last value counts.
    let value: usize = 0;
    for (; left > 0; left--) {
      if (pos >= end) {
        break;
      }
      const keyType: u32 = load<u8>(pos);
      let length: usize = keyType & 0x1f;
      if (keyType - 0xa0 < 0x20) {
        pos++;
      } else if (keyType === 0xd9) {
        length = load<u8>(pos + 1);
        pos += 2;
      } else {
        break;
      }
      const keyEnd = pos + length;
      if (keyEnd >= end) {
        break;
      }
      if (length === keyLength && sameBytes(pos, key, length)) {
        value = keyEnd;
      }
      pos = valueEnd(keyEnd, end);
      if (pos === 0) {
        break;
      }
    }
    if (left > 0 || pos > end) {
      break;
    }
    let found: bool = false;
    if (value !== 0 && load<u8>(value) !== 0xc0) {
      const type: u32 = load<u8>(value);
      const binary = type - 0xc4 < 3;
      let text = value + 1;
      let length: usize = type & 0x1f;
      if (type - 0xa0 >= 0x20) {
        if (type === 0xd9 || type === 0xc4) {
          length = load<u8>(text);
          text++;
        } else if (type === 0xda || type === 0xc5) {
          length = bswap(load<u16>(text));
          text += 2;
        } else if (type === 0xdb || type === 0xc6) {
          length = bswap(load<u32>(text));
          text += 4;
        } else {
          break;
        }
      }
      if (binary && flags & noBinary) {
        break;
      }
      found = isFound(text, text + length, words, wordCount, (flags & ignoresCase) !== 0);
      if (!found && flags & folds && !isAscii(text, text + length)) {
        break;
      }
    }
    if (found === keeps) {
      if (kept++ === 0) {
        first = seen;
      }
    } else {
      out = copyTo(out, run, at);
      run = pos;
    }
    seen++;
    at = pos;
  }
  setResult(0, kept);
  setResult(1, seen);
  setResult(2, first);
  setResult(3, run);
  setResult(4, out);
  return at;
}
