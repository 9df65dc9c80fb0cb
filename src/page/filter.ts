// The query of the page: what was typed, what it means, and what of a row it has found. The language is live/query's.
import type { QueryNode, QueryProblem } from '../live/query/ast.ts';
import { Query } from '../live/query/compile.ts';
import { Marks } from '../live/query/marks.ts';
import { parseQuery } from '../live/query/parse.ts';

export interface Filter {
  /** Undefined where everything passes. */
  readonly node: QueryNode | undefined;
  readonly query: Query;
  readonly marks: Marks;
}

export function filterOf(node: QueryNode | undefined, now: number): Filter {
  return { node, query: new Query(node, now), marks: new Marks(node) };
}

export const noFilter: Filter = filterOf(undefined, 0);

/** Reads what a person typed. */
export function parseFilter(text: string, now = Date.now()): Filter | QueryProblem {
  const read = parseQuery(text);
  return read.ok ? filterOf(read.node, now) : read.problem;
}

export function isFilter(read: Filter | QueryProblem): read is Filter {
  return 'query' in read;
}

/** Where what the filter wants stands in a text: pairs of begin and end, ascending, without overlap; at most `most` pairs. */
export function hits(filter: Filter, text: string, most = 100): number[] {
  return filter.marks.in(text, most);
}
