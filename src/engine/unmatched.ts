// Events that no match takes: counted per tag, and said once for each, up to a bound; a flood of tags is one more line and no more. They are acked:
// the sender could do nothing about it.
import type { Batch } from '../core/batch.ts';
import type { Counter, Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import { ownOrigin } from './own-log.ts';
import { rootLabel } from './plan.ts';

/** Tags that are counted each by itself; and what is longer is counted with the others. */
const maxTags = 100;
const longestTag = 200;
const perTag = 'forebay_unmatched_tag_events_total';

/** `tag` is empty for all tags past the bound together. */
export interface UnmatchedTag {
  readonly tag: string;
  /** `@ROOT` is the top level. */
  readonly label: string;
  readonly events: number;
}

export class Unmatched {
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #all: Counter;
  readonly #tags = new Map<string, Counter>();
  #more = false;

  constructor(counters: Counters, log: Logger) {
    this.#counters = counters;
    this.#log = log;
    this.#all = counters.get('forebay_unmatched_events_total');
  }

  /** Most first. */
  get list(): readonly UnmatchedTag[] {
    return [...this.#tags.values()]
      .map(({ labels, value }) => ({ tag: labels['tag'] ?? '', label: labels['label'] ?? rootLabel, events: value }))
      .sort((a, b) => b.events - a.events);
  }

  take(batch: Batch, label: string): void {
    this.#all.value += batch.count;
    if (batch.origin !== ownOrigin) {
      (this.#tags.get(keyOf(label, batch.tag.text)) ?? this.#new(batch.tag.text, label)).value += batch.count;
    }
  }

  #new(tag: string, label: string): Counter {
    if (tag.length > longestTag || this.#tags.size >= maxTags) {
      this.#sayMore(tag.slice(0, longestTag));
      const others = this.#counters.get(perTag, { label: '', tag: '' });
      this.#tags.set(keyOf('', ''), others);
      return others;
    }
    this.#log.warn(
      { code: 'EVENTS_UNMATCHED', tag, ...(label === rootLabel ? {} : { label }) },
      'No <match> takes events with this tag: they are dropped. forebay route shows which rules a tag meets.',
    );
    const counter = this.#counters.get(perTag, label === rootLabel ? { tag } : { tag, label });
    this.#tags.set(keyOf(label, tag), counter);
    return counter;
  }

  #sayMore(tag: string): void {
    if (!this.#more) {
      this.#more = true;
      this.#log.warn(
        { code: 'EVENTS_UNMATCHED', tag, tags: this.#tags.size },
        'No <match> takes events with many tags: further ones are counted together and not said.',
      );
    }
  }
}

function keyOf(label: string, tag: string): string {
  return `${label} ${tag}`;
}
