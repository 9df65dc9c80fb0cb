// What goes over the live stream's websocket, both ways, version 1. Knows bytes and JSON only: server, page and `forebay tail` import it.
// Where the events come from is the hub's business, what they look like the reader's.
//
// GET  /session  → 200 {"tokenNeeded": boolean, "authenticated": boolean}
// POST /login    ← {"token": "…"} → 204 and a cookie, 401 (no such token), 429 (too many tries; Retry-After)
// GET  /live     → the websocket. 401 before the upgrade where a token is needed and neither cookie nor `Authorization: Bearer` has one.
//
// The server opens with the text message `hello`. Nothing more comes until the client has sent `start`. Then come binary messages, each a
// frame, and now and then (at least every 5 s) the text message `state`. A client that answers no ping for a minute is closed.
//
// A frame is a head, and blocks up to its end; integers are big-endian:
//
//   head    u8 version | u8 kind (1) | u48 dropped | u32 size of all that follows
//   block   u32 size of what follows in this block | u48 position | u48 seq | u32 count | u48 arrived, ms since the epoch
//           | u16 size of place | u32 size of tag | place | tag | entries, up to the block's end
//   place   u8 flags (1 unmatched, 2 has a label, 4 has a name) | u16 port | label, if it has one | listener | address | name, if it has
//           one; each of these is u16 size and UTF-8
//
// `entries` is the msgpack run of [time, record] of a Batch, byte for byte. `position` numbers the events of this stream without gaps, in
// the order in which the server took them: the next block has position + count, or more where events were dropped in between. `dropped`
// says how many this reader lost right before the frame's first block (a frame may have no block, only that); for a reader without
// `match` it equals the gap in the positions. `seq` is Batch.seq: the same event in two labels has one seq and two positions.

export const protocolVersion = 1;
export const livePath = '/live';
export const loginPath = '/login';
export const sessionPath = '/session';

/** Bytes before the first block of a frame, and those of a block before its place. */
export const frameHeadSize = 12;
const blockHeadSize = 32;

const kindBlocks = 1;
const flagUnmatched = 1;
const flagLabel = 2;
const flagName = 4;
/** Each text of a place is cut to this many bytes. */
const longestText = 4096;

/** Opens the stream. */
export interface Hello {
  readonly type: 'hello';
  readonly version: number;
  /** Names this run of the server: positions of another stream mean nothing here. */
  readonly stream: string;
  readonly node: string;
  readonly title: string;
  /** Ms since the epoch. */
  readonly serverTime: number;
  /** The oldest event that is still held, and the one that comes next; equal where there is none. */
  readonly oldest: number;
  readonly next: number;
  /** How many bytes the server holds at most. */
  readonly memorySize: number;
}

/** How the server is. */
export interface State {
  readonly type: 'state';
  readonly serverTime: number;
  readonly oldest: number;
  readonly next: number;
  /** Sentences that name the outputs which hold the inputs. */
  readonly holding: readonly string[];
}

/** What the client asked for cannot be; the connection stays. */
export interface Refusal {
  readonly type: 'error';
  readonly code: 'MATCH_INVALID';
  readonly text: string;
}

export type ServerMessage = Hello | State | Refusal;

/** Send events. Sent again, it moves the reader: this is how a client goes on after a pause. */
export interface Start {
  readonly op: 'start';
  /** The first position wanted; 'now': only what is yet to come. Without it, all that is held. What is held no more is counted as dropped. */
  readonly since?: number | 'now';
  /** The stream that `since` was counted in. Where it is another one, all that is held is sent. */
  readonly stream?: string;
  /** A tag pattern (without regular expressions): only batches with such tags. */
  readonly match?: string;
}

/** Send no more events until the next `start`. */
export interface Pause {
  readonly op: 'pause';
}

export type ClientMessage = Start | Pause;

/** How a batch came here. */
export interface Place {
  /** The label whose match took the events; undefined at the top level. */
  readonly label: string | undefined;
  /** Whether a match took them. */
  readonly matched: boolean;
  /** The id of the input. */
  readonly listener: string;
  /** IP address, a socket's path, or ''. */
  readonly address: string;
  /** 0 where there is none. */
  readonly port: number;
  /** The authenticated name of the peer, where it has one. */
  readonly name: string | undefined;
}

/** What a block says of its events, beside where they came from. */
export interface BlockNumbers {
  readonly position: number;
  readonly seq: number;
  readonly count: number;
  /** Ms since the epoch. */
  readonly arrived: number;
}

