// The running graph: inputs, the rules of each label, outputs. Made from a plan; started from its end to its beginning, stopped the other way.
import type { LogLevel } from '../config/log-levels.ts';
import type { PluginSection } from '../config/options.ts';
import type { Batch, Emit } from '../core/batch.ts';
import { ByteBudget } from '../core/byte-budget.ts';
import { errorText } from '../core/errors.ts';
import { UnfinishedBytes } from '../core/held.ts';
import type { Logger, LogTap } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { ReadWindow } from '../core/read-window.ts';
import { chunkTarget, emitTarget, type WriteTarget } from '../flush/write-target.ts';
import type { PluginContext, Refuse } from '../plugin/context.ts';
import type { Filter } from '../plugin/filter.ts';
import type { Input } from '../plugin/input.ts';
import type { ChunkOutput, Output, OutputContext, OutputDefinition } from '../plugin/output.ts';
import type { Rule } from '../routing/router.ts';
import { compileTagPattern } from '../routing/tag-pattern.ts';
import { Buffers } from './buffers.ts';
import { FilterNode } from './filter-node.ts';
import { LabelRoute, type Tap } from './label-route.ts';
import { OutputNode } from './output-node.ts';
import { namesOwnLog, OwnLog, ownOrigin } from './own-log.ts';
import { errorLabel, ownLogLabel, type Plan, type PlannedFilter, type PlannedRule, rootLabel } from './plan.ts';
import { Progress } from './progress.ts';
import { Refusals } from './refusals.ts';
import { systemDefaults } from './system.ts';

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
  /** Where the lines of the own log come from, which may become events. */
  readonly logTap?: LogTap | undefined;
}

/** What an output is made from: a `<match>`, or a section in one. */
interface OutputPlan {
  readonly definition: OutputDefinition;
  readonly options: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly label?: string | undefined;
  readonly logLevel?: LogLevel | undefined;
}

function ofSection(section: PluginSection): OutputPlan {
  return { ...section, definition: section.definition as OutputDefinition };
}

export class Graph {
  readonly #shared: SharedContext;
  readonly #log: Logger;
  readonly #labels = new Map<string, LabelRoute>();
  readonly #outputs: (Output | ChunkOutput)[] = [];
  /** Those in <secondary> sections: they are there for as long as others may have something for them. */
  readonly #secondaries: (Output | ChunkOutput)[] = [];
  #inSecondary = false;
  readonly #filters: Filter[] = [];
  readonly #inputs: Input[] = [];
  readonly #watched: Progress[] = [];
  readonly #refusals: Refusals;
  readonly #said = new OnceEach();
  readonly #buffers: Buffers;
  #seq = 0;
  /** The labels that the batch at hand was sent on to, with the tag that it had. */
  readonly #way: { readonly label: LabelRoute; readonly tag: string }[] = [];
  #watch: NodeJS.Timeout | undefined;
  readonly #ownLog: OwnLog | undefined;

