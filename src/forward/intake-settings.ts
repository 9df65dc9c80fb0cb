// What is the same for all messages of a listener, and what one message may come to: what intake.ts, which reads them, is given and answers.
import type { ByteBudget } from '../core/byte-budget.ts';
import type { ReadWindow } from '../core/read-window.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { SmallInflater } from './inflate.ts';
import type { TagReader } from './tag-reader.ts';

export type CloseReason =
  | 'FORWARD_OPTION_INVALID'
  | 'FORWARD_MALFORMED'
  | 'FORWARD_INFLATE_BROKEN'
  | 'FORWARD_INFLATE_RATIO'
  | 'FORWARD_INFLATE_TOO_LARGE';

/** What a message did: `done`, or why the connection is to be closed. */
export type Verdict = 'done' | CloseReason;

export type DropCode =
  | 'FORWARD_INVALID_EVENT'
  | 'FORWARD_TAG_TOO_LARGE'
  | 'FORWARD_ENTRIES_DROPPED'
  | 'FORWARD_NOT_LOGS';

/** What is done with all messages of a listener. */
export interface IntakeSettings {
  readonly window: ReadWindow;
  /** Works in the window's memory; undefined where its TypeScript twins serve. */
  readonly wasm?: Wasm | undefined;
  readonly tags: TagReader;
  readonly inflater: SmallInflater;
  readonly inflateLimit: number;
  /** More than 1 MiB may not be more than this many times what it is inflated from. */
  readonly inflateRatio: number;
  /** Events of one message. */
  readonly entriesLimit: number;
  /** Bytes of inflated entries that the process may hold at a time. */
  readonly inflateHeld: ByteBudget;
  /** Told of events that were dropped, and why. */
  dropped(code: DropCode, tag: string, count: number): void;
}