/** A batch as a reader gets it. `tag` and `entries` are views of the frame. */
export interface FrameBlock extends BlockNumbers {
  readonly place: Place;
  readonly tag: Uint8Array;
  readonly entries: Uint8Array;
}

export interface Frame {
  /** Events that this reader lost before the first block. */
  readonly dropped: number;
  readonly blocks: readonly FrameBlock[];
}

export function encodePlace({ label, matched, listener, address, port, name }: Place): Uint8Array {
  const texts = [label, listener, address, name].filter((text) => text !== undefined).map(shortText);
  const bytes = new Uint8Array(3 + texts.reduce((sum, text) => sum + 2 + text.length, 0));
  const view = new DataView(bytes.buffer);
  bytes[0] =
    (matched ? 0 : flagUnmatched) | (label === undefined ? 0 : flagLabel) | (name === undefined ? 0 : flagName);
  view.setUint16(1, port);
  let at = 3;
  for (const text of texts) {
    view.setUint16(at, text.length);
    bytes.set(text, at + 2);
    at += 2 + text.length;
  }
  return bytes;
}

/** Bytes of a block with these parts. */
export function blockSize(placeSize: number, tagSize: number, entriesSize: number): number {
  return blockHeadSize + placeSize + tagSize + entriesSize;
}

/** Writes a block to `at`, where there is room for `blockSize` bytes; returns where it ends. `place` is of `encodePlace`. */
export function writeBlock(
  into: DataView<ArrayBuffer>,
  at: number,
  numbers: BlockNumbers,
  place: Uint8Array,
  tag: Uint8Array,
  entries: Uint8Array,
): number {
  const size = blockSize(place.length, tag.length, entries.length);
  into.setUint32(at, size - 4);
  setUint48(into, at + 4, numbers.position);
  setUint48(into, at + 10, numbers.seq);
  into.setUint32(at + 16, numbers.count);
  setUint48(into, at + 20, numbers.arrived);
  into.setUint16(at + 26, place.length);
  into.setUint32(at + 28, tag.length);
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  let next = at + blockHeadSize;
  for (const part of [place, tag, entries]) {
    bytes.set(part, next);
    next += part.length;
  }
  return next;
}

/** The head of a frame whose blocks have `size` bytes. */
export function frameHead(dropped: number, size: number): Uint8Array {
  const head = new Uint8Array(frameHeadSize);
  const view = new DataView(head.buffer);
  view.setUint8(0, protocolVersion);
  view.setUint8(1, kindBlocks);
  setUint48(view, 2, dropped);
  view.setUint32(8, size);
  return head;
}

/** Where the block at `at` ends, how many events it has, and its tag: for those who pass blocks on without reading them. */
export function blockEnd(view: DataView, at: number): number {
  return at + 4 + view.getUint32(at);
}
export function blockPosition(view: DataView, at: number): number {
  return getUint48(view, at + 4);
}
export function blockCount(view: DataView, at: number): number {
  return view.getUint32(at + 16);
}
export function blockTag(view: DataView, at: number): Uint8Array {
  const from = at + blockHeadSize + view.getUint16(at + 26);
  return new Uint8Array(view.buffer, view.byteOffset + from, view.getUint32(at + 28));
}

/** How many events a frame says were lost before it; 0 where it is none. */
export function frameDropped(bytes: Uint8Array): number {
  return bytes.length < frameHeadSize || bytes[0] !== protocolVersion
    ? 0
    : getUint48(new DataView(bytes.buffer, bytes.byteOffset), 2);
}

/** Walks over the blocks of a frame without making anything of them. */
export class FrameCursor {
  position = 0;
  seq = 0;
  count = 0;
  arrived = 0;
  /** Where place, tag and entries begin, and where the last two end. */
  placeAt = 0;
  tagAt = 0;
  tagEnd = 0;
  entriesAt = 0;
  end = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** False where the bytes are no frame of this version, or not whole. */
  open(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (
      bytes.length < frameHeadSize ||
      view.getUint8(0) !== protocolVersion ||
      view.getUint8(1) !== kindBlocks ||
      view.getUint32(8) !== bytes.length - frameHeadSize
    ) {
      return false;
    }
    this.#view = view;
    this.end = frameHeadSize;
    return true;
  }

