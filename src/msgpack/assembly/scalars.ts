// Values that are neither strings nor arrays or maps, as JSON.
import { setResult } from './frame';
import { writeFloat, writeInteger } from './numbers';

/**
 * Writes the value at `at`; at most 40 bytes. Returns where the text ends, and result 2 is where the value does; 0 where it is not whole before
 * `end`, or is one that is not written here.
 */
export function writeScalar(at: usize, end: usize, o: usize, oj: bool): usize {
  const type: u32 = load<u8>(at);
  const body = at + 1;
  if (type < 0x80 || type >= 0xe0) {
    setResult(2, body);
    return writeInteger(o, <u64>type - (type >= 0xe0 ? 256 : 0), type >= 0xe0);
  }
  if (type <= 0xc3) {
    setResult(2, body);
    if (type === 0xc2) {
      store<u64>(o, 0x65736c6166); // false
      return o + 5;
    }
    store<u32>(o, type === 0xc0 ? 0x6c6c756e : 0x65757274); // null, true
    return type === 0xc1 ? 0 : o + 4;
  }
  if (type >= 0xca && type <= 0xd3) {
    const size: usize = type < 0xcc ? 4 << (type & 1) : 1 << (type & 3);
    if (size >= end - at) {
      return 0;
    }
    setResult(2, body + size);
    if (type < 0xcc) {
      const single = <f64>reinterpret<f32>(bswap(load<u32>(body)));
      return writeFloat(o, type === 0xcb ? reinterpret<f64>(bswap(load<u64>(body))) : single, oj);
    }
    // The bytes stand in the upper end of the word.
    const shift = 64 - ((<u64>size) << 3);
    const word = bswap(load<u64>(body));
    const value = type >= 0xd0 ? <u64>(<i64>word >> shift) : word >> shift;
    return writeInteger(o, value, type >= 0xd0);
  }
  if (type === 0xd7 && end - at >= 10 && load<u8>(body) === 0) {
    setResult(2, at + 10);
    return writeInteger(o, bswap(load<u32>(at + 2)), false); // an EventTime: its seconds
  }
  return 0;
}
