// What of a text a query has found in it, to be marked: its words and regular expressions, but for those that must not be there.
import type { QueryNode } from './ast.ts';
import { folds } from './compile.ts';
import { Pattern } from './pattern.ts';

/** Signs of one text that regular expressions may look at. */
const budget = 40_000;

export class Marks {
  readonly #words: readonly string[];
  readonly #patterns: readonly Pattern[];

  constructor(node: QueryNode | undefined) {
    const words = new Set<string>();
    const patterns: Pattern[] = [];
    const collect = (one: QueryNode) => {
      if (one.kind === 'text') {
        words.add(one.text);
      } else if (one.kind === 'regex') {
        const pattern = Pattern.parse(one.source, one.flags);
        patterns.push(...(pattern instanceof Pattern ? [pattern] : []));
      } else if (one.kind === 'and' || one.kind === 'or') {
        for (const each of one.nodes) {
          collect(each);
        }
      }
    };
    if (node !== undefined) {
      collect(node);
    }
    this.#words = [...words];
    this.#patterns = patterns;
  }

  /** Pairs of begin and end, ascending, without overlap; at most `most` pairs. */
  in(text: string, most = 100): number[] {
    if (this.#words.length === 0 && this.#patterns.length === 0) {
      return [];
    }
    const found: (readonly [number, number])[] = [];
    const lowered = text.toLowerCase();
    for (const word of this.#words) {
      const fold = folds(word);
      // Where lower case has another length than the text (İ), positions would be wrong.
      if (!fold || lowered.length === text.length) {
        findAll(fold ? lowered : text, word, most, found);
      }
    }
    for (const pattern of this.#patterns) {
      pattern.forEach(text, budget, (begin, end) => found.length < most && found.push([begin, end]));
    }
    return merged(found, most);
  }
}

function findAll(text: string, word: string, most: number, found: (readonly [number, number])[]): void {
  for (let at = text.indexOf(word); at >= 0 && found.length < most; at = text.indexOf(word, at + word.length)) {
    found.push([at, at + word.length]);
  }
}

function merged(found: (readonly [number, number])[], most: number): number[] {
  found.sort((a, b) => a[0] - b[0]);
  const pairs: number[] = [];
  for (const [begin, end] of found) {
    const last = pairs.length - 1;
    if (last >= 0 && begin <= (pairs[last] as number)) {
      pairs[last] = Math.max(pairs[last] as number, end);
    } else if (pairs.length < most * 2) {
      pairs.push(begin, end);
    }
  }
  return pairs;
}