  /** The next block; false behind the last one, and where the rest is none: `isAtEnd` says which. */
  next(): boolean {
    const view = this.#view;
    const at = this.end;
    if (view.byteLength - at < blockHeadSize) {
      return false;
    }
    const end = blockEnd(view, at);
    const placeAt = at + blockHeadSize;
    const tagAt = placeAt + view.getUint16(at + 26);
    const entriesAt = tagAt + view.getUint32(at + 28);
    if (end > view.byteLength || entriesAt > end) {
      return false;
    }
    this.position = getUint48(view, at + 4);
    this.seq = getUint48(view, at + 10);
    this.count = view.getUint32(at + 16);
    this.arrived = getUint48(view, at + 20);
    this.placeAt = placeAt;
    this.tagAt = tagAt;
    this.tagEnd = entriesAt;
    this.entriesAt = entriesAt;
    this.end = end;
    return true;
  }

  get isAtEnd(): boolean {
    return this.end === this.#view.byteLength;
  }
}

/** Walks over a frame block by block, or run by run (frame-order.ts). */
export type FrameWalk = Pick<FrameCursor, keyof FrameCursor>;

/** Reads a frame; undefined where the bytes are none of this version, or not whole. */
export function readFrame(bytes: Uint8Array, cursor: FrameWalk = new FrameCursor()): Frame | undefined {
  if (!cursor.open(bytes)) {
    return undefined;
  }
  const blocks: FrameBlock[] = [];
  let last: FrameBlock | undefined;
  let lastPlace: Uint8Array | undefined;
  while (cursor.next()) {
    // Most blocks of a frame come from the same place: its texts are decoded once.
    const placeBytes: Uint8Array = bytes.subarray(cursor.placeAt, cursor.tagAt);
    const place: Place | undefined =
      last !== undefined && lastPlace !== undefined && sameBytes(lastPlace, placeBytes)
        ? last.place
        : readPlace(placeBytes);
    if (place === undefined) {
      return undefined;
    }
    last = {
      position: cursor.position,
      seq: cursor.seq,
      count: cursor.count,
      arrived: cursor.arrived,
      place,
      tag: bytes.subarray(cursor.tagAt, cursor.tagEnd),
      entries: bytes.subarray(cursor.entriesAt, cursor.end),
    };
    lastPlace = placeBytes;
    blocks.push(last);
  }
  return cursor.isAtEnd ? { dropped: frameDropped(bytes), blocks } : undefined;
}

/** What a client said; undefined where it is nothing that a client may say. */
export function readClientMessage(text: string): ClientMessage | undefined {
  const message = readObject(text);
  if (message?.['op'] === 'pause') {
    return { op: 'pause' };
  }
  if (message?.['op'] !== 'start') {
    return undefined;
  }
  const { since, stream, match } = message;
  if (
    (since !== undefined && since !== 'now' && !(Number.isSafeInteger(since) && Number(since) >= 0)) ||
    (stream !== undefined && typeof stream !== 'string') ||
    (match !== undefined && typeof match !== 'string')
  ) {
    return undefined;
  }
  return {
    op: 'start',
    ...(since === undefined ? {} : { since: since as number | 'now' }),
    ...(stream === undefined ? {} : { stream }),
    ...(match === undefined ? {} : { match }),
  };
}

/** What the server said; undefined where a client of this version cannot know it (it passes over that). */
export function readServerMessage(text: string): ServerMessage | undefined {
  const message = readObject(text);
  return message?.['type'] === 'hello' || message?.['type'] === 'state' || message?.['type'] === 'error'
    ? (message as unknown as ServerMessage)
    : undefined;
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

export function readPlace(bytes: Uint8Array): Place | undefined {
  if (bytes.length < 3) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(0);
  const texts: string[] = [];
  const wanted = 2 + ((flags & flagLabel) === 0 ? 0 : 1) + ((flags & flagName) === 0 ? 0 : 1);
  let at = 3;
  for (let n = 0; n < wanted; n++) {
    const end = at + 2 <= bytes.length ? at + 2 + view.getUint16(at) : bytes.length + 1;
    if (end > bytes.length) {
      return undefined;
    }
    texts.push(utf8.decode(bytes.subarray(at + 2, end)));
    at = end;
  }
  const label = (flags & flagLabel) === 0 ? undefined : texts.shift();
  const [listener = '', address = '', name] = texts;
  return { label, matched: (flags & flagUnmatched) === 0, listener, address, port: view.getUint16(1), name };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function shortText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text.length > longestText ? text.slice(0, longestText) : text);
  return bytes.length > longestText ? bytes.subarray(0, longestText) : bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) {
    return false;
  }
  for (let n = 0; n < a.length; n++) {
    if (a[n] !== b[n]) {
      return false;
    }
  }
  return true;
}

function setUint48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 2, value % 0x1_0000_0000);
}

function getUint48(view: DataView, at: number): number {
  return view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2);
}
