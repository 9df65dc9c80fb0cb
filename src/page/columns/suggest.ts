// What a query that is being typed may go on with: fields, and values that the kept lines have. Looks at the newest lines when it is asked;
// of fields that are no facets nothing is counted in advance.
import type { Completion } from '../../live/query/complete.ts';
import type { EventSubject } from '../../live/query/event-subject.ts';
import { isOwnField, noLevel, ownFields } from '../../live/query/fields.ts';
import { levels } from '../../live/query/levels.ts';
import type { FacetName } from '../facet.ts';
import type { Columns } from './columns.ts';
import { facetLists } from './facets.ts';
import { folded, marked } from './layout.ts';
import type { Reading } from './reading.ts';
import type { Search } from './search.ts';

const mostSuggested = 12;
/** Lines that are looked at, those that always are, and ms that more may take. */
const mostLooked = 500;
const leastLooked = 60;
const time = 20;
/** Longer values are no help. */
const longest = 80;
const times = ['5m', '15m', '1h', '6h', '1d'];

interface Sources {
  readonly columns: Columns;
  readonly reading: Reading;
  readonly search: Search;
}

/** Sorted; names or values as they are. */
export function suggest(sources: Sources, { field, prefix }: Completion): string[] {
  const all = field === undefined ? namesIn(sources) : valuesIn(sources, field);
  const wanted = prefix.toLowerCase();
  const begin: string[] = [];
  const inside: string[] = [];
  for (const one of all) {
    const lowered = one.toLowerCase();
    if (one === prefix || one.length > longest) {
      continue;
    }
    if (lowered.startsWith(wanted)) {
      begin.push(one);
    } else if (field !== undefined && lowered.includes(wanted)) {
      inside.push(one);
    }
  }
  return [...begin, ...inside].slice(0, mostSuggested);
}

function namesIn(sources: Sources): readonly string[] {
  const found = sampled(sources, (subject) => subject.names());
  return [...ownFields, ...found.filter((name) => !isOwnField(name) && name !== 'log')];
}

function valuesIn(sources: Sources, field: string): readonly string[] {
  switch (field) {
    case 'level':
      return [...levels, noLevel];
    case 'since':
    case 'until':
      return times;
    case 'container':
    case 'source':
    case 'tag':
    case 'feed':
      return listed(sources, field);
    default:
      return sources.search.fields.values(field) ?? sampledValues(sources, field);
  }
}

function sampledValues(sources: Sources, field: string): string[] {
  return sampled(sources, (subject) => {
    const value = subject.field(field);
    return value === undefined || value === '' ? [] : [value];
  });
}

function listed({ columns, search }: Sources, name: FacetName): string[] {
  return facetLists(columns, search)[name].values.map((value) => value.name);
}

/** What the newest lines have, the most frequent first. */
function sampled({ columns, reading }: Sources, read: (subject: EventSubject) => readonly string[]): string[] {
  const counts = new Map<string, number>();
  const end = performance.now() + time;
  const last = Math.max(columns.first, columns.next - mostLooked);
  const sure = columns.next - leastLooked;
  for (let id = columns.next - 1; id >= last && (id >= sure || performance.now() < end); id--) {
    const where = columns.where(id);
    if (
      where !== undefined &&
      ((columns.memory.u8[where.block.at.flags + where.row] as number) & (marked | folded)) === 0
    ) {
      for (const one of read(reading.subject(where))) {
        counts.set(one, (counts.get(one) ?? 0) + 1);
      }
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}
