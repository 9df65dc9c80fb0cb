// The plug-ins of a plan, made ready to run: each with the node that the rules lead to. Those whose declaration has not changed are taken over
// from the parts that run already, with all that they hold. Starting and stopping them is the graph's.
import type { LogLevel } from '../config/log-levels.ts';
import type { PluginSection } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import type { Logger } from '../core/log.ts';
import { chunkTarget, emitTarget, type SecondaryTarget } from '../flush/write-target.ts';
import type { PluginContext, Refuse } from '../plugin/context.ts';
import type { Filter } from '../plugin/filter.ts';
import type { Input, InputMemory } from '../plugin/input.ts';
import type { ChunkOutput, Output, OutputContext, OutputDefinition } from '../plugin/output.ts';
import type { Rule } from '../routing/router.ts';
import { compileTagPattern } from '../routing/tag-pattern.ts';
import type { Buffers } from './buffers.ts';
import { FilterNode } from './filter-node.ts';
import { HeldEmit } from './held-emit.ts';
import { OutputNode } from './output-node.ts';
import { partKey } from './part-key.ts';
import type { Plan, PlannedFilter, PlannedInput, PlannedOutput, PlannedRule } from './plan.ts';
import { Progress } from './progress.ts';
import type { Routes, Rules } from './routes.ts';
import { Stock } from './stock.ts';

/** What all plug-ins have in common. */
export type SharedContext = Omit<PluginContext, 'id' | 'log' | 'refuse'>;

/** A plug-in of the running graph. */
interface Part {
  /** What its declaration says. */
  readonly key: string;
  readonly id: string;
  readonly log: Logger;
  /** Whether its log has a level of its own. */
  readonly ownLevel: boolean;
}

export interface InputPart extends Part {
  readonly input: Input;
  readonly planned: PlannedInput;
  /** Where its batches go: `held` at first, until there are rules for them. */
  readonly target: { emit: Emit };
  readonly held: HeldEmit;
}

export interface FilterPart extends Part {
  readonly filter: Filter;
  readonly node: FilterNode;
  readonly progress: Progress;
}

export interface OutputPart extends Part {
  readonly output: Output;
  readonly node: OutputNode;
  readonly progress: Progress | undefined;
  readonly claims: readonly string[];
  /** The outputs in its sections. */
  readonly inner: readonly OutputPart[];
}

export interface Parts {
  readonly inputs: InputPart[];
  readonly filters: FilterPart[];
  /** Those in sections of others stand before these. */
  readonly outputs: OutputPart[];
  readonly rules: Rules;
}

export const noParts: Parts = { inputs: [], filters: [], outputs: [], rules: new Map() };

/** What an output is made from: a `<match>`, or a section in one. */
type OutputPlan = Pick<PlannedOutput, 'definition' | 'options' | 'id' | 'element'> & {
  readonly label?: string | undefined;
  readonly logLevel?: LogLevel | undefined;
};

export interface PartMakerSettings {
  readonly shared: SharedContext;
  readonly log: Logger;
  readonly routes: Routes;
  readonly memory: InputMemory;
  readonly buffers: Buffers;
  /** Those that run. */
  readonly running: Parts;
}

/** Makes the parts of one plan, whose labels the routes are prepared for. */
export class PartMaker {
  readonly #plan: Plan;
  readonly #settings: PartMakerSettings;
  readonly #inputStock: Stock<InputPart>;
  readonly #filterStock: Stock<FilterPart>;
  readonly #outputStock: Stock<OutputPart>;
  readonly #parts = { inputs: [] as InputPart[], filters: [] as FilterPart[], outputs: [] as OutputPart[] };
  readonly #ids: Set<string>;

  constructor(plan: Plan, settings: PartMakerSettings) {
    this.#plan = plan;
    const { inputs, filters, outputs } = settings.running;
    this.#settings = settings;
    this.#inputStock = new Stock(inputs);
    this.#filterStock = new Stock(filters);
    this.#outputStock = new Stock(outputs, ({ inner }) => inner);
    const staying = keysOf(plan);
    const running = [...inputs, ...filters, ...outputs];
    this.#ids = new Set(running.filter(({ key }) => staying.has(key)).map(({ id }) => id));
  }

