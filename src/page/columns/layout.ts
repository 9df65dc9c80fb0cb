// Where things stand in the memory that the columns and both kernels share.

/** Below it the WebAssembly module has its own data. */
const begin = 64 * 1024;

/** Numbers of 32 bits that `scan` reads and writes, in this order. */
export const context = begin;
export const contextFields = [
  'count',
  'capacity',
  'used',
  'limit',
  'offsets',
  'seconds',
  'nanos',
  'shapes',
  'origins',
  'levels',
  'flags',
  'origin',
  'slots',
  'slotSize',
  'candidates',
  'at',
  'longest',
  'asks',
] as const;
export type ContextField = (typeof contextFields)[number];

/** What a text is looked for with. */
export const needleAt = begin + 4096;
export const longestNeedle = 1024;

/** Events of a block at most. Bits of a block: what was found, what may be, what is asked for, what is counted. */
const largestBlock = 8192;
export const bitsAt = begin + 8192;
export const maybeAt = bitsAt + largestBlock / 8;
export const withinAt = maybeAt + largestBlock / 8;
export const rowsAt = withinAt + largestBlock / 8;

/** For each origin the four shapes that its events had last. */
export const mostOrigins = 32_768;
export const candidatesAt = begin + 64 * 1024;
export const candidatesSize = 8;

/** A byte for each shape or origin: what a search says of it; the lane of the histogram that an origin is in. */
export const answersAt = candidatesAt + mostOrigins * candidatesSize;
export const lanesAt = answersAt + mostOrigins;

/** A shape: u32 bytes before the line, u32 bytes behind it, u8 level (255: the line says it), u8 whether each event is looked at; the bytes. */
export const slotsAt = 512 * 1024;
export const slotSize = 1024;
export const slotHead = 16;
export const mostShapes = 8192;

/** Frames are put here. */
export const inputAt = slotsAt + mostShapes * slotSize;
export const inputSize = 4 * 1024 * 1024;

/** Runs of events of one second and lane: u32 lane, u32 second, u32 for each kind of level. */
export const runSize = 20;
export const runsAt = inputAt + inputSize;

/** Tallies: u32 for each shape, origin and level. */
const mostTallies = 8;
export const tallyOrigins = 4 * mostShapes;
export const tallyLevels = tallyOrigins + 4 * mostOrigins;
export const tallySize = tallyLevels + 32;
export const talliesAt = runsAt + largestBlock * runSize;

export const slabsAt = Math.ceil((talliesAt + mostTallies * tallySize) / 65_536) * 65_536;
/** Bytes behind the last slab that may be read, and are nobody's. */
export const slack = 64 * 1024;

/** What `scan` says: all taken; no room in the block; an event that it leaves to who called. */
export const scanned = { done: 0, full: 1, slow: 2 } as const;

/** Of an event: its time is an EventTime; its text is not what its bytes say (colours); its level is still to be found. */
export const fine = 1;
export const odd = 2;
export const ask = 4;
/** It is a piece that another stands for; it stands for pieces; it came late; it says what is missing; all of it is kept, not its line alone. */
export const folded = 8;
export const joined = 16;
export const late = 32;
export const marked = 64;
export const plain = 128;

/** A level that the line says, not the shape. */
export const levelOfLine = 255;
