// Finds the name that somebody meant who wrote another one.

/** The name of `candidates` that is nearest to `name`, undefined when none is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = normalize(name);
  if (wanted.length > maxLength) {
    return undefined;
  }
  let best: string | undefined;
  // One slip in short names, up to a third of longer ones.
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = normalize(candidate);
    if (Math.abs(other.length - wanted.length) < bestDistance) {
      const found = distance(wanted, other, bestDistance);
      if (found < bestDistance) {
        best = candidate;
        bestDistance = found;
      }
    }
  }
  return best ?? candidates.find((candidate) => related(wanted, normalize(candidate)));
}

/** The same words in another order, or one the beginning of the other. */
function related(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return words(a) === words(b) || (short.length >= 4 && long.startsWith(short));
}

function words(name: string): string {
  return name.split('_').sort().join('_');
}

/** One sentence for a hint: the name that was meant, or the names there are. */
export function suggestion(name: string, candidates: readonly string[], none: string): string {
  const meant = nearest(name, candidates);
  if (meant !== undefined) {
    return `Did you mean ${meant}?`;
  }
  if (candidates.length === 0) {
    return none;
  }
  const shown = candidates.slice(0, maxShown).join(', ');
  return `Known are: ${shown}${candidates.length > maxShown ? ' and others' : ''}.`;
}

/** Names longer than this are nobody's slip. */
const maxLength = 64;
const maxShown = 30;

function normalize(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Insertions, deletions, changes and swaps of neighbours that make `b` of `a`; `limit` once it cannot be less. */
function distance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let smallest = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(cell(last, j) + 1, cell(row, j - 1) + 1, cell(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, cell(beforeLast, j - 2) + 1);
      }
      row.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest >= limit) {
      return limit;
    }
    beforeLast = last;
    last = row;
  }
  return cell(last, b.length);
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
