// The labels of a running graph, and how batches get into them. They outlive a reload: what stays keeps the way that it was given, and only the
// rules at its end are others.
import type { Batch, Emit } from '../core/batch.ts';
import type { Counters } from '../core/counters.ts';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import type { Rule } from '../routing/router.ts';
import type { FilterNode } from './filter-node.ts';
import { LabelRoute, type Tap } from './label-route.ts';
import type { OutputNode } from './output-node.ts';
import { errorLabel, rootLabel } from './plan.ts';
import { Refusals } from './refusals.ts';
import { Unmatched, type UnmatchedTag } from './unmatched.ts';

/** Outputs may send a batch on through so many labels, one behind the other. */
const maxLabels = 64;

/** The rules of each label; the top level is `@ROOT`. */
export type Rules = ReadonlyMap<string, readonly Rule<FilterNode, OutputNode>[]>;

export class Routes {
  readonly refusals: Refusals;
  readonly #log: Logger;
  readonly #counters: Counters;
  readonly #tap: Tap | undefined;
  readonly #said = new OnceEach();
  readonly #unmatched: Unmatched;
  #labels: ReadonlyMap<string, LabelRoute> = new Map();
  /** Those of the rules to come, with the ones that stay; while none are to come, those that are. */
  #coming = this.#labels;
  #seq = 0;
  /** The labels that the batch at hand was sent on to, with the tag that it had. */
  readonly #way: { readonly label: LabelRoute; readonly tag: string }[] = [];

  constructor(log: Logger, counters: Counters, tap: Tap | undefined) {
    this.#log = log;
    this.#counters = counters;
    this.#tap = tap;
    this.#unmatched = new Unmatched(counters, log);
    this.refusals = new Refusals(log, counters, () => this.#labels.get(errorLabel)?.emit);
  }

  /** The tags that no match takes, with their events. */
  get unmatched(): readonly UnmatchedTag[] {
    return this.#unmatched.list;
  }

  /** From now on `numbered` and `sentOn` lead to these labels. Batches still take the old ones, until `swap`. */
  prepare(names: Iterable<string>): void {
    this.#coming = new Map([...names].map((name) => [name, this.#labels.get(name) ?? this.newLabel(name)]));
  }

  /** The rules that batches take from now on: those of the labels that were prepared. */
  swap(rules: Rules): void {
    this.#labels = this.#coming;
    for (const [name, label] of this.#labels) {
      label.setRules(rules.get(name) ?? []);
    }
  }

  /** What was prepared does not come. */
  abandon(): void {
    this.#coming = this.#labels;
  }

  /** A label of nobody's yet. */
  newLabel(name: string, unmatched = (batch: Batch, label: string) => this.#unmatched.take(batch, label)): LabelRoute {
    const onDeadline = (pattern: string, tag: string) => this.#tooSlow(pattern, tag);
    return new LabelRoute(name, { tap: this.#tap, unmatched, onDeadline });
  }

  /** How an input hands events to a label: they get their numbers here, and are counted for the input of that id. */
  numbered(label: string | LabelRoute, id: string): Emit {
    const { emit } = typeof label === 'string' ? this.#label(label) : label;
    const events = this.#counters.get('forebay_input_events_total', { id });
    const bytes = this.#counters.get('forebay_input_bytes_total', { id });
    return (batch) => {
      events.value += batch.count;
      bytes.value += batch.entries.length;
      batch.seq = this.#seq;
      this.#seq += batch.count;
      return this.refusals.around(emit, batch);
    };
  }

  /** How an output hands events to a label: not to one where they have been before with this tag. */
  sentOn(name: string): Emit {
    const label = this.#label(name);
    const way = this.#way;
    return (batch) => {
      const tag = batch.tag.text;
      if (way.length >= maxLabels || way.some((step) => step.label === label && step.tag === tag)) {
        return this.#goesRound(batch, name);
      }
      way.push({ label, tag });
      try {
        return label.emit(batch);
      } finally {
        way.pop();
      }
    };
  }

  /** The plan has no label that is not there. */
  #label(name: string): LabelRoute {
    return (this.#coming.get(name) ?? this.#coming.get(rootLabel)) as LabelRoute;
  }

  #goesRound(batch: Batch, label: string): undefined {
    this.#counters.get('forebay_route_loop_events_total').value += batch.count;
    if (this.#said.first(`loop ${label} ${batch.tag.text}`)) {
      const code = 'ROUTE_LOOP';
      this.#log.error({ code, label, tag: batch.tag.text }, errorText(code));
    }
  }

  #tooSlow(pattern: string, tag: string): void {
    this.#counters.get('forebay_pattern_deadlines_total').value++;
    if (this.#said.first(`slow ${pattern}`)) {
      this.#log.warn(
        { code: 'TAG_PATTERN_DEADLINE', pattern, tag },
        'A pattern takes too long for a tag: the rule is passed over. Write it without nested repetitions.',
      );
    }
  }
}
