// What a query that is being typed may go on with: fields, and values that the kept lines have. Looks at the newest lines when it is asked;
// nothing is counted in advance.
import type { Completion } from '../live/query/complete.ts';
import { isOwnField, noLevel, ownFields } from '../live/query/fields.ts';
import { levels } from '../live/query/levels.ts';
import { isFolded, markerOf } from './store.ts';
import type { Stream } from './stream.ts';
import type { Values } from './values.ts';

const mostSuggested = 12;
/** Lines that are looked at, and ms that it may take. */
const mostLooked = 500;
const time = 8;
/** Longer values are no help. */
const longest = 80;
const sinces = ['5m', '15m', '1h', '6h', '1d'];

/** Sorted; names or values as they are. */
export function suggest(stream: Stream, { field, prefix }: Completion): string[] {
  const all = field === undefined ? namesIn(stream) : valuesIn(stream, field);
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

function namesIn(stream: Stream): readonly string[] {
  const found = sampled(stream, (subject) => subject.names());
  return [...ownFields, ...found.filter((name) => !isOwnField(name) && name !== 'log')];
}

function valuesIn(stream: Stream, field: string): readonly string[] {
  const { containers, sources, tags } = stream.store;
  switch (field) {
    case 'level':
      return [...levels, noLevel];
    case 'since':
      return sinces;
    case 'container':
      return names(containers);
    case 'source':
      return names(sources);
    case 'tag':
      return names(tags);
    default:
      return sampled(stream, (subject) => {
        const value = subject.field(field);
        return value === undefined || value === '' ? [] : [value];
      });
  }
}

function names(values: Values): string[] {
  return values
    .kept()
    .map((id) => values.entry(id).name)
    .filter((name) => name !== '');
}

/** What the newest lines have, the most frequent first. */
function sampled(
  { store, reader }: Stream,
  read: (subject: ReturnType<typeof reader.subject>) => readonly string[],
): string[] {
  const counts = new Map<string, number>();
  const end = performance.now() + time;
  const last = Math.max(store.first, store.next - mostLooked);
  for (let id = store.next - 1; id >= last && performance.now() < end; id--) {
    const ref = store.ref(id);
    if (ref !== undefined && markerOf(ref) === undefined && !isFolded(ref)) {
      for (const one of read(reader.subject(ref))) {
        counts.set(one, (counts.get(one) ?? 0) + 1);
      }
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}
