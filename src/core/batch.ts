// What flows through the program: runs of events of one tag, still the msgpack bytes they came in as.
// Reading and writing those bytes is msgpack/'s business; who made them is the inputs'.

/** A tag as it was sent: its bytes (any bytes at all), and their text for matching and showing (U+FFFD where they are no UTF-8). */
export interface Tag {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** The tag of these bytes, which are kept as they are. */
export function tagFromBytes(bytes: Uint8Array): Tag {
  return { bytes, text: utf8.decode(bytes) };
}

/** The tag of this text. */
export function tagFromText(text: string): Tag {
  return { bytes: new TextEncoder().encode(text), text };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Who sent the events. `address` is an IP address, a socket's path, or '' where there is none; `port` is 0 where there is none. */
export interface Origin {
  /** The id of the input that took the events in. */
  readonly listener: string;
  readonly address: string;
  readonly port: number;
  /** The authenticated name of the peer, where it has one. */
  readonly name: string | undefined;
}

/**
 * Events of one tag in a row.
 *
 * `entries` is a run of msgpack `[time, record]` pairs, byte for byte the body of a PackedForward message: each is `0x92`, a time (an
 * integer of seconds, or ext type 0: EventTime) and a map. It is a view of the input's read window and valid only until `emit` returns:
 * whoever keeps it copies it. Nobody writes to it.
 */
export interface Batch {
  readonly tag: Tag;
  readonly entries: Uint8Array;
  /** Number of events in `entries`. */
  readonly count: number;
  readonly origin: Origin;
  /** Process-wide number of the first event; the engine sets it at emit. */
  seq: number;
  /** When the bytes were read, ms since the epoch. */
  readonly arrived: number;
  /** Chunk ids (each one msgpack value, as sent) that ask for an ack, or undefined. Never stored. */
  readonly acks: readonly Uint8Array[] | undefined;
  /** What the walk has seen of the times; means nothing where it is of other entries than the batch's. */
  readonly times?: KnownTimes | undefined;
}

/** The earliest and the latest second of a run of entries, since the epoch. */
export interface KnownTimes {
  readonly entries: Uint8Array;
  readonly first: number;
  readonly last: number;
  /** The memory that the entries stand in, which takes a call to ask for. */
  readonly buffer: ArrayBufferLike;
}

/**
 * Hands a batch on. Settles when every output that got the batch has taken charge of it; returns nothing where that is so already.
 * Rejects when an output could not: the batch is not acked then.
 */
export type Emit = (batch: Batch) => Promise<void> | undefined;
