// The memory that events are read from and text is written to, as the transcoders want it: whole buffers with absolute positions, so that
// no view is made per batch. Every read is checked against `end` by who reads, every write against `limit`.

/** What the transcoders return instead of the position behind a value. */
export const noRoom = -1;
/** The value is cut, is no msgpack, or is nested too deep. */
export const broken = -2;

/** Bytes that a transcoder may write behind `limit`: it checks the room once per value, not once per byte. */
export const slack = 64;

/** Bytes of events. */
export class ReadView {
  bytes: Uint8Array = new Uint8Array(0);
  data: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  buffer: ArrayBufferLike | undefined;

  /** Shows `entries`, which stand in `buffer`: from `start` to `end` of `bytes`. */
  set(entries: Uint8Array, buffer = entries.buffer): void {
    this.setRange(entries, 0, entries.byteLength, buffer);
  }

  /** Shows what stands between `from` and `to` of `part`. */
  setRange(part: Uint8Array, from: number, to: number, buffer = part.buffer): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.bytes = new Uint8Array(buffer);
      this.data = new DataView(buffer);
    }
    this.start = part.byteOffset + from;
    this.end = part.byteOffset + to;
  }

  /** Lets go of the memory. */
  forget(): void {
    this.set(empty);
  }
}

const empty = new Uint8Array(0);

/** Bytes of text in the making. */
export class WriteView {
  bytes: Uint8Array = empty;
  data: DataView = new DataView(empty.buffer);
  /** The buffer that they are in, and where they begin in it. */
  buffer: ArrayBufferLike = empty.buffer;
  base = 0;
  /** Where the next byte goes. */
  at = 0;
  /** Where a value may begin at the latest; `slack` bytes follow it. */
  limit = 0;

  /** Writes into `bytes`, from `used` on. */
  set(bytes: Uint8Array, used: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.buffer = bytes.buffer;
      this.base = bytes.byteOffset;
    }
    this.at = used;
    this.limit = bytes.byteLength - slack;
  }

  /** Lets go of the memory. */
  forget(): void {
    this.set(empty, 0);
  }

  /** Appends the bytes from `start` to `stop` of `bytes`; false where they do not fit. */
  copy(bytes: Uint8Array, start: number, stop: number): boolean {
    const length = stop - start;
    if (this.at + length > this.limit) {
      return false;
    }
    if (length > 48) {
      this.bytes.set(bytes.subarray(start, stop), this.at);
    } else {
      for (let i = 0; i < length; i++) {
        this.bytes[this.at + i] = bytes[start + i] as number;
      }
    }
    this.at += length;
    return true;
  }

  /** Appends a text that is all ASCII; false where it does not fit. */
  ascii(text: string): boolean {
    if (this.at + text.length > this.limit) {
      return false;
    }
    for (let i = 0; i < text.length; i++) {
      this.bytes[this.at++] = text.charCodeAt(i);
    }
    return true;
  }
}