  /** Throws what a plug-in throws that cannot be made; those made before it are in `made`. */
  make(): Parts {
    const plan = this.#plan;
    const rules = new Map(
      [...plan.labels].map(([name, planned]) => [name, planned.map((rule) => this.#rule(rule, name))]),
    );
    for (const planned of plan.inputs) {
      const kept = this.#inputStock.take(partKey(planned.element));
      this.#parts.inputs.push(kept === undefined ? this.newInput(planned) : { ...kept, planned });
    }
    return { ...this.#parts, rules };
  }

  /** What was made so far, and taken over. */
  get made(): Parts {
    return { ...this.#parts, rules: new Map() };
  }

  /** An input; `again` is one that it is to be in place of. */
  newInput(planned: PlannedInput, again?: InputPart): InputPart {
    const { definition, options, element, logLevel } = planned;
    const context = this.#context(again?.id ?? this.#unique(planned.id), logLevel);
    const held = new HeldEmit();
    const target = { emit: held.emit };
    const input = definition.create(
      { ...context, emit: (batch) => target.emit(batch), memory: this.#settings.memory },
      options,
    );
    const { id, log } = context;
    return { key: partKey(element), id, log, ownLevel: logLevel !== undefined, input, planned, target, held };
  }

  #context(id: string, level: LogLevel | undefined): PluginContext & { readonly refuse: Refuse } {
    const { shared, log, routes } = this.#settings;
    const child = log.child({ plugin: id }, level === undefined ? {} : { level });
    return { ...shared, id, log: child, refuse: routes.refusals.of(id) };
  }

  /** What stays keeps the id that it has, which tells where it stood: one that stands there now has another. */
  #unique(planned: string): string {
    let id = planned;
    for (let n = 2; this.#ids.has(id); n++) {
      id = `${planned}#${n}`;
    }
    this.#ids.add(id);
    return id;
  }

  #rule(rule: PlannedRule, label: string): Rule<FilterNode, OutputNode> {
    const pattern = compileTagPattern(rule.pattern);
    return rule.kind === 'match'
      ? { kind: 'match', pattern, target: this.#output(rule, label).node }
      : { kind: 'filter', pattern, target: this.#filter(rule, label).node };
  }

  #filter({ definition, options, id: planned, logLevel, element }: PlannedFilter, label: string): FilterPart {
    const key = partKey(element, label);
    let part = this.#filterStock.take(key);
    if (part === undefined) {
      const context = this.#context(this.#unique(planned), logLevel);
      const { id, log, counters } = context;
      const filter = definition.create(context, options);
      const counted = {
        events: counters.get('forebay_filter_events_total', { id }),
        dropped: counters.get('forebay_filter_dropped_events_total', { id }),
      };
      const progress = this.#progress(id, definition.type, 'filter');
      const node = new FilterNode(id, filter, counted, progress, context.refuse);
      part = { key, id, log, ownLevel: logLevel !== undefined, filter, node, progress };
    }
    this.#parts.filters.push(part);
    return part;
  }

  /** `standsIn` is the label that events go to which the output sends on without a label of its own. */
  #output(plan: OutputPlan, standsIn: string): OutputPart {
    const key = partKey(plan.element, plan.label ?? standsIn);
    const kept = this.#outputStock.take(key);
    if (kept !== undefined) {
      this.#parts.outputs.push(...withInner(kept));
      return kept;
    }
    const { definition, options, logLevel } = plan;
    const { buffers } = this.#settings;
    const inner: OutputPart[] = [];
    const context = this.#outputContext(plan, standsIn, buffers.keysOf(plan), (part) => inner.push(part));
    const made = definition.create(context, options);
    const output = 'emit' in made ? made : this.#buffered(made, plan, context, standsIn);
    const { id, log, counters } = context;
    const terminal = definition.reroutes !== true;
    const events = counters.get('forebay_output_events_total', { id });
    const progress = terminal && inner.length === 0 ? this.#progress(id, definition.type, 'output') : undefined;
    const node = new OutputNode(id, output, terminal, events, progress);
    const claims = [...(definition.claims?.(options) ?? []), ...buffers.claimsOf(plan)];
    const part = { key, id, log, ownLevel: logLevel !== undefined, output, node, progress, claims, inner };
    this.#parts.outputs.push(part);
    return part;
  }

  #outputContext(
    plan: OutputPlan,
    standsIn: string,
    chunkKeys: OutputContext['chunkKeys'],
    inner: (part: OutputPart) => void,
  ): OutputContext {
    return {
      ...this.#context(this.#unique(plan.id), plan.logLevel),
      chunkKeys,
      emit: this.#settings.routes.sentOn(plan.label ?? standsIn),
      output: (section) => {
        const part = this.#output(ofSection(section), standsIn);
        inner(part);
        return part.node.emit;
      },
    };
  }

  /** The output behind its buffer, and in front of the one that gets what it does not take. */
  #buffered(output: ChunkOutput, plan: OutputPlan, context: OutputContext, standsIn: string): Output {
    const [section] = (plan.options['secondary'] ?? []) as readonly PluginSection[];
    const secondary = section && this.#secondary(ofSection(section), context, standsIn);
    return this.#settings.buffers.wrap(output, { ...plan, context, secondary });
  }

  /** An output that gets chunks without a buffer of its own. It is no part by itself, nor are those in it: its owner starts and stops them. */
  #secondary(plan: OutputPlan, { chunkKeys }: OutputContext, standsIn: string): SecondaryTarget {
    const { definition, options } = plan;
    const { outputs } = this.#parts;
    this.#parts.outputs = [];
    try {
      const context = this.#outputContext(plan, standsIn, chunkKeys, () => undefined);
      const made = definition.create(context, options);
      const { id, counters } = context;
      const events = counters.get('forebay_output_events_total', { id });
      const target =
        'emit' in made
          ? emitTarget(definition.type, new OutputNode(id, made, true, events, undefined).emit)
          : chunkTarget(definition.type, made);
      return { ...target, outputs: [...this.#parts.outputs.map(({ output }) => output), made] };
    } finally {
      this.#parts.outputs = outputs;
    }
  }

  #progress(id: string, type: string, kind: 'output' | 'filter'): Progress {
    const { shared, log } = this.#settings;
    return new Progress({ id, type, kind, clock: shared.clock, log });
  }
}

function ofSection(section: PluginSection): OutputPlan {
  return { ...section, definition: section.definition as OutputDefinition };
}

/** What the declarations of a plan say. */
function keysOf(plan: Plan): ReadonlySet<string> {
  const keys = new Set(plan.inputs.map(({ element }) => partKey(element)));
  const add = ({ element, label, outputs }: PlannedOutput, standsIn: string): void => {
    keys.add(partKey(element, label ?? standsIn));
    for (const inner of outputs) {
      add(inner, standsIn);
    }
  };
  for (const [name, rules] of plan.labels) {
    for (const rule of rules) {
      if (rule.kind === 'match') {
        add(rule, name);
      } else {
        keys.add(partKey(rule.element, name));
      }
    }
  }
  return keys;
}

/** A part, behind those in its sections. */
export function withInner(part: OutputPart): OutputPart[] {
  return [...part.inner.flatMap(withInner), part];
}
