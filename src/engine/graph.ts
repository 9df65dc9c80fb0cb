// The running graph: inputs, the rules of each label, outputs. Made from a plan; started from its end to its beginning, stopped the other way.
import type { PluginSection } from '../config/options.ts';
import type { Batch, Emit } from '../core/batch.ts';
import { ByteBudget } from '../core/byte-budget.ts';
import { errorText } from '../core/errors.ts';
import { UnfinishedBytes } from '../core/held.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { ReadWindow } from '../core/read-window.ts';
import type { PluginContext, Refuse } from '../plugin/context.ts';
import type { Filter } from '../plugin/filter.ts';
import type { Input } from '../plugin/input.ts';
import type { Output, OutputDefinition } from '../plugin/output.ts';
import type { Rule } from '../routing/router.ts';
import { compileTagPattern } from '../routing/tag-pattern.ts';
import { FilterNode } from './filter-node.ts';
import { LabelRoute, type Tap } from './label-route.ts';
import { OutputNode } from './output-node.ts';
import { errorLabel, type Plan, type PlannedFilter, type PlannedRule, rootLabel } from './plan.ts';
import { Progress } from './progress.ts';
import { Refusals } from './refusals.ts';

/** Bounds of the process, bytes. */
const unfinishedLimit = 512 * 1024 * 1024;
const inflatedLimit = 32 * 1024 * 1024;
/** How often outputs are asked whether they hold the inputs, ms. */
const watchEvery = 500;
/** Outputs may send a batch on through so many labels, one behind the other. */
const maxLabels = 64;

/** What all plug-ins have in common. */
export type SharedContext = Omit<PluginContext, 'id' | 'log' | 'refuse'>;

export interface GraphOptions {
  /** Sees the events that matches take, and those that none takes. */
  readonly tap?: Tap | undefined;
}

/** What an output is made from: a `<match>`, or a section in one. */
interface OutputPlan {
  readonly definition: OutputDefinition;
  readonly options: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly label?: string | undefined;
}

export class Graph {
  readonly #shared: SharedContext;
  readonly #log: Logger;
  readonly #labels = new Map<string, LabelRoute>();
  readonly #outputs: Output[] = [];
  readonly #filters: Filter[] = [];
  readonly #inputs: Input[] = [];
  readonly #watched: Progress[] = [];
  readonly #refusals: Refusals;
  readonly #said = new OnceEach();
  #seq = 0;
  /** The labels that the batch at hand was sent on to, with the tag that it had. */
  readonly #way: { readonly label: LabelRoute; readonly tag: string }[] = [];
  #watch: NodeJS.Timeout | undefined;

  /** Throws what a plug-in throws that cannot be made. Nothing is opened yet. */
  constructor(plan: Plan, shared: SharedContext, log: Logger, { tap }: GraphOptions = {}) {
    this.#shared = shared;
    this.#log = log;
    for (const name of plan.labels.keys()) {
      const unmatched = (batch: Batch, label: string) => this.#nobodys(batch, label);
      const onDeadline = (pattern: string, tag: string) => this.#tooSlow(pattern, tag);
      this.#labels.set(name, new LabelRoute(name, { tap, unmatched, onDeadline }));
    }
    this.#refusals = new Refusals(log, shared.counters, this.#labels.get(errorLabel)?.emit);
    for (const [name, rules] of plan.labels) {
      this.#label(name).setRules(rules.map((rule) => this.#rule(rule, name)));
    }
    const memory = {
      window: new ReadWindow(shared.io),
      unfinished: new UnfinishedBytes(unfinishedLimit, shared.io),
      inflated: new ByteBudget(inflatedLimit),
    };
    for (const { definition, options, id, label } of plan.inputs) {
      const emit = this.#numbered(this.#label(label).emit);
      this.#inputs.push(definition.create({ ...this.#context(id), emit, memory }, options));
    }
  }

  /** Sentences that say which outputs hold the inputs. */
  get holding(): string[] {
    return this.#watched.flatMap(({ holding }) => holding ?? []);
  }

  /** Opens outputs and filters, then inputs. What was opened is closed again where one cannot. */
  async start(): Promise<void> {
    try {
      for (const part of [...this.#outputs, ...this.#filters, ...this.#inputs]) {
        await part.start?.();
      }
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    this.#watch = setInterval(() => {
      for (const progress of this.#watched) {
        progress.watch();
      }
    }, watchEvery);
    this.#watch.unref();
  }

