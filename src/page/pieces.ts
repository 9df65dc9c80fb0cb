// Docker cuts long lines into pieces of 16 KiB; this finds which pieces belong together. Three generations of its driver mark them in three
// ways: `partial_message` on every piece; on all but the last; with `partial_id`, `partial_ordinal` and `partial_last`. Nothing is thrown
// away: an end that never comes leaves a line that is marked so.

/** Lines in the making, at most: of more, the oldest is taken as it is. */
const mostOpen = 1000;
/** Pieces of one line, at most; what follows begins another. */
const mostPieces = 4096;
/** Ms without a further piece after which a line is taken as it is. */
const patience = 5000;

export interface Joined {
  /** The event that stands for the line. */
  readonly head: number;
  /** The events that it consists of, in order. */
  readonly events: number[];
  state: 'open' | 'whole' | 'unfinished' | 'gaps';
  /** Bytes of the first piece: where the first generation marks every piece, a shorter one is the end. */
  readonly full: number;
  touched: number;
  /** Whether the events are lines of their own, that one after the other make a stack trace. */
  readonly isTrace: boolean;
}

/** What an event says of itself. */
export interface PieceMarks {
  /** Of the second generation and later, else ''. */
  readonly id: string;
  readonly ordinal: number;
  readonly last: boolean;
  readonly partial: boolean;
  /** Container, stream and time: what pieces without an id have in common. */
  readonly source: string;
  /** Of the text. */
  readonly bytes: number;
}

export class Pieces {
  /** By the event that stands for the line. */
  readonly #lines = new Map<number, Joined>();
  /** Those whose end has not come, by what their pieces have in common; the one touched last stands last. */
  readonly #open = new Map<string, Joined>();
  /** Of those, the lines whose pieces have an id. */
  #named = 0;

  /** Whether an event without any mark may end a line: one whose pieces have no id. */
  get waiting(): boolean {
    return this.#unnamed > 0;
  }

  get #unnamed(): number {
    return this.#open.size - this.#named;
  }

  line(head: number): Joined | undefined {
    return this.#lines.get(head);
  }

  /** The line that the event belongs to; undefined where it is a line of its own. */
  take(event: number, marks: PieceMarks, now: number): Joined | undefined {
    const key = marks.id === '' ? `s ${marks.source}` : `${named}${marks.id}`;
    const open = this.#open.get(key);
    if (open === undefined && !marks.partial) {
      return undefined;
    }
    const line = open ?? this.#begin(event, marks);
    const gap = marks.id !== '' && marks.ordinal !== line.events.length + 1;
    line.events.push(event);
    line.touched = now;
    this.#close(key);
    if (gap && line.state === 'open') {
      line.state = 'gaps';
    }
    const ends = marks.id === '' ? !marks.partial || marks.bytes < line.full : marks.last;
    if (ends) {
      line.state = line.state === 'open' ? 'whole' : line.state;
    } else if (line.events.length >= mostPieces) {
      line.state = 'unfinished';
    } else {
      this.#open.set(key, line);
      this.#named += isNamed(key) ? 1 : 0;
      this.#bound();
    }
    return line;
  }

  /** An event that others are to be folded into. */
  trace(head: number): Joined {
    const line: Joined = { head, events: [head], state: 'whole', full: 0, touched: 0, isTrace: true };
    this.#lines.set(head, line);
    return line;
  }

  /** Folds an event into a trace; false where that is full. */
  adopt(line: Joined, event: number): boolean {
    if (line.events.length >= mostPieces) {
      return false;
    }
    line.events.push(event);
    return true;
  }

  #begin(event: number, marks: PieceMarks): Joined {
    const state = marks.id !== '' && marks.ordinal > 1 ? 'gaps' : 'open';
    const line: Joined = { head: event, events: [], state, full: marks.bytes, touched: 0, isTrace: false };
    this.#lines.set(event, line);
    return line;
  }

  #bound(): void {
    if (this.#open.size > mostOpen) {
      const [oldest] = this.#open;
      if (oldest !== undefined) {
        this.#give(oldest[0], oldest[1]);
      }
    }
  }

  #give(key: string, line: Joined): void {
    line.state = 'unfinished';
    this.#close(key);
  }

  #close(key: string): void {
    if (this.#open.delete(key) && isNamed(key)) {
      this.#named--;
    }
  }

  /** Takes lines as they are whose next piece has not come for too long; returns those. */
  expire(now: number): Joined[] {
    const expired: Joined[] = [];
    for (const [key, line] of this.#open) {
      if (now - line.touched < patience) {
        break;
      }
      this.#give(key, line);
      expired.push(line);
    }
    return expired;
  }

  /** Forgets lines whose first event is older than `oldest`, which is kept no more. */
  dropBefore(oldest: number): void {
    for (const head of this.#lines.keys()) {
      if (head < oldest) {
        this.#lines.delete(head);
      }
    }
    for (const [key, line] of this.#open) {
      if (line.head < oldest) {
        this.#close(key);
      }
    }
  }
}

const named = 'i ';

function isNamed(key: string): boolean {
  return key.startsWith(named);
}
