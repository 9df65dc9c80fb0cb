// What a facet shows: the values of a field that the kept lines have, and how many lines there are of each.

export const facetNames = ['level', 'container', 'feed', 'source', 'tag'] as const;
export type FacetName = (typeof facetNames)[number];

export function isFacetName(name: string): name is FacetName {
  return (facetNames as readonly string[]).includes(name);
}

export interface FacetValue {
  readonly name: string;
  readonly color: number;
  /** Lines that pass the query, but for what it asks of this very field. */
  readonly count: number;
  /** All values beyond the bound: none that could be chosen. */
  readonly others: boolean;
}

export interface FacetList {
  readonly values: readonly FacetValue[];
  /** Values that are not listed. */
  readonly hidden: number;
  /** The largest count. */
  readonly most: number;
}

/** A field that a reader has made a facet. */
export interface PinnedList extends FacetList {
  readonly name: string;
  /** Percent of the kept events whose value has been read; the others are not counted yet. */
  readonly read: number;
}

export interface FacetLists extends Readonly<Record<FacetName, FacetList>> {
  readonly pinned: readonly PinnedList[];
}

export const noFacets: FacetLists = (() => {
  const none: FacetList = { values: [], hidden: 0, most: 0 };
  return { level: none, container: none, feed: none, source: none, tag: none, pinned: [] };
})();

/** More are not listed: nobody reads them, and the query finds them. */
export const mostListed: Readonly<Record<FacetName, number>> = {
  level: 10,
  container: 300,
  feed: 20,
  source: 20,
  tag: 100,
};

const colorCount = 18;

/** The same name has the same colour in every page and after every start (FNV-1a, mixed once more). */
export function colorOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < name.length; n++) {
    hash = Math.imul(hash ^ name.charCodeAt(n), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % colorCount;
}
