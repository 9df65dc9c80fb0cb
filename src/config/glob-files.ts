// Finds files by a pattern, as Ruby's Dir.glob does for `@include`: `*`, `?`, `[a-z]`, `{a,b}` and `**/`, hidden files only where the
// pattern names the dot, sorted by name.
import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folder entries that one pattern may look at. */
export const maxEntries = 100_000;
const maxAlternatives = 100;

/** The paths that fit an absolute pattern; undefined when it would look at too much. */
export function globFiles(pattern: string): string[] | undefined {
  const patterns = expandBraces(pattern);
  if (patterns === undefined) {
    return undefined;
  }
  const search = { found: new Set<string>(), left: maxEntries };
  for (const one of patterns) {
    walk('/', one.split('/').filter(Boolean), search);
  }
  return search.left < 0 ? undefined : [...search.found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

interface Search {
  readonly found: Set<string>;
  left: number;
}

function walk(folder: string, parts: readonly string[], search: Search): void {
  const [part, ...rest] = parts;
  if (part === undefined || search.left < 0) {
    return;
  }
  if (part === '**' && rest.length > 0) {
    walk(folder, rest, search);
    for (const entry of list(folder, search)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        walk(join(folder, entry.name), parts, search);
      }
    }
    return;
  }
  if (!/[*?[\\]/.test(part)) {
    step(join(folder, part), rest, search);
    return;
  }
  for (const entry of list(folder, search)) {
    if ((!entry.name.startsWith('.') || part.startsWith('.')) && fits(part, entry.name)) {
      step(join(folder, entry.name), rest, search);
    }
  }
}

function step(path: string, rest: readonly string[], search: Search): void {
  if (rest.length > 0) {
    walk(path, rest, search);
  } else if (exists(path)) {
    search.found.add(path);
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    // Not there, not to be seen, or no possible name: nothing fits, as for Dir.glob.
    return false;
  }
}

function list(folder: string, search: Search): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    search.left -= entries.length;
    return search.left < 0 ? [] : entries;
  } catch {
    // No folder, or none that may be read: nothing fits there, as for Dir.glob.
    return [];
  }
}

function expandBraces(pattern: string): string[] | undefined {
  let done: string[] = [];
  let todo = [pattern];
  while (todo.length > 0) {
    const next: string[] = [];
    for (const one of todo) {
      const group = /\{([^{}]*)\}/.exec(one);
      if (group === null) {
        done = [...done, one];
      } else {
        const before = one.slice(0, group.index);
        const after = one.slice(group.index + group[0].length);
        next.push(...(group[1] ?? '').split(',').map((choice) => before + choice + after));
      }
    }
    todo = next;
    if (done.length + todo.length > maxAlternatives) {
      return undefined;
    }
  }
  return done;
}

/** Whether a name fits one part of a pattern; in time of both lengths' product at most. */
function fits(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let retry = 0;
  while (n < name.length) {
    const end = pattern[p] === '*' ? undefined : one(pattern, p, name[n] ?? '');
    if (pattern[p] === '*') {
      star = p++;
      retry = n;
    } else if (end !== undefined) {
      p = end;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') {
    p++;
  }
  return p === pattern.length;
}

/** Where the pattern goes on if its piece at `p` takes `c`. */
function one(pattern: string, p: number, c: string): number | undefined {
  const piece = pattern[p];
  if (piece === '?') {
    return p + 1;
  }
  if (piece === '\\') {
    return pattern[p + 1] === c ? p + 2 : undefined;
  }
  const close = piece === '[' ? pattern.indexOf(']', p + 2) : -1;
  if (close < 0) {
    return piece === c ? p + 1 : undefined;
  }
  const inverted = pattern[p + 1] === '^' || pattern[p + 1] === '!';
  const set = pattern.slice(p + (inverted ? 2 : 1), close);
  return inSet(set, c) === inverted ? undefined : close + 1;
}

function inSet(set: string, c: string): boolean {
  for (let i = 0; i < set.length; i++) {
    const from = set[i] ?? '';
    const to = set[i + 1] === '-' && i + 2 < set.length ? (set[i + 2] ?? '') : from;
    if (c >= from && c <= to) {
      return true;
    }
    i += to === from ? 0 : 2;
  }
  return false;
}
