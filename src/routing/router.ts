// Which filters and which match an event takes, by its tag: rules in the order of the configuration, the answer kept per tag.
// What the rules lead to is the engine's.
import type { TagPattern } from './tag-pattern.ts';

export type Rule<F, M = F> =
  | { readonly kind: 'filter'; readonly pattern: TagPattern; readonly target: F }
  | { readonly kind: 'match'; readonly pattern: TagPattern; readonly target: M };

/** The filters that stand above the first match that fits, in order, and that match; without one, the events are nobody's. */
export interface Route<F, M = F> {
  readonly filters: readonly F[];
  readonly match: M | undefined;
}

export interface RouterOptions {
  /** Tags whose route is kept. Default 65,536. */
  readonly cacheSize?: number;
  /** Tags longer than this many UTF-16 units are worked out each time. Default 256. */
  readonly longestCachedTag?: number;
  /** Hears of a regular expression that did not come to an end in its time. The rule is passed over. */
  readonly onDeadline?: (pattern: string, tag: string) => void;
}

export class Router<F, M = F> {
  readonly #rules: readonly Rule<F, M>[];
  readonly #cacheSize: number;
  readonly #longestCachedTag: number;
  readonly #onDeadline: ((pattern: string, tag: string) => void) | undefined;
  readonly #routes = new Map<string, Route<F, M>>();
  // The kept tags as a ring: the oldest is found without a walk over the map, whose deleted places a new iterator has to pass.
  readonly #tags: string[] = [];
  #oldest = 0;
  /** The route that was worked out last. */
  #last: Route<F, M> | undefined;

  constructor(rules: readonly Rule<F, M>[], options: RouterOptions = {}) {
    this.#rules = rules;
    this.#cacheSize = options.cacheSize ?? 65_536;
    this.#longestCachedTag = options.longestCachedTag ?? 256;
    this.#onDeadline = options.onDeadline;
  }

  /** The route of a tag, by its text. */
  route(tag: string): Route<F, M> {
    return this.#routes.get(tag) ?? this.#miss(tag);
  }

  /** How many tags are kept. */
  get cached(): number {
    return this.#routes.size;
  }

  #miss(tag: string): Route<F, M> {
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

  #find(tag: string): Route<F, M> {
    const filters: F[] = [];
    for (const rule of this.#rules) {
      const fits = rule.pattern.matches(tag);
      if (fits === undefined) {
        this.#onDeadline?.(rule.pattern.text, tag);
      } else if (fits && rule.kind === 'match') {
        return this.#shared(filters, rule.target);
      } else if (fits && rule.kind === 'filter') {
        filters.push(rule.target);
      }
    }
    return this.#shared(filters, undefined);
  }

  /** The route with these targets: few differ, however many tags there are. */
  #shared(filters: readonly F[], match: M | undefined): Route<F, M> {
    const last = this.#last;
    if (
      last !== undefined &&
      last.match === match &&
      last.filters.length === filters.length &&
      last.filters.every((filter, index) => filter === filters[index])
    ) {
      return last;
    }
    this.#last = { filters, match };
    return this.#last;
  }
}
