// The facets' lists, made of the tallies when they are asked for.
import { choicesOf } from '../../live/query/edit.ts';
import { noLevel } from '../../live/query/fields.ts';
import { levels } from '../../live/query/levels.ts';
import { colorOf, type FacetList, type FacetLists, type FacetName, type FacetValue, mostListed } from '../facet.ts';
import type { Columns } from './columns.ts';
import type { Search } from './search.ts';
import { others } from './shapes.ts';
import type { Tally } from './tally.ts';

const order = new Intl.Collator('en', { numeric: true });
const levelNames = [...levels, noLevel];

export function facetLists(columns: Columns, search: Search): FacetLists {
  const list = (name: FacetName) => listOf(name, columns, search);
  return {
    level: levelList(search),
    container: list('container'),
    feed: list('feed'),
    source: list('source'),
    tag: list('tag'),
    pinned: search.fields.lists((name) => chosenOf(search, name)),
  };
}

function chosenOf(search: Search, name: string): Set<string> {
  const { only, except } = choicesOf(search.node, name);
  return new Set([...only, ...except]);
}

function levelList(search: Search): FacetList {
  const chosen = chosenOf(search, 'level');
  const counts = search.variants.get('level') ?? search.tally;
  const values = levelNames.flatMap((name, n): FacetValue[] => {
    const number = levels.length - n;
    const isListed = (search.kept.levels[number] as number) > 0 || chosen.has(name);
    return isListed ? [{ name, color: 0, count: counts.levels[number] as number, others: false }] : [];
  });
  return { values, hidden: 0, most: largest(values) };
}

function listOf(name: FacetName, columns: Columns, search: Search): FacetList {
  const kept = sums(name, columns, search.kept);
  const counts = sums(name, columns, search.variants.get(name) ?? search.tally);
  const names = new Set([...kept.keys(), ...chosenOf(search, name)]);
  // What has no source has none to be chosen.
  names.delete('');
  const rest = columns.shapes.get(others).container;
  const values = [...names].sort(order.compare).map((value): FacetValue => {
    const count = counts.get(value) ?? 0;
    return { name: value, color: colorOf(value), count, others: value === rest };
  });
  const most = mostListed[name];
  return { values: values.slice(0, most), hidden: Math.max(0, values.length - most), most: largest(values) };
}

function sums(name: FacetName, { shapes, origins }: Columns, tally: Tally): Map<string, number> {
  const found = new Map<string, number>();
  const add = (value: string, count: number) => {
    if (count > 0) {
      found.set(value, (found.get(value) ?? 0) + count);
    }
  };
  if (name === 'container' || name === 'source') {
    for (let id = 0; id < shapes.list.length; id++) {
      add(name === 'container' ? shapes.get(id).container : shapes.get(id).source, tally.shapes[id] as number);
    }
  } else {
    for (let id = 0; id < origins.list.length; id++) {
      const origin = origins.get(id);
      add(name === 'tag' ? origin.tag : origin.place.listener, tally.origins[id] as number);
    }
  }
  return found;
}

function largest(values: readonly FacetValue[]): number {
  return values.reduce((most, { count }) => Math.max(most, count), 0);
}
