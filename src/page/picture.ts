// What the histogram draws.

/** Events by time and level of one feed; without a name those that no match took. */
export interface Lane {
  readonly name: string | undefined;
  /** For each bin three numbers: error and worse, warnings, the rest. */
  readonly counts: Float64Array;
}

/** A stretch in which something is missing, ms since the epoch. */
export interface Gap {
  readonly kind: 'away' | 'dropped';
  readonly from: number;
  readonly to: number;
}

export interface Picture {
  /** Seconds since the epoch, and of a bin. */
  readonly start: number;
  readonly step: number;
  /** Number of bins. */
  readonly length: number;
  readonly lanes: readonly Lane[];
  /** Events that are not drawn: their times are far from those of the others. */
  readonly outside: number;
}
