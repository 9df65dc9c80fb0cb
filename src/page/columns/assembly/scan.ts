// Takes events into the columns of a block. An event of a known shape (all of its record but the line) needs two comparisons and a copy;
// whatever else comes is left to who called.
import { levelOf } from './level';

const done = 0;
const full = 1;
const slow = 2;

const fine = 1;
const odd = 2;
const ask = 4;
/** Of what `copyLine` says only. */
const special = 1;

/** `c` is where the numbers of the block stand (layout.ts, `context`). */
export function scan(c: usize, start: usize, end: usize): i32 {
  const capacity = load<u32>(c + 4);
  const limit: usize = load<u32>(c + 12);
  const offsets: usize = load<u32>(c + 16);
  const seconds: usize = load<u32>(c + 20);
  const nanos: usize = load<u32>(c + 24);
  const shapes: usize = load<u32>(c + 28);
  const origins: usize = load<u32>(c + 32);
  const levels: usize = load<u32>(c + 36);
  const flagsAt: usize = load<u32>(c + 40);
  const origin = load<u32>(c + 44);
  const slots: usize = load<u32>(c + 48);
  const slotSize: usize = load<u32>(c + 52);
  const candidates: usize = load<u32>(c + 56);
  const longest: usize = load<u32>(c + 64);
  let count = load<u32>(c);
  let used: usize = load<u32>(c + 8);
  let asks: u32 = 0;
  let code = done;
  let at = start;
  while (at < end) {
    if (count === capacity) {
      code = full;
      break;
    }
    let sec: u32 = 0;
    let nsec: u32 = 0;
    let flags: u32 = 0;
    let record: usize = 0;
    const head = load<u32>(at);
    if ((head & 0xffffff) === 0x00d792) {
      sec = bswap(load<u32>(at + 3));
      nsec = bswap(load<u32>(at + 7));
      record = at + 11;
      flags = fine;
    } else if ((head & 0xffff) === 0xce92) {
      sec = bswap(load<u32>(at + 2));
      record = at + 6;
    } else {
      code = slow;
      break;
    }
    let shape: u32 = 0;
    let line: usize = 0;
    let size: usize = 0;
    let next: usize = 0;
    let slot: usize = 0;
    let place: usize = 0;
    for (; place < 4; place++) {
      const id: u32 = load<u16>(candidates + (place << 1));
      if (id === 0) {
        break;
      }
      slot = slots + <usize>id * slotSize;
      const before: usize = load<u32>(slot);
      const after: usize = load<u32>(slot + 4);
      const text = record + before;
      if (text >= end || !same(record, slot + 16, before)) {
        continue;
      }
      const kind = load<u8>(text);
      if (kind >= 0xa0 && kind < 0xc0) {
        size = kind & 31;
        line = text + 1;
      } else if (kind === 0xd9) {
        size = load<u8>(text + 1);
        line = text + 2;
      } else if (kind === 0xda) {
        size = bswap(load<u16>(text + 1));
        line = text + 3;
      } else if (kind === 0xdb) {
        size = bswap(load<u32>(text + 1));
        line = text + 5;
      } else {
        continue;
      }
      if (line > end || size > end - line || after > end - line - size) {
        continue;
      }
      if (same(line + size, slot + 16 + before, after)) {
        shape = id;
        next = line + size + after;
        break;
      }
    }
    if (shape === 0 || size > longest || load<u8>(slot + 9) !== 0) {
      code = slow;
      break;
    }
    if (used + size > limit) {
      code = full;
      break;
    }
    if (place > 0) {
      // The one that fits comes first the next time.
      for (let n = place; n > 0; n--) {
        store<u16>(candidates + (n << 1), load<u16>(candidates + ((n - 1) << 1)));
      }
      store<u16>(candidates, <u16>shape);
    }
    const seen = copyLine(used, line, size);
    flags |= seen & odd;
    let level: i32 = load<u8>(slot + 8);
    if (level === 255) {
      level = levelOf(line, size, seen === 0, (seen & odd) !== 0);
      if (level === 254) {
        level = 0;
        flags |= ask;
        asks++;
      }
    }
    store<u32>(seconds + ((<usize>count) << 2), sec);
    store<u32>(nanos + ((<usize>count) << 2), nsec);
    store<u16>(shapes + ((<usize>count) << 1), <u16>shape);
    store<u16>(origins + ((<usize>count) << 1), <u16>origin);
    store<u8>(levels + count, <u8>level);
    store<u8>(flagsAt + count, <u8>flags);
    used += size;
    count++;
    store<u32>(offsets + ((<usize>count) << 2), <u32>used);
    at = next;
  }
  store<u32>(c, count);
  store<u32>(c + 8, <u32>used);
  store<u32>(c + 60, <u32>at);
  store<u32>(c + 68, asks);
  return code;
}

function same(a: usize, b: usize, size: usize): bool {
  let n: usize = 0;
  if (size >= 16) {
    for (; n + 16 <= size; n += 16) {
      if (v128.any_true(v128.xor(v128.load(a + n), v128.load(b + n)))) {
        return false;
      }
    }
    // The end together with bytes that were compared already.
    const last = size - 16;
    return n === size || !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)));
  }
  if (size >= 8) {
    const last = size - 8;
    return load<u64>(a) === load<u64>(b) && load<u64>(a + last) === load<u64>(b + last);
  }
  for (; n < size; n++) {
    if (load<u8>(a + n) !== load<u8>(b + n)) {
      return false;
    }
  }
  return true;
}

/**
 * Copies a line; returns 0 where it has signs of ASCII only and no escape, else `special`, and `odd` where its text is not what its bytes say:
 * colours, and the two signs whose lower case is ASCII.
 */
function copyLine(to: usize, from: usize, size: usize): u32 {
  const escapes = i8x16.splat(0x1b);
  let odds = i8x16.splat(0);
  let n: usize = 0;
  for (; n + 16 <= size; n += 16) {
    const bytes = v128.load(from + n);
    v128.store(to + n, bytes);
    odds = v128.or(odds, v128.or(i8x16.eq(bytes, escapes), bytes));
  }
  if (n < size && n > 0) {
    // The end together with bytes that were copied already.
    n = size - 16;
    const bytes = v128.load(from + n);
    v128.store(to + n, bytes);
    odds = v128.or(odds, v128.or(i8x16.eq(bytes, escapes), bytes));
    n = size;
  }
  let high = i8x16.bitmask(odds) !== 0;
  for (; n < size; n++) {
    const byte = load<u8>(from + n);
    store<u8>(to + n, byte);
    high = high || byte >= 0x80 || byte === 0x1b;
  }
  return high ? (isOdd(from, size) ? special | odd : special) : 0;
}

function isOdd(from: usize, size: usize): bool {
  const end = from + size;
  for (let at = from; at < end; at++) {
    const byte = load<u8>(at);
    if (byte === 0x1b) {
      return true;
    }
    if (byte === 0xc4 && at + 1 < end && load<u8>(at + 1) === 0xb0) {
      return true;
    }
    if (byte === 0xe2 && at + 2 < end && load<u8>(at + 1) === 0x84 && load<u8>(at + 2) === 0xaa) {
      return true;
    }
  }
  return false;
}
