// Finds a text in the lines of a block, 64 places at a time, and notes the events that have it.

/** Of the text that is looked for: where its bytes and their masks are, its size, the places of its two rarest bytes. */
let needle: usize = 0;
let masks: usize = 0;
let size: usize = 0;
let p: usize = 0;
let q: usize = 0;

const one: u64 = 1;
/** The text's first sixteen bytes and their masks; behind a shorter text, what every byte matches. */
let head: v128 = i64x2.splat(0);
let headMask: v128 = i64x2.splat(0);

/** Up to so many events that are not asked for are looked at where they stand between two that are. */
const nearby: u32 = 4;

/**
 * The lines of the events from `first` to `last` - 1 stand one behind the other; `offsets` says where each begins. `text` has `length` bytes,
 * behind them as many that are set in both (0x20 where case folds). `rare` and `next` are the places of its two rarest bytes. Sets bits in
 * `bits`; where there is a `within` (0: there is none), of the events in it, and maybe of others.
 */
export function find(
  offsets: usize,
  first: u32,
  last: u32,
  text: usize,
  length: usize,
  rare: usize,
  next: usize,
  bits: usize,
  within: usize,
): void {
  needle = text;
  masks = text + length;
  size = length;
  p = rare;
  q = next;
  const behind = i8x16.ge_u(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(<i8>min<usize>(16, length)),
  );
  head = v128.or(v128.load(needle), behind);
  headMask = v128.or(v128.load(masks), behind);
  if (within === 0) {
    findIn(offsets, first, last, bits);
    return;
  }
  let from = nextIn(within, first, last);
  while (from < last) {
    let to = from + 1;
    let another = nextIn(within, to, last);
    while (another < last && another - to <= nearby) {
      to = another + 1;
      another = nextIn(within, to, last);
    }
    findIn(offsets, from, to, bits);
    from = another;
  }
}

/** The first event from `from` on whose bit is set; `last` where there is none. */
function nextIn(within: usize, from: u32, last: u32): u32 {
  if (from >= last) {
    return last;
  }
  let word = from >> 5;
  let left = load<u32>(within + ((<usize>word) << 2)) & (0xffffffff << (from & 31));
  while (left === 0) {
    word++;
    if (word << 5 >= last) {
      return last;
    }
    left = load<u32>(within + ((<usize>word) << 2));
  }
  const found = (word << 5) + <u32>ctz(left);
  return found < last ? found : last;
}

function findIn(offsets: usize, first: u32, last: u32, bits: usize): void {
  const end: usize = load<u32>(offsets + ((<usize>last) << 2));
  const pAt = p;
  const qAt = q;
  const pByte = i8x16.splat(load<u8>(needle + pAt));
  const pMask = i8x16.splat(load<u8>(masks + pAt));
  const qByte = i8x16.splat(load<u8>(needle + qAt));
  const qMask = i8x16.splat(load<u8>(masks + qAt));
  let event = first;
  let at: usize = load<u32>(offsets + ((<usize>first) << 2));
  if (at + size > end) {
    return;
  }
  const stop = end - size;
  while (at <= stop) {
    const a = v128.and(
      i8x16.eq(v128.or(v128.load(at + pAt), pMask), pByte),
      i8x16.eq(v128.or(v128.load(at + qAt), qMask), qByte),
    );
    const b = v128.and(
      i8x16.eq(v128.or(v128.load(at + pAt, 16), pMask), pByte),
      i8x16.eq(v128.or(v128.load(at + qAt, 16), qMask), qByte),
    );
    const c = v128.and(
      i8x16.eq(v128.or(v128.load(at + pAt, 32), pMask), pByte),
      i8x16.eq(v128.or(v128.load(at + qAt, 32), qMask), qByte),
    );
    const d = v128.and(
      i8x16.eq(v128.or(v128.load(at + pAt, 48), pMask), pByte),
      i8x16.eq(v128.or(v128.load(at + qAt, 48), qMask), qByte),
    );
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      at += 64;
      continue;
    }
    let found: u64 =
      <u64>i8x16.bitmask(a) |
      ((<u64>i8x16.bitmask(b)) << 16) |
      ((<u64>i8x16.bitmask(c)) << 32) |
      ((<u64>i8x16.bitmask(d)) << 48);
    let next = at + 64;
    while (found !== 0) {
      const place = at + <usize>ctz(found);
      found &= found - 1;
      if (place > stop) {
        break;
      }
      if (!matches(place)) {
        continue;
      }
      while (load<u32>(offsets + ((<usize>(event + 1)) << 2)) <= <u32>place) {
        event++;
      }
      const behind: usize = load<u32>(offsets + ((<usize>(event + 1)) << 2));
      if (place + size <= behind) {
        const word = bits + ((<usize>(event >> 5)) << 2);
        store<u32>(word, load<u32>(word) | (1 << (event & 31)));
        // The rest of its line does not matter.
        if (behind >= next) {
          next = behind;
          break;
        }
        const passed: u64 = behind - at;
        found &= ~((one << passed) - 1);
      }
    }
    at = next;
  }
}

function matches(at: usize): bool {
  if (v128.any_true(v128.xor(v128.or(v128.load(at), headMask), head))) {
    return false;
  }
  const to = size;
  for (let n: usize = 16; n < to; n++) {
    if ((load<u8>(at + n) | load<u8>(masks + n)) !== load<u8>(needle + n)) {
      return false;
    }
  }
  return true;
}
