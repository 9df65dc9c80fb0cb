// The words that name a level, and signs.

/** For each word its length, its level, and its letters in 14 bytes; sorted by their first letters. */
const names: usize = memory.data<u8>([
  5, 6, 97, 108, 101, 114, 116, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 6, 99, 114, 105, 116, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 6,
  99, 114, 105, 116, 105, 99, 97, 108, 0, 0, 0, 0, 0, 0, 5, 2, 100, 101, 98, 117, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2,
  100, 98, 117, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 101, 109, 101, 114, 103, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 6, 101,
  109, 101, 114, 103, 101, 110, 99, 121, 0, 0, 0, 0, 0, 5, 5, 101, 114, 114, 111, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5,
  101, 114, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 5, 101, 114, 111, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 102, 97,
  116, 97, 108, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 102, 105, 110, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 102, 105, 110,
  101, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 102, 105, 110, 101, 115, 116, 0, 0, 0, 0, 0, 0, 0, 0, 4, 3, 105, 110, 102,
  111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 3, 105, 110, 102, 111, 114, 109, 97, 116, 105, 111, 110, 0, 0, 0, 13, 3, 105,
  110, 102, 111, 114, 109, 97, 116, 105, 111, 110, 97, 108, 0, 6, 3, 110, 111, 116, 105, 99, 101, 0, 0, 0, 0, 0, 0, 0,
  0, 5, 6, 112, 97, 110, 105, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 5, 115, 101, 118, 101, 114, 101, 0, 0, 0, 0, 0, 0, 0, 0,
  5, 1, 116, 114, 97, 99, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 118, 101, 114, 98, 111, 115, 101, 0, 0, 0, 0, 0, 0, 0,
  4, 4, 119, 97, 114, 110, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 4, 119, 97, 114, 110, 105, 110, 103, 0, 0, 0, 0, 0, 0, 0,
]);
/** For each letter the first of its words, and their number. */
const index: usize = memory.data<u8>([
  0, 1, 0, 0, 1, 2, 3, 2, 5, 5, 10, 4, 0, 0, 0, 0, 14, 3, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1, 0, 0, 18, 1, 0, 0, 0, 0, 19, 1,
  20, 1, 0, 0, 21, 1, 22, 2, 0, 0, 0, 0, 0, 0,
]);

/** The level that a word names, in any case; 0 for none. */
export function nameLevel(at: usize, size: usize): i32 {
  const first: u32 = (<u32>load<u8>(at) | 0x20) - 97;
  if (size < 3 || size > 13 || first > 25) {
    return 0;
  }
  let name = names + ((<usize>load<u8>(index + (first << 1))) << 4);
  for (let left: u32 = load<u8>(index + (first << 1) + 1); left > 0; left--) {
    if (load<u8>(name) === size && isName(at, name + 2, size)) {
      return load<u8>(name + 1);
    }
    name += 16;
  }
  return 0;
}

function isName(at: usize, name: usize, size: usize): bool {
  for (let n: usize = 1; n < size; n++) {
    if ((load<u8>(at + n) | 0x20) !== load<u8>(name + n)) {
      return false;
    }
  }
  return true;
}

export function isWord(byte: u32): bool {
  return (byte | 0x20) - 97 < 26 || byte - 48 < 10 || byte === 95;
}

export function isSpace(byte: u32): bool {
  return byte === 0x20 || byte - 9 < 5;
}
