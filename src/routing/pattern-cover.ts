// Whether all tags that a pattern takes are taken by others: for rules that nothing can reach. It says yes only where that is sure; regular
// expressions and wildcards inside a name are compared as they are written.

/** A pattern of one or more, taken apart. */
export interface CoverPattern {
  /** One pattern each: names and wildcards between dots; a regular expression is one part. */
  readonly alternatives: readonly (readonly string[])[];
}

/** Of braces, no more alternatives than this are looked at: what has more is left alone. */
const maxAlternatives = 64;

/** Takes the text of a pattern apart, as it stands behind `<match`. */
export function coverPattern(text: string): CoverPattern {
  const alternatives = words(text).flatMap((word) =>
    word.startsWith('/') || word.startsWith('#') ? [[word]] : expand(word).map((one) => one.split('.')),
  );
  // A blank in front makes a pattern of nothing, as Ruby splits it.
  return { alternatives: alternatives.length > maxAlternatives || /^\s/.test(text) ? [] : alternatives };
}

/** Rules that stand above, to ask whether they take all that another one would. */
export class Covering<R> {
  /** By the first part of their patterns, since most begin with a name; `` those that begin with a wildcard. */
  readonly #byFirst = new Map<string, { readonly parts: readonly string[]; readonly rule: R }[]>();

  add({ alternatives }: CoverPattern, rule: R): void {
    for (const parts of alternatives) {
      const first = /[*?[{]/.test(parts[0] ?? '') ? '' : (parts[0] ?? '');
      const list = this.#byFirst.get(first);
      if (list === undefined) {
        this.#byFirst.set(first, [{ parts, rule }]);
      } else {
        list.push({ parts, rule });
      }
    }
  }

  /** The rules that together take all tags of the pattern, one for each of its alternatives; undefined where that is not sure. */
  of({ alternatives }: CoverPattern): R[] | undefined {
    const found: R[] = [];
    for (const one of alternatives) {
      const taker = this.#takerOf(one);
      if (taker === undefined) {
        return undefined;
      }
      found.push(taker);
    }
    return found.length === 0 ? undefined : found;
  }

  #takerOf(one: readonly string[]): R | undefined {
    for (const first of new Set(['', one[0] ?? ''])) {
      const taker = this.#byFirst.get(first)?.find(({ parts }) => covers(parts, one));
      if (taker !== undefined) {
        return taker.rule;
      }
    }
    return undefined;
  }
}

/** Whether the pattern `a` takes all that `b` does. `**` is understood at the end, where people have it; elsewhere only the same is sure. */
function covers(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === b.length && a.every((part, i) => part === b[i])) {
    return true;
  }
  const deep = a.indexOf('**');
  const length = deep < 0 ? a.length : deep;
  if (deep >= 0 ? deep < a.length - 1 || b.length < deep : b.length !== length) {
    return false;
  }
  for (let i = 0; i < length; i++) {
    const part = b[i] as string;
    if (part.includes('**') || part === '' || part.startsWith('/') || (a[i] !== '*' && a[i] !== part)) {
      return false;
    }
  }
  return true;
}

/** Patterns stand between blanks, but for those in braces and in slashes. */
function words(text: string): string[] {
  return text.match(/\/(?:[^/\\]|\\.)*\/\S*|(?:\{[^{}]*\}|\S)+/g) ?? [];
}

/** `a.{b,c}` is `a.b` and `a.c`. */
function expand(word: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(word);
  if (braces === null) {
    return [word];
  }
  const before = word.slice(0, braces.index);
  const after = word.slice(braces.index + braces[0].length);
  const made = (braces[1] ?? '').split(',').flatMap((one) => expand(`${before}${one.trim()}${after}`));
  return made.slice(0, maxAlternatives + 1);
}
