// One event as the rows and the details have it: its bytes, and what came with them. It stands for itself, also when the columns have let go
// of it.
import type { Place } from '../live/protocol.ts';

/** What the stream lacks at one place. */
export type Marker =
  | { readonly kind: 'dropped'; readonly count: number; readonly at: number }
  | { readonly kind: 'away'; readonly from: number; readonly to: number }
  | { readonly kind: 'restarted'; readonly at: number }
  | { readonly kind: 'unreadable'; readonly at: number };

export type PiecesState = 'open' | 'whole' | 'unfinished' | 'gaps';

/** A line that came in pieces. */
export interface Whole {
  readonly count: number;
  readonly state: PiecesState;
  /** Whether it is a stack trace, whose lines came one by one. */
  readonly isTrace: boolean;
  /** Of all pieces. */
  readonly bytes: number;
  /** The line, as much of it as was asked for. */
  readonly line: Uint8Array;
}

export interface Held {
  readonly id: number;
  /** `[time, record]`, empty for a marker. */
  readonly entry: Uint8Array;
  readonly tag: string;
  readonly place: Place;
  readonly seq: number;
  /** Ms since the epoch. */
  readonly arrived: number;
  /** Whether later events of the stream had come before it. */
  readonly late: boolean;
  readonly marker: Marker | undefined;
  readonly whole: Whole | undefined;
}
