// Which events of a block are asked for by what a column of small numbers says of each: 32 events at a time, whole words of bits. What it says
// of events outside the words' range does not matter.

/** Of levels: sixteen answers, of which what is not 0 is yes. */
export function pickLevels(levels: usize, from: u32, to: u32, answers: usize, bits: usize): void {
  const table = v128.load(answers);
  const none = i8x16.splat(0);
  for (let row: usize = from & ~31; row < <usize>to; row += 32) {
    const low = i8x16.ne(i8x16.swizzle(table, v128.load(levels + row)), none);
    const high = i8x16.ne(i8x16.swizzle(table, v128.load(levels + row, 16)), none);
    store<u32>(bits + (row >> 3), <u32>i8x16.bitmask(low) | ((<u32>i8x16.bitmask(high)) << 16));
  }
}

/** Of flags: those that have any of a mask. */
export function pickFlags(flags: usize, from: u32, to: u32, mask: u32, bits: usize): void {
  const wanted = i8x16.splat(<i8>mask);
  const none = i8x16.splat(0);
  for (let row: usize = from & ~31; row < <usize>to; row += 32) {
    const low = i8x16.ne(v128.and(v128.load(flags + row), wanted), none);
    const high = i8x16.ne(v128.and(v128.load(flags + row, 16), wanted), none);
    store<u32>(bits + (row >> 3), <u32>i8x16.bitmask(low) | ((<u32>i8x16.bitmask(high)) << 16));
  }
}

/** Of numbers of 16 bits, shapes or origins: a byte of answer for each, 1 is yes and 2 maybe; what is sure goes to `yes`, both to `maybe`. */
export function pickNumbers(column: usize, from: u32, to: u32, answers: usize, yes: usize, maybe: usize): void {
  for (let row: usize = from & ~31; row < <usize>to; row += 32) {
    const at = column + (row << 1);
    const first = load<u16>(at);
    let sure: u32 = 0;
    let open: u32 = 0;
    if (isUniform16(at, first)) {
      const answer: u32 = load<u8>(answers + first);
      sure = 0 - (answer & 1);
      open = 0 - ((answer >> 1) & 1);
    } else {
      for (let n: u32 = 0; n < 32; n++) {
        const answer: u32 = load<u8>(answers + load<u16>(at + ((<usize>n) << 1)));
        sure |= (answer & 1) << n;
        open |= ((answer >> 1) & 1) << n;
      }
    }
    store<u32>(yes + (row >> 3), sure);
    store<u32>(maybe + (row >> 3), sure | open);
  }
}

/** Whether 32 numbers of 16 bits are all this one. */
export function isUniform16(at: usize, number: u16): bool {
  const all = i16x8.splat(<i16>number);
  const differs = v128.or(
    v128.or(v128.xor(v128.load(at), all), v128.xor(v128.load(at, 16), all)),
    v128.or(v128.xor(v128.load(at, 32), all), v128.xor(v128.load(at, 48), all)),
  );
  return !v128.any_true(differs);
}
