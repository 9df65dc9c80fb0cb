// Where a value ends, and moving bytes down. The specification is skip.ts of the TypeScript side, which is asked about whatever is cut,
// broken or deeply nested.

/** A value with more arrays and maps in it is left to the TypeScript side, so that no depth need be counted here. */
const mostContainers: i32 = 512;

/** The position behind the value at `start`; 0 where it is not whole before `end`, or is one to ask about. */
export function valueEnd(start: usize, end: usize): usize {
  let at = start;
  let left: usize = 1;
  let containers = 0;
  do {
    if (at >= end) {
      return 0;
    }
    const type: u32 = load<u8>(at);
    left--;
    if (type - 0xa0 < 0x20) {
      at += 1 + (type & 0x1f);
    } else if (type === 0xd9) {
      at += 2 + <usize>load<u8>(at + 1);
    } else if (type < 0x80 || type >= 0xe0) {
      at++;
    } else if (type < 0xa0) {
      left += type < 0x90 ? (type & 0x0f) << 1 : type & 0x0f;
      at++;
      containers++;
    } else {
      let size: usize = 0;
      switch (type) {
        case 0xc0:
        case 0xc2:
        case 0xc3:
          size = 1;
          break;
        case 0xcc:
        case 0xd0:
          size = 2;
          break;
        case 0xcd:
        case 0xd1:
          size = 3;
          break;
        case 0xca:
        case 0xce:
        case 0xd2:
          size = 5;
          break;
        case 0xcb:
        case 0xcf:
        case 0xd3:
          size = 9;
          break;
        case 0xc4:
          size = 2 + <usize>load<u8>(at + 1);
          break;
        case 0xc5:
        case 0xda:
          size = 3 + <usize>bswap(load<u16>(at + 1));
          break;
        case 0xc6:
        case 0xdb:
          size = bswap(load<u32>(at + 1));
          if (size > end - at) {
            return 0;
          }
          size += 5;
          break;
        case 0xd4:
        case 0xd5:
        case 0xd6:
        case 0xd7:
        case 0xd8:
          if (load<u8>(at + 1) !== 0) {
            return 0;
          }
          size = 2 + (1 << (type - 0xd4));
          break;
        case 0xc7:
          if (load<u8>(at + 2) !== 0) {
            return 0;
          }
          size = 3 + <usize>load<u8>(at + 1);
          break;
        case 0xdc:
        case 0xde: {
          const children = <usize>bswap(load<u16>(at + 1));
          left += children << (type === 0xde ? 1 : 0);
          size = 3;
          containers++;
          break;
        }
        case 0xdd:
        case 0xdf: {
          const children = <usize>bswap(load<u32>(at + 1));
          if (children > end - at) {
            return 0;
          }
          left += children << (type === 0xdf ? 1 : 0);
          size = 5;
          containers++;
          break;
        }
        default:
          return 0;
      }
      at += size;
    }
  } while (left > 0);
  return at > end || containers > mostContainers ? 0 : at;
}

/** Whether a value with this first byte is a map. */
export function isMap(type: u32): bool {
  return type - 0x80 < 0x10 || (type & 0xfe) === 0xde;
}

/** Moves the bytes from `start` to `end` down to `to`, which lies before them; not a byte more is written. */
export function moveDown(to: usize, start: usize, end: usize): void {
  const length = end - start;
  if (length < 16) {
    for (let i: usize = 0; i < length; i++) {
      store<u8>(to + i, load<u8>(start + i));
    }
    return;
  }
  // The last sixteen are read before what is written reaches them.
  const last = v128.load(end - 16);
  for (let i: usize = 0; i + 16 < length; i += 16) {
    v128.store(to + i, v128.load(start + i));
  }
  v128.store(to + length - 16, last);
}
