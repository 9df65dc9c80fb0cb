// What page and worker say to each other. The worker has the connection, the columns and the search; the page has the rows on the screen and
// all that is around them.

import type { Hello } from '../live/protocol.ts';
import type { Completion } from '../live/query/complete.ts';
import type { Link } from './connection.ts';
import type { FacetLists } from './facet.ts';
import type { Held } from './held.ts';
import type { Gap, Picture } from './picture.ts';

export interface Keeping {
  readonly events: number;
  readonly bytes: number;
}

export type ToWorker =
  /** `address` is the page's own. */
  | { readonly op: 'start'; readonly address: string; readonly keeping: Keeping }
  | { readonly op: 'stop' | 'hurry' }
  /** The next update may come. */
  | { readonly op: 'more' }
  | { readonly op: 'keep'; readonly keeping: Keeping }
  /** The query, as text; what is shown from now on has this generation. The events down to `until` come first. */
  | {
      readonly op: 'filter';
      readonly text: string;
      readonly now: number;
      readonly generation: number;
      readonly until: number;
    }
  /** Fields that are facets beside the usual ones. */
  | { readonly op: 'facets'; readonly names: readonly string[] }
  /** Rows at the tail that the screen has room for, 0 where it does not follow. */
  | { readonly op: 'tail'; readonly rows: number }
  | { readonly op: 'rows'; readonly ids: readonly number[] }
  | { readonly op: 'ask'; readonly request: number; readonly what: Question };

export type Question =
  /** An event with all of its line. */
  | { readonly kind: 'whole'; readonly id: number }
  | { readonly kind: 'suggest'; readonly completion: Completion }
  /** The events of its container around one, whether they are shown or not. */
  | { readonly kind: 'context'; readonly id: number; readonly count: number }
  /** The first event that is shown and not before that second since the epoch. */
  | { readonly kind: 'at'; readonly second: number }
  /** The next event from one, up or down, that a query lets pass, whatever the query that is on. */
  | { readonly kind: 'hit'; readonly query: string; readonly from: number; readonly step: 1 | -1; readonly now: number }
  /** The event with that seq, where it is kept. */
  | { readonly kind: 'find'; readonly seq: number };

export interface Answers {
  readonly whole: Held | undefined;
  readonly suggest: readonly string[];
  readonly context: readonly Held[];
  readonly at: number | undefined;
  readonly hit: number | undefined;
  readonly find: number | undefined;
}

/** Which events of a block are shown: all of them where there are no bits. */
export interface BlockView {
  readonly first: number;
  readonly count: number;
  readonly shown: number;
  readonly bits: Uint32Array | undefined;
}

export interface Totals {
  /** Events per second. */
  readonly rate: number;
  /** Lines kept, let go, not received, shown. */
  readonly kept: number;
  readonly gone: number;
  readonly dropped: number;
  readonly shown: number;
  /** The query, '' where all are shown, and the ms that its search took. */
  readonly query: string;
  readonly took: number;
  /** Percent of the search; 100 where none runs. */
  readonly search: number;
  /** Bytes of memory. */
  readonly bytes: number;
  /** Why the page keeps less than it might: it has no WebAssembly. */
  readonly plain: boolean;
}

export interface Update {
  readonly op: 'update';
  readonly generation: number;
  /** Whether the view begins anew with these blocks. */
  readonly anew: boolean;
  readonly first: number;
  readonly next: number;
  readonly blocks: readonly BlockView[];
  readonly rows: readonly Held[];
  /** Events that look different now. */
  readonly touched: readonly Held[];
  readonly totals: Totals;
  readonly facets: FacetLists | undefined;
  readonly picture: { readonly picture: Picture | undefined; readonly gaps: readonly Gap[] } | undefined;
}

export type FromWorker =
  | Update
  | { readonly op: 'rows'; readonly rows: readonly Held[]; readonly missing: readonly number[] }
  | { readonly op: 'link'; readonly link: Link }
  | { readonly op: 'hello'; readonly hello: Hello }
  | { readonly op: 'holding'; readonly sentences: readonly string[] }
  | { readonly op: 'refused' }
  | { readonly op: 'answer'; readonly request: number; readonly answer: Answers[keyof Answers] };
