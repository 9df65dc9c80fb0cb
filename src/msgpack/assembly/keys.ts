// Keys repeat from event to event: what each becomes is kept by its place among the keys of a record. As long as each key of an event is the
// one of its place, in the map of its place, no map of it has a key twice, because none had then. A key that is another one is compared with
// all keys of its map, and so are those that follow it.
import { specials } from './text';

/** Keys of the open maps that can be compared with each other. */
export const maxKeys: u32 = 128;

/** For each key of the open maps: a word made of its bytes; where it is, and its length. */
export const keyWords: usize = memory.data(132 * 4, 16);
export const keyPlaces: usize = memory.data(128 * 8, 16);

/** Of a kept key: it as it is sent (32 bytes), its text (48), what else is known of it (16). */
export const keptSize: usize = 96;
export const keptText: usize = 32;
/** The bits of the bytes behind it, which are not compared; 0 where nothing is kept. */
export const keptRest: usize = 80;
/** The first key of its map. */
export const keptMap: usize = 84;
export const keptWord: usize = 88;
/** Lengths as it is sent and as text. */
export const keptSent: usize = 92;
export const keptTextLength: usize = 94;

/** So many keys of a record are kept, for records of so many sizes; behind each lot there is one place where never anything is. */
const keptKeys: usize = 64;
const shapes: usize = 4;
const tableSize: usize = (keptKeys + 1) * keptSize;
const tables: usize = memory.data(4 * 65 * 96, 16);

/** Where the first key is kept of a record that begins with this byte. */
export function firstKept(type: u32): usize {
  return tables + (<usize>type & (shapes - 1)) * tableSize;
}

/**
 * A key that is not the kept one of its place: compares it with those of its map, which are the ones from number `first` to before number
 * `count`, and keeps it in place of that. Returns where the next one is kept; 0 where the map has this key twice.
 */
export function newKey(at: usize, length: usize, first: u32, count: u32, kept: usize, map: usize): usize {
  const word = keyWord(at, length);
  let i = first;
  for (; i + 4 <= count; i += 4) {
    let same = i32x4.bitmask(i32x4.eq(v128.load(keyWords + (i << 2)), i32x4.splat(word)));
    while (same) {
      if (isKey(i + ctz(same), at, length)) {
        return 0;
      }
      same &= same - 1;
    }
  }
  for (; i < count; i++) {
    if (load<u32>(keyWords + (i << 2)) === word && isKey(i, at, length)) {
      return 0;
    }
  }
  store<u32>(keyWords + (count << 2), word);
  store<u32>(keyPlaces + (count << 3), <u32>at);
  store<u32>(keyPlaces + (count << 3) + 4, <u32>length);
  if ((kept - tables) % tableSize === keptKeys * keptSize) {
    return kept;
  }
  keep(at, length, word, kept, map);
  forget(kept + keptSize);
  return kept + keptSize;
}

/** Only keys of up to 31 bytes whose head is one byte, all ASCII and without escapes: their text is that in any dialect. */
function keep(at: usize, length: usize, word: u32, kept: usize, map: usize): void {
  if (load<u8>(at - 1) - 0xa0 !== length) {
    forget(kept);
    return;
  }
  const low = v128.load(at);
  const high = v128.load(at, 16);
  const ascii = i8x16.splat(-128);
  const special = i8x16.bitmask(specials(low, ascii)) | (i8x16.bitmask(specials(high, ascii)) << 16);
  if (special & ((1 << (<i32>length)) - 1)) {
    forget(kept);
    return;
  }
  v128.store(kept, v128.load(at - 1));
  v128.store(kept, v128.load(at - 1, 16), 16);
  store<u8>(kept + keptText, 0x22);
  v128.store(kept + keptText + 1, low);
  v128.store(kept + keptText + 17, high);
  store<u16>(kept + keptText + 1 + length, 0x3a22);
  store<u32>(kept, length === 31 ? 0 : -1 << (<i32>length + 1), keptRest);
  store<u32>(kept, <u32>map, keptMap);
  store<u32>(kept, word, keptWord);
  store<u16>(kept, <u16>(length + 1), keptSent);
  store<u16>(kept, <u16>(length + 3), keptTextLength);
}

function forget(kept: usize): void {
  v128.store(kept, i64x2.splat(0)); // no key begins with a 0
  store<u32>(kept, 0, keptRest);
}

/** A word that tells keys apart mostly: made of their length, their first, middle and last bytes. */
function keyWord(at: usize, length: usize): u32 {
  if (length < 4) {
    return (load<u32>(at) & ((1 << ((<u32>length) << 3)) - 1)) + ((<u32>length) << 24);
  }
  const middle = load<u32>(at + (length >> 1) - 2);
  return (
    (rotl(load<u32>(at), 7) * 0x9e3779b1) ^
    ((rotl(middle, 15) * 0x85ebca77) ^ (load<u32>(at + length - 4) + <u32>length))
  );
}

/** Whether key number `index` has these bytes. */
function isKey(index: u32, at: usize, length: usize): bool {
  const place = keyPlaces + (index << 3);
  return load<u32>(place + 4) === <u32>length && sameBytes(load<u32>(place), at, length);
}

/** Bytes behind both are compared too, but do not count. */
export function sameBytes(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))) !== 0xffff) {
      return false;
    }
  }
  const left = <i32>(length - i);
  const rest = (1 << left) - 1;
  return (i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))) & rest) === rest;
}
