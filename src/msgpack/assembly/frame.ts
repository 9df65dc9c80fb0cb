// Where a call leaves what it found, beside what it returns: places of 32 bits that the caller reads afterwards.

/** The first of eight places. */
export const frame: usize = memory.data(32, 16);

export function setResult(place: i32, value: usize): void {
  store<u32>(frame + (place << 2), <u32>value);
}

/** Room for the text that precedes each record, and for the places in it that change from event to event. */
export const headRoom: usize = memory.data(16384, 16);
export const patchRoom: usize = memory.data(32 * 8, 16);
