// The text filter: words that must all be there, in any case and order; quotes hold a phrase together, a minus in front excludes.
// What text of an event is searched is event.ts's business.

export interface Filter {
  /** In lower case; a line must hold all of them. */
  readonly wanted: readonly string[];
  /** In lower case; a line must hold none of them. */
  readonly unwanted: readonly string[];
}

export const noFilter: Filter = { wanted: [], unwanted: [] };

const token = /(-?)(?:"([^"]*)"?|(\S+))/g;

/** Reads what a person typed. A lone minus and empty quotes mean nothing yet. */
export function parseFilter(text: string): Filter {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const [, minus, phrase, word] of text.toLowerCase().matchAll(token)) {
    const value = phrase ?? word ?? '';
    if (value !== '' && !(value === '-' && minus === '')) {
      (minus === '-' ? unwanted : wanted).push(value);
    }
  }
  return { wanted, unwanted };
}

export function isEmpty(filter: Filter): boolean {
  return filter.wanted.length === 0 && filter.unwanted.length === 0;
}

/** Whether a text, in lower case, passes. */
export function passes(filter: Filter, lowered: string): boolean {
  for (const word of filter.wanted) {
    if (!lowered.includes(word)) {
      return false;
    }
  }
  for (const word of filter.unwanted) {
    if (lowered.includes(word)) {
      return false;
    }
  }
  return true;
}

/** Where the wanted words stand in a text: pairs of begin and end, ascending, without overlap; at most `most` pairs. */
export function hits(filter: Filter, text: string, most = 100): number[] {
  const lowered = text.toLowerCase();
  // Where lower case has another length than the text (İ), positions would be wrong.
  if (filter.wanted.length === 0 || lowered.length !== text.length) {
    return [];
  }
  const found: (readonly [number, number])[] = [];
  for (const word of filter.wanted) {
    for (let at = lowered.indexOf(word); at >= 0 && found.length < most; at = lowered.indexOf(word, at + word.length)) {
      found.push([at, at + word.length]);
    }
  }
  found.sort((a, b) => a[0] - b[0]);
  const pairs: number[] = [];
  for (const [begin, end] of found) {
    const last = pairs.length - 1;
    if (last >= 0 && begin <= (pairs[last] as number)) {
      pairs[last] = Math.max(pairs[last] as number, end);
    } else {
      pairs.push(begin, end);
    }
  }
  return pairs;
}
