// One reader of the live stream: where it is, what it lost, and frames of what comes next, in pieces that lie in the hub's memory. Sending
// them is live-socket.ts's business.
import { blockCount, blockEnd, blockPosition, blockTag, frameHead } from './protocol.ts';
import type { Segment, Segments } from './segments.ts';

/** About this many bytes make a frame. */
export const frameSize = 256 * 1024;

export interface OutFrame {
  /** The head, then runs of blocks. */
  readonly parts: readonly Uint8Array[];
  readonly size: number;
  /** Events that the reader lost before these. */
  readonly dropped: number;
  /** To be called when the bytes have been sent: their memory may be used anew then. */
  done(): void;
}

/** Whether a reader wants the events of a tag. */
export type Wanted = (tag: Uint8Array) => boolean;

export interface ReaderSettings {
  /** A reader that was up to date once and is behind by more bytes than this loses the oldest. */
  readonly backlogSize: number;
  /** Something has come that this reader has not seen; called at most once until it takes a frame. */
  wake(): void;
}

export class Reader {
  readonly #segments: Segments;
  readonly #settings: ReaderSettings;
  #segment: Segment;
  #offset: number;
  /** The position behind the last event that was seen or lost. */
  #position: number;
  #dropped = 0;
  #wanted: Wanted | undefined;
  #started = false;
  #upToDate = false;

  constructor(segments: Segments, settings: ReaderSettings) {
    this.#segments = segments;
    this.#settings = settings;
    this.#segment = segments.last;
    this.#offset = segments.last.used;
    this.#position = segments.next;
  }

  /** Whether there is something to send. */
  get ready(): boolean {
    return this.#started && this.pending > 0;
  }

  /** Bytes that it has not seen. */
  get pending(): number {
    return this.#segments.bytes - this.#segment.startByte - this.#offset;
  }

  wake(): void {
    if (this.#started) {
      this.#settings.wake();
    }
  }

  /** From `since` on, or all that is held; what is held no more is lost to it. */
  start(since: number | 'now' | undefined, wanted: Wanted | undefined): void {
    const { first, last, next } = this.#segments;
    this.#started = true;
    this.#upToDate = since === 'now';
    this.#wanted = wanted;
    this.#dropped = 0;
    if (since === 'now') {
      this.#segment = last;
      this.#offset = last.used;
      this.#position = next;
      return;
    }
    this.#segment = first;
    this.#offset = 0;
    this.#position = since === undefined ? first.start : Math.min(since, next);
    if (this.#position < first.start) {
      // What tags these events had nobody knows any more, so they count as lost whatever was asked for.
      this.#dropped = first.start - this.#position;
      this.#position = first.start;
    } else {
      this.#seek();
    }
  }

  pause(): void {
    this.#started = false;
  }

  /** The next frame, or undefined where there is nothing to send. */
  take(): OutFrame | undefined {
    if (!this.#started) {
      return undefined;
    }
    this.#shed();
    for (;;) {
      const segment = this.#segment;
      const runs = this.#runs(segment);
      const dropped = this.#dropped;
      if (runs.length > 0 || (dropped > 0 && this.#atEnd)) {
        this.#dropped = 0;
        const size = runs.reduce((sum, run) => sum + run.length, 0);
        this.#segments.pin(segment);
        return {
          parts: [frameHead(dropped, size), ...runs],
          size,
          dropped,
          done: () => this.#segments.unpin(segment),
        };
      }
      if (this.#offset < segment.used) {
        continue;
      }
      if (segment.next === undefined) {
        this.#upToDate = true;
        return undefined;
      }
      this.#enter(segment.next);
    }
  }

  /** A segment goes: what this reader has not seen of it is lost. */
  evict(segment: Segment): void {
    if (this.#segment === segment && segment.next !== undefined) {
      this.#lose(segment);
      this.#enter(segment.next);
    }
  }

  get #atEnd(): boolean {
    return this.#offset === this.#segment.used && this.#segment.next === undefined;
  }

  /** Runs of blocks from here on, up to a frame's size. */
  #runs(segment: Segment): Uint8Array[] {
    const { view, bytes, used } = segment;
    const from = this.#offset;
    if (from === used) {
      return [];
    }
    const wanted = this.#wanted;
    if (wanted === undefined && used - from <= frameSize) {
      this.#move(used, segment.end);
      return [bytes.subarray(from, used)];
    }
    const runs: Uint8Array[] = [];
    let size = 0;
    let begin = from;
    let at = from;
    while (at < used && (size === 0 || size < frameSize)) {
      const end = blockEnd(view, at);
      const takes = wanted === undefined || wanted(blockTag(view, at));
      if (takes && size > 0 && size + end - at > frameSize) {
        break;
      }
      if (takes) {
        size += end - at;
      } else {
        if (begin < at) {
          runs.push(bytes.subarray(begin, at));
        }
        begin = end;
      }
      at = end;
    }
    if (begin < at) {
      runs.push(bytes.subarray(begin, at));
    }
    this.#move(at, at === used ? segment.end : blockPosition(view, at));
    return runs;
  }

  #move(offset: number, position: number): void {
    this.#offset = offset;
    this.#position = position;
  }

  /** Goes to the beginning of a segment; batches that were too large to be held are missing in front of it. */
  #enter(segment: Segment): void {
    this.#dropped += Math.max(0, segment.start - this.#position);
    this.#segment = segment;
    this.#move(0, Math.max(segment.start, this.#position));
  }

  /** Passes over the rest of a segment and counts what was wanted of it. */
  #lose(segment: Segment): void {
    const wanted = this.#wanted;
    if (!this.#started) {
      // Nobody waits for it; a client that goes on says from where.
    } else if (wanted === undefined) {
      this.#dropped += segment.end - this.#position;
    } else {
      for (let at = this.#offset; at < segment.used; at = blockEnd(segment.view, at)) {
        if (wanted(blockTag(segment.view, at))) {
          this.#dropped += blockCount(segment.view, at);
        }
      }
    }
    this.#move(segment.used, segment.end);
  }

  /** Who was up to date and fell behind too far loses the oldest. */
  #shed(): void {
    while (this.#upToDate && this.pending > this.#settings.backlogSize && this.#segment.next !== undefined) {
      this.#lose(this.#segment);
      this.#enter(this.#segment.next);
    }
  }

  /** Passes over whole blocks that lie before the position asked for. One that lies across it is sent whole. */
  #seek(): void {
    const position = this.#position;
    while (this.#segment.next !== undefined && this.#segment.end <= position) {
      this.#segment = this.#segment.next;
    }
    const { view, used, end } = this.#segment;
    let at = 0;
    while (at < used) {
      const next = blockEnd(view, at);
      if ((next === used ? end : blockPosition(view, next)) > position) {
        break;
      }
      at = next;
    }
    this.#offset = at;
    this.#dropped = 0;
    if (at === 0 && this.#segment.start > position) {
      this.#dropped = this.#segment.start - position;
      this.#position = this.#segment.start;
    } else if (at < used) {
      this.#position = blockPosition(view, at);
    }
  }
}
