// Walks over a large value that may be cut: as far as its tokens are whole and as usual. The specification is Skip in skip.ts of the
// TypeScript side, which goes on from there.
import { setResult } from './frame';

const maxDepth: u32 = 512;

/** What is left of the arrays and maps around the one under way, outermost first. */
export const skipStack: usize = memory.data(512 * 4, 16);

/**
 * Goes on at `start`, inside `depth` arrays and maps, with `left` values to come in the innermost. Returns the position behind the value,
 * and result 0 is 1; or the position of a token that is not whole before `end` or not as usual, and result 0 is 0, 1 the depth and 2 what is
 * left there.
 */
export function skip(start: usize, end: usize, depthBefore: u32, leftBefore: u32): usize {
  let at = start;
  let depth = depthBefore;
  let left = leftBefore;
  while (at < end) {
    const type: u32 = load<u8>(at);
    let next = at + 1;
    let children: u32 = 0;
    if (type - 0xa0 < 0x20) {
      next += type & 0x1f;
    } else if (type === 0xd9 || type === 0xc4) {
      next += 1 + <usize>load<u8>(next);
    } else if (type < 0x80 || type >= 0xe0) {
      // A small integer is its own head.
    } else if (type < 0xa0) {
      children = type < 0x90 ? (type & 0x0f) << 1 : type & 0x0f;
    } else if (type === 0xda || type === 0xc5) {
      next += 2 + <usize>bswap(load<u16>(next));
    } else if (type === 0xd7 && load<u8>(next) === 0) {
      next += 9;
    } else if (type === 0xc0 || type === 0xc2 || type === 0xc3) {
      // So are these.
    } else if (type >= 0xcc && type <= 0xd3) {
      next += 1 << (type & 3);
    } else if (type === 0xca || type === 0xcb) {
      next += 4 << (type & 1);
    } else if (type === 0xdc || type === 0xde) {
      children = (<u32>bswap(load<u16>(next))) << (type === 0xde ? 1 : 0);
      next += 2;
    } else {
      break;
    }
    if (next > end || (children > 0 && depth === maxDepth)) {
      break;
    }
    at = next;
    if (children > 0) {
      store<u32>(skipStack + (depth << 2), left);
      depth++;
      left = children;
      continue;
    }
    left--;
    while (left === 0) {
      if (depth === 0) {
        setResult(0, 1);
        return at;
      }
      depth--;
      left = load<u32>(skipStack + (depth << 2)) - 1;
    }
  }
  setResult(0, 0);
  setResult(1, depth);
  setResult(2, left);
  return at;
}
