// The frames that workers relay, as they lie on their way between two processes: a byte for the viewer, then a frame of the live stream
// (protocol.ts), one behind the other.
import { type Batch, type Origin, tagFromBytes } from '../core/batch.ts';
import type { TapPlace } from './hub.ts';
import { frameHeadSize, readFrame } from './protocol.ts';

/** A frame holds some 256 KiB, and at most one batch of an input's read more. */
const largestFrame = 16 * 1024 * 1024;
const rootLabel = '@ROOT';

export type TakeRelayed = (viewer: number, batch: Batch, place: TapPlace) => void;

export class RelayFrames {
  readonly #take: TakeRelayed;
  #pending: Buffer[] = [];
  #length = 0;
  /** Bytes that the next frame has in all; 0 where its head is not there yet. */
  #wanted = 0;

  constructor(take: TakeRelayed) {
    this.#take = take;
  }

  /** Takes what came. False: it is not what a worker sends, and there is no sense in reading on. */
  push(bytes: Buffer): boolean {
    this.#pending.push(bytes);
    this.#length += bytes.length;
    while (this.#length >= Math.max(this.#wanted, 1 + frameHeadSize)) {
      const whole = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
      this.#pending = [whole];
      this.#wanted = 1 + frameHeadSize + whole.readUInt32BE(1 + 8);
      if (this.#wanted > largestFrame) {
        return false;
      }
      if (whole.length < this.#wanted) {
        return true;
      }
      if (!this.#frame(whole[0] as number, whole.subarray(1, this.#wanted))) {
        return false;
      }
      this.#pending = [whole.subarray(this.#wanted)];
      this.#length = whole.length - this.#wanted;
      this.#wanted = 0;
    }
    return true;
  }

  #frame(viewer: number, bytes: Uint8Array): boolean {
    const frame = readFrame(bytes);
    if (frame === undefined) {
      return false;
    }
    let origin: Origin | undefined;
    let from: unknown;
    for (const { place, tag, entries, count, seq, arrived } of frame.blocks) {
      const { listener, address, port, name, label, matched } = place;
      if (origin === undefined || from !== place) {
        origin = { listener, address, port, name };
        from = place;
      }
      this.#take(
        viewer,
        { tag: tagFromBytes(tag), entries, count, origin, seq, arrived, acks: undefined },
        { label: label ?? rootLabel, matched },
      );
    }
    return true;
  }
}