  /** Stops reading, lets what is under way arrive until `signal` aborts, and closes all. */
  async stop(signal: AbortSignal): Promise<void> {
    clearInterval(this.#watch);
    for (const parts of [this.#inputs, this.#filters, this.#outputs]) {
      await Promise.all(parts.map((part) => part.stop?.(signal)));
    }
  }

  /** Has outputs deliver what they hold back, and begin anew (SIGUSR1). */
  flush(): void {
    for (const output of this.#outputs) {
      output.flush?.();
    }
  }

  #context(id: string): PluginContext & { readonly refuse: Refuse } {
    return { ...this.#shared, id, log: this.#log.child({ plugin: id }), refuse: this.#refusals.of(id) };
  }

  /** The plan has no label that is not there. */
  #label(name: string): LabelRoute {
    return (this.#labels.get(name) ?? this.#labels.get(rootLabel)) as LabelRoute;
  }

  #rule(rule: PlannedRule, label: string): Rule<FilterNode, OutputNode> {
    const pattern = compileTagPattern(rule.pattern);
    return rule.kind === 'match'
      ? { kind: 'match', pattern, target: this.#output(rule, label) }
      : { kind: 'filter', pattern, target: this.#filter(rule) };
  }

  #filter({ definition, options, id }: PlannedFilter): FilterNode {
    const context = this.#context(id);
    const filter = definition.create(context, options);
    this.#filters.push(filter);
    const { counters } = this.#shared;
    const counted = {
      events: counters.get('forebay_filter_events_total', { id }),
      dropped: counters.get('forebay_filter_dropped_events_total', { id }),
    };
    return new FilterNode(id, filter, counted, this.#progress(id, definition.type, 'filter'), context.refuse);
  }

  /** `standsIn` is the label that events go to which the output sends on without a label of its own. */
  #output({ definition, options, id, label }: OutputPlan, standsIn: string): OutputNode {
    let hasOutputs = false;
    const output = definition.create(
      {
        ...this.#context(id),
        emit: this.#sentOn(label ?? standsIn),
        output: (section: PluginSection) => {
          hasOutputs = true;
          return this.#output({ ...section, definition: section.definition as OutputDefinition }, standsIn).emit;
        },
      },
      options,
    );
    this.#outputs.push(output);
    const terminal = definition.reroutes !== true;
    const events = this.#shared.counters.get('forebay_output_events_total', { id });
    const progress = terminal && !hasOutputs ? this.#progress(id, definition.type, 'output') : undefined;
    return new OutputNode(id, output, terminal, events, progress);
  }

  #progress(id: string, type: string, kind: 'output' | 'filter'): Progress {
    const progress = new Progress({ id, type, kind, clock: this.#shared.clock, log: this.#log });
    this.#watched.push(progress);
    return progress;
  }

  #numbered(emit: Emit): Emit {
    return (batch) => {
      batch.seq = this.#seq;
      this.#seq += batch.count;
      return this.#refusals.around(emit, batch);
    };
  }

  /** How an output hands events to a label: not to one where they have been before with this tag. */
  #sentOn(name: string): Emit {
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

  #goesRound(batch: Batch, label: string): undefined {
    this.#shared.counters.get('forebay_route_loop_events_total').value += batch.count;
    if (this.#said.first(`loop ${label} ${batch.tag.text}`)) {
      const code = 'ROUTE_LOOP';
      this.#log.error({ code, label, tag: batch.tag.text }, errorText(code));
    }
  }

  #tooSlow(pattern: string, tag: string): void {
    this.#shared.counters.get('forebay_pattern_deadlines_total').value++;
    if (this.#said.first(`slow ${pattern}`)) {
      this.#log.warn(
        { code: 'TAG_PATTERN_DEADLINE', pattern, tag },
        'A pattern takes too long for a tag: the rule is passed over. Write it without nested repetitions.',
      );
    }
  }

  /** Events that no match takes are acked: the sender could do nothing about it. */
  #nobodys(batch: Batch, label: string): void {
    this.#shared.counters.get('forebay_unmatched_events_total').value += batch.count;
    if (this.#said.first(`unmatched ${label} ${batch.tag.text}`)) {
      this.#log.warn(
        { code: 'EVENTS_UNMATCHED', tag: batch.tag.text, ...(label === rootLabel ? {} : { label }) },
        'No <match> takes events with this tag: they are dropped.',
      );
    }
  }
}
