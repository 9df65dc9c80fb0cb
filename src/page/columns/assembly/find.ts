// Finds a text in the lines of a block, sixteen places at a time, and notes the events that have it.

/**
 * The lines of the events from `first` to `last` - 1 stand one behind the other; `offsets` says where each begins. `needle` has `size` bytes,
 * behind them as many that are set in both (0x20 where case folds). `p` and `q` are the places of its two rarest bytes. Sets bits.
 */
export function find(
  offsets: usize,
  first: u32,
  last: u32,
  needle: usize,
  size: usize,
  p: usize,
  q: usize,
  bits: usize,
): void {
  const masks = needle + size;
  const end: usize = load<u32>(offsets + ((<usize>last) << 2));
  const pByte = i8x16.splat(load<u8>(needle + p));
  const pMask = i8x16.splat(load<u8>(masks + p));
  const qByte = i8x16.splat(load<u8>(needle + q));
  const qMask = i8x16.splat(load<u8>(masks + q));
  let event = first;
  let at: usize = load<u32>(offsets + ((<usize>first) << 2));
  if (at + size > end) {
    return;
  }
  const stop = end - size;
  while (at <= stop) {
    const one = i8x16.eq(v128.or(v128.load(at + p), pMask), pByte);
    const two = i8x16.eq(v128.or(v128.load(at + q), qMask), qByte);
    let found = i8x16.bitmask(v128.and(one, two));
    let next = at + 16;
    while (found !== 0) {
      const place = at + <usize>ctz(found);
      found &= found - 1;
      if (place > stop) {
        break;
      }
      if (!matches(place, needle, masks, size)) {
        continue;
      }
      while (load<u32>(offsets + ((<usize>(event + 1)) << 2)) <= <u32>place) {
        event++;
      }
      const behind: usize = load<u32>(offsets + ((<usize>(event + 1)) << 2));
      if (place + size <= behind) {
        const word = bits + ((<usize>(event >> 5)) << 2);
        store<u32>(word, load<u32>(word) | (1 << (event & 31)));
        next = behind;
        break;
      }
    }
    at = next;
  }
}

function matches(at: usize, needle: usize, masks: usize, size: usize): bool {
  for (let n: usize = 0; n < size; n++) {
    if ((load<u8>(at + n) | load<u8>(masks + n)) !== load<u8>(needle + n)) {
      return false;
    }
  }
  return true;
}
