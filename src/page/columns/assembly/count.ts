// Counts the events of a block whose bit is set: by shape, origin and level into tables, and by second and lane as runs, 32 events at a time
// where they are alike. Events in a row often have the same shape, origin and second.
import { isUniform16 } from './pick';

/** Bytes of a run: lane, second, and events by how serious they are (error and worse, warnings, the rest), each of 32 bits. */
const runSize: usize = 20;

let run: usize = 0;
let lane: u32 = 0;
let second: u32 = 0;

/** Adds `by` to the number of its shape or origin for each event whose bit is set; the table has 32 bits for each. */
export function countNumbers(column: usize, from: u32, to: u32, bits: usize, by: i32, table: usize): void {
  for (let word: u32 = from >> 5; word << 5 < to; word++) {
    let left = load<u32>(bits + ((<usize>word) << 2));
    if (left === 0) {
      continue;
    }
    const at = column + ((<usize>word) << 6);
    const number = load<u16>(at + ((<usize>ctz(left)) << 1));
    if (isUniform16(at, number)) {
      add(table, number, <i32>popcnt(left) * by);
      continue;
    }
    while (left !== 0) {
      add(table, load<u16>(at + ((<usize>ctz(left)) << 1)), by);
      left &= left - 1;
    }
  }
}

/** The same for levels. */
export function countLevels(column: usize, from: u32, to: u32, bits: usize, by: i32, table: usize): void {
  for (let word: u32 = from >> 5; word << 5 < to; word++) {
    const at = column + ((<usize>word) << 5);
    const low = v128.load(at);
    const high = v128.load(at, 16);
    let left = load<u32>(bits + ((<usize>word) << 2));
    while (left !== 0) {
      const level = load<u8>(at + <usize>ctz(left));
      const own = ofLevel(low, high, level) & left;
      add(table, level, <i32>popcnt(own) * by);
      left &= ~own;
    }
  }
}

/**
 * Writes runs of events of one second and lane to `runs`, and returns how many; `lanes` has a byte for each origin. `runs` has room for as
 * many as there are events.
 */
export function countSeconds(
  seconds: usize,
  origins: usize,
  levels: usize,
  from: u32,
  to: u32,
  bits: usize,
  lanes: usize,
  runs: usize,
): u32 {
  run = runs - runSize;
  lane = 0xffffffff;
  for (let word: u32 = from >> 5; word << 5 < to; word++) {
    let left = load<u32>(bits + ((<usize>word) << 2));
    if (left === 0) {
      continue;
    }
    const row: usize = (<usize>word) << 5;
    const levelsAt = levels + row;
    const low = v128.load(levelsAt);
    const high = v128.load(levelsAt, 16);
    const warnings = ofLevel(low, high, 4);
    const errors = ofLevel(low, high, 5) | ofLevel(low, high, 6);
    const first: usize = <usize>ctz(left);
    const origin = load<u16>(origins + ((row + first) << 1));
    const time = load<u32>(seconds + ((row + first) << 2));
    if (isUniform16(origins + (row << 1), origin) && isUniform32(seconds + (row << 2), time)) {
      note(load<u8>(lanes + origin), time, left, errors, warnings);
      continue;
    }
    while (left !== 0) {
      const n: usize = <usize>ctz(left);
      const own = left & (0 - left);
      left &= left - 1;
      const another = load<u16>(origins + ((row + n) << 1));
      note(load<u8>(lanes + another), load<u32>(seconds + ((row + n) << 2)), own, errors, warnings);
    }
  }
  return <u32>((run + runSize - runs) / runSize);
}

/** Adds events of a word to the run, or to a new one. */
function note(ownLane: u32, ownSecond: u32, own: u32, errors: u32, warnings: u32): void {
  if (ownLane !== lane || ownSecond !== second) {
    lane = ownLane;
    second = ownSecond;
    run += runSize;
    store<u32>(run, lane);
    store<u32>(run, second, 4);
    store<u32>(run, 0, 8);
    store<u64>(run, 0, 12);
  }
  store<u32>(run, load<u32>(run, 8) + <u32>popcnt(own & errors), 8);
  store<u32>(run, load<u32>(run, 12) + <u32>popcnt(own & warnings), 12);
  store<u32>(run, load<u32>(run, 16) + <u32>popcnt(own & ~(errors | warnings)), 16);
}

function add(table: usize, number: u32, by: i32): void {
  const at = table + ((<usize>number) << 2);
  store<i32>(at, load<i32>(at) + by);
}

function ofLevel(low: v128, high: v128, level: u8): u32 {
  const all = i8x16.splat(<i8>level);
  return <u32>i8x16.bitmask(i8x16.eq(low, all)) | ((<u32>i8x16.bitmask(i8x16.eq(high, all))) << 16);
}

function isUniform32(at: usize, number: u32): bool {
  const all = i32x4.splat(number);
  const differs = v128.or(
    v128.or(
      v128.or(v128.xor(v128.load(at), all), v128.xor(v128.load(at, 16), all)),
      v128.or(v128.xor(v128.load(at, 32), all), v128.xor(v128.load(at, 48), all)),
    ),
    v128.or(
      v128.or(v128.xor(v128.load(at, 64), all), v128.xor(v128.load(at, 80), all)),
      v128.or(v128.xor(v128.load(at, 96), all), v128.xor(v128.load(at, 112), all)),
    ),
  );
  return !v128.any_true(differs);
}
