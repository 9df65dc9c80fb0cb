// Which filters and which match an event takes, by its tag: rules in the order of the configuration, the answer kept per tag.
// What the rules lead to is the engine's.
import type { TagPattern } from './tag-pattern.ts';

export interface Rule<T> {
  readonly kind: 'match' | 'filter';
  readonly pattern: TagPattern;
  readonly target: T;
}

/** The filters that stand above the first match that fits, in order, and that match; without one, the events are nobody's. */
export interface Route<T> {
  readonly filters: readonly T[];
  readonly match: T | undefined;
}

export interface RouterOptions {
  /** Tags whose route is kept. Default 10,000. */
  readonly cacheSize?: number;
  /** Tags longer than this many UTF-16 units are worked out each time. Default 1,024. */
  readonly longestCachedTag?: number;
  /** Hears of a regular expression that did not come to an end in its time. The rule is passed over. */
  readonly onDeadline?: (pattern: string, tag: string) => void;
}

export class Router<T> {
  readonly #rules: readonly Rule<T>[];
  readonly #cacheSize: number;
  readonly #longestCachedTag: number;
  readonly #onDeadline: ((pattern: string, tag: string) => void) | undefined;
  readonly #routes = new Map<string, Route<T>>();
  // The kept tags as a ring: the oldest is found without a walk over the map, whose deleted places a new iterator has to pass.
  readonly #tags: string[] = [];
  #oldest = 0;

  constructor(rules: readonly Rule<T>[], options: RouterOptions = {}) {
    this.#rules = rules;
    this.#cacheSize = options.cacheSize ?? 10_000;
    this.#longestCachedTag = options.longestCachedTag ?? 1_024;
    this.#onDeadline = options.onDeadline;
  }

  /** The route of a tag, by its text. */
  route(tag: string): Route<T> {
    return this.#routes.get(tag) ?? this.#miss(tag);
  }

  /** How many tags are kept. */
  get cached(): number {
    return this.#routes.size;
  }

  #miss(tag: string): Route<T> {
    const route = this.#find(tag);
    if (tag.length <= this.#longestCachedTag && this.#cacheSize > 0) {
      if (this.#tags.length < this.#cacheSize) {
        this.#tags.push(tag);
      } else {
        this.#routes.delete(this.#tags[this.#oldest] ?? '');
        this.#tags[this.#oldest] = tag;
        this.#oldest = (this.#oldest + 1) % this.#cacheSize;
      }
      this.#routes.set(tag, route);
    }
    return route;
  }

  #find(tag: string): Route<T> {
    const filters: T[] = [];
    for (const { kind, pattern, target } of this.#rules) {
      const fits = pattern.matches(tag);
      if (fits === undefined) {
        this.#onDeadline?.(pattern.text, tag);
      } else if (fits && kind === 'match') {
        return { filters, match: target };
      } else if (fits) {
        filters.push(target);
      }
    }
    return { filters, match: undefined };
  }
}