  /** Throws what a plug-in throws that cannot be made. Nothing is opened yet. */
  constructor(plan: Plan, shared: SharedContext, log: Logger, { tap, logTap }: GraphOptions = {}) {
    this.#shared = shared;
    this.#log = log;
    for (const name of plan.labels.keys()) {
      const unmatched = (batch: Batch, label: string) => this.#nobodys(batch, label);
      const onDeadline = (pattern: string, tag: string) => this.#tooSlow(pattern, tag);
      this.#labels.set(name, new LabelRoute(name, { tap, unmatched, onDeadline }));
    }
    this.#refusals = new Refusals(log, shared.counters, this.#labels.get(errorLabel)?.emit);
    this.#buffers = new Buffers(plan.system ?? systemDefaults);
    const rootRules: Rule<FilterNode, OutputNode>[] = [];
    for (const [name, rules] of plan.labels) {
      const made = rules.map((rule) => this.#rule(rule, name));
      this.#label(name).setRules(made);
      if (name === rootLabel) {
        rootRules.push(...made.filter((_, index) => namesOwnLog(rules[index]?.pattern ?? '')));
      }
    }
    this.#ownLog = logTap === undefined ? undefined : this.#openOwnLog(plan, rootRules, tap);
    if (logTap !== undefined) {
      logTap.take = this.#ownLog?.take;
    }
    const memory = {
      window: new ReadWindow(shared.io),
      unfinished: new UnfinishedBytes(unfinishedLimit, shared.io),
      inflated: new ByteBudget(inflatedLimit),
    };
    for (const { definition, options, id, label, logLevel } of plan.inputs) {
      const emit = this.#numbered(this.#label(label).emit);
      this.#inputs.push(definition.create({ ...this.#context(id, logLevel), emit, memory }, options));
    }
  }

  /** Sentences that say which outputs hold the inputs. */
  get holding(): string[] {
    return this.#watched.flatMap(({ holding }) => holding ?? []);
  }

  /** Opens outputs and filters, then inputs. What was opened is closed again where one cannot. */
  async start(): Promise<void> {
    try {
      for (const part of [...this.#secondaries, ...this.#outputs, ...this.#filters, ...this.#inputs]) {
        await part.start?.();
      }
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    this.#ownLog?.start();
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
    for (const parts of [this.#inputs, this.#filters, this.#outputs, this.#secondaries]) {
      this.#ownLog?.send();
      await Promise.all(parts.map((part) => part.stop?.(signal)));
    }
  }

  /** Undefined where nothing takes the events of the own log. `rules` are those of the top level that name them. */
  #openOwnLog(plan: Plan, rules: readonly Rule<FilterNode, OutputNode>[], tap: Tap | undefined): OwnLog | undefined {
    let route = this.#labels.get(ownLogLabel);
    if (route === undefined) {
      if (!rules.some(({ kind }) => kind === 'match')) {
        return undefined;
      }
      route = new LabelRoute(rootLabel, { tap, unmatched: () => undefined });
      route.setRules(rules);
    }
    const onTheWay = (plan.labels.get(ownLogLabel) ?? plan.labels.get(rootLabel) ?? [])
      .filter(({ pattern }) => this.#labels.has(ownLogLabel) || namesOwnLog(pattern))
      .flatMap((rule) => [rule.id, ...(rule.kind === 'match' ? rule.outputs.map(({ id }) => id) : [])]);
    return new OwnLog({
      emit: this.#numbered(route.emit),
      clock: this.#shared.clock,
      lost: this.#shared.counters.get('forebay_own_log_lost_lines_total'),
      onTheWay: new Set(onTheWay),
    });
  }

  /** Has outputs deliver what they hold back, and begin anew (SIGUSR1). */
  flush(): void {
    for (const output of [...this.#outputs, ...this.#secondaries]) {
      output.flush?.();
    }
  }

  #context(id: string, level: LogLevel | undefined): PluginContext & { readonly refuse: Refuse } {
    const log = this.#log.child({ plugin: id }, level === undefined ? {} : { level });
    return { ...this.#shared, id, log, refuse: this.#refusals.of(id) };
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

  #filter({ definition, options, id, logLevel }: PlannedFilter): FilterNode {
    const context = this.#context(id, logLevel);
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
  #output(plan: OutputPlan, standsIn: string): OutputNode {
    const { definition, id, options } = plan;
    let hasOutputs = false;
    const chunkKeys = this.#buffers.keysOf(plan);
    const context = this.#outputContext(plan, standsIn, {
      chunkKeys,
      output: (section) => {
        hasOutputs = true;
        return this.#output(ofSection(section), standsIn).emit;
      },
    });
    const made = definition.create(context, options);
    const output = 'write' in made ? this.#buffered(made, plan, context, standsIn) : made;
    this.#keep(output);
    const terminal = definition.reroutes !== true;
    const events = this.#shared.counters.get('forebay_output_events_total', { id });
    const progress = terminal && !hasOutputs ? this.#progress(id, definition.type, 'output') : undefined;
    return new OutputNode(id, output, terminal, events, progress);
  }

  #outputContext(plan: OutputPlan, standsIn: string, more: Pick<OutputContext, 'output' | 'chunkKeys'>): OutputContext {
    const { id, label, logLevel } = plan;
    return { ...this.#context(id, logLevel), emit: this.#sentOn(label ?? standsIn), ...more };
  }

  /** The output behind its buffer, and in front of the one that gets what it does not take. */
  #buffered(output: ChunkOutput, plan: OutputPlan, context: OutputContext, standsIn: string): Output {
    const [section] = (plan.options['secondary'] ?? []) as readonly PluginSection[];
    const secondary = section && this.#secondary(ofSection(section), context, standsIn);
    return this.#buffers.wrap(output, { ...plan, type: plan.definition.type, context, secondary });
  }

  /** An output that gets chunks without a buffer of its own. */
  #secondary(plan: OutputPlan, { chunkKeys }: OutputContext, standsIn: string): WriteTarget {
    const { definition, id, options } = plan;
    const output = (section: PluginSection) => this.#output(ofSection(section), standsIn).emit;
    const inside = this.#inSecondary;
    this.#inSecondary = true;
    const made = definition.create(this.#outputContext(plan, standsIn, { chunkKeys, output }), options);
    this.#keep(made);
    this.#inSecondary = inside;
    const events = this.#shared.counters.get('forebay_output_events_total', { id });
    return 'write' in made
      ? chunkTarget(definition.type, made)
      : emitTarget(definition.type, new OutputNode(id, made, true, events, undefined).emit);
  }

  #keep(output: Output | ChunkOutput): void {
    (this.#inSecondary ? this.#secondaries : this.#outputs).push(output);
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
    if (batch.origin === ownOrigin) {
      return;
    }
    if (this.#said.first(`unmatched ${label} ${batch.tag.text}`)) {
      this.#log.warn(
        { code: 'EVENTS_UNMATCHED', tag: batch.tag.text, ...(label === rootLabel ? {} : { label }) },
        'No <match> takes events with this tag: they are dropped.',
      );
    }
  }
}
