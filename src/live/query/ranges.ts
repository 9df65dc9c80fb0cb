// Sets of characters as ranges of their codes (UTF-16): those that regular expressions have names for, and what is made of them.

/** Codes from .. to, both included, in pairs. */
export type Ranges = readonly number[];

export const topCode = 0xffff;
export const digits: Ranges = [48, 57];
export const wordRanges: Ranges = [48, 57, 65, 90, 95, 95, 97, 122];
export const spaces: Ranges = [
  9, 13, 32, 32, 160, 160, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000,
  0x3000, 0xfeff, 0xfeff,
];
export const lineEnds: Ranges = [10, 10, 13, 13, 0x2028, 0x2029];

export function one(code: number): Ranges {
  return [code, code];
}

export function isOne(ranges: Ranges): boolean {
  return ranges.length === 2 && ranges[0] === ranges[1];
}

/** Ascending, without overlap. */
export function normal(ranges: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (let n = 0; n < ranges.length; n += 2) {
    pairs.push([ranges[n] as number, ranges[n + 1] as number]);
  }
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [from, to] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && from <= (merged[last] as number) + 1) {
      merged[last] = Math.max(merged[last] as number, to);
    } else {
      merged.push(from, to);
    }
  }
  return merged;
}

export function inverse(ranges: Ranges): Ranges {
  const result: number[] = [];
  let from = 0;
  const set = normal(ranges);
  for (let n = 0; n < set.length; n += 2) {
    if ((set[n] as number) > from) {
      result.push(from, (set[n] as number) - 1);
    }
    from = (set[n + 1] as number) + 1;
  }
  if (from <= topCode) {
    result.push(from, topCode);
  }
  return result;
}

/** Ranges larger than this hold both cases of nearly everything already. */
const largeRange = 3000;

/** With the other case of all that it holds. */
export function folded(ranges: Ranges): Ranges {
  const result = [...ranges];
  for (let n = 0; n < ranges.length; n += 2) {
    const from = ranges[n] as number;
    const to = ranges[n + 1] as number;
    for (let code = from; code <= to && to - from < largeRange; code++) {
      const char = String.fromCharCode(code);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        if (other.length === 1 && other !== char && other.charCodeAt(0) < 128 === code < 128) {
          result.push(other.charCodeAt(0), other.charCodeAt(0));
        }
      }
    }
  }
  return normal(result);
}
