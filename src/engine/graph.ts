// The running graph: inputs, a router for each label, outputs. Made from a plan; started from its end to its beginning, stopped the other way.
import type { Batch, Emit } from '../core/batch.ts';
import { ByteBudget } from '../core/byte-budget.ts';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { UnfinishedBytes } from '../core/held.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { ReadWindow } from '../core/read-window.ts';
import type { PluginContext } from '../plugin/context.ts';
import type { Input } from '../plugin/input.ts';
import { Router } from '../routing/router.ts';
import { compileTagPattern } from '../routing/tag-pattern.ts';
import { OutputNode } from './output-node.ts';
import { type Plan, type PlannedRule, rootLabel } from './plan.ts';

/** Bounds of the process, bytes. */
const unfinishedLimit = 512 * 1024 * 1024;
const inflatedLimit = 32 * 1024 * 1024;
/** How often outputs are asked whether they hold the inputs, ms. */
const watchEvery = 500;

/** What all plug-ins have in common. */
export type SharedContext = Omit<PluginContext, 'id' | 'log'>;

/** Sees the events that matches take, and those that none takes. `label` is that of the rules (`@ROOT`). */
export type Tap = (batch: Batch, place: { readonly label: string; readonly matched: boolean }) => void;

export interface GraphOptions {
  readonly tap?: Tap | undefined;
}

export class Graph {
  readonly #shared: SharedContext;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #tap: Tap | undefined;
  readonly #outputs: OutputNode[] = [];
  readonly #inputs: Input[] = [];
  readonly #unmatched = new OnceEach();
  readonly #slowPatterns = new OnceEach();
  #seq = 0;
  #watch: NodeJS.Timeout | undefined;

  /** Throws what a plug-in throws that cannot be made. Nothing is opened yet. */
  constructor(plan: Plan, shared: SharedContext, log: Logger, { tap }: GraphOptions = {}) {
    this.#shared = shared;
    this.#log = log;
    this.#clock = shared.clock;
    this.#counters = shared.counters;
    this.#tap = tap;
    const emits = new Map<string, Emit>();
    for (const [label, rules] of plan.labels) {
      emits.set(label, this.#route(rules, label));
    }
    const memory = {
      window: new ReadWindow(),
      unfinished: new UnfinishedBytes(unfinishedLimit),
      inflated: new ByteBudget(inflatedLimit),
    };
    for (const { definition, options, id, label } of plan.inputs) {
      const emit = this.#numbered(emits.get(label) ?? (emits.get(rootLabel) as Emit));
      this.#inputs.push(definition.create({ ...this.#context(id), emit, memory }, options));
    }
  }

  /** Sentences that say which outputs hold the inputs. */
  get holding(): string[] {
    return this.#outputs.filter((node) => node.holding).map((node) => `The output ${node.id} takes nothing.`);
  }

  /** Opens outputs, then inputs. What was opened is closed again where one cannot. */
  async start(): Promise<void> {
    try {
      for (const { output } of this.#outputs) {
        await output.start?.();
      }
      for (const input of this.#inputs) {
        await input.start();
      }
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    this.#watch = setInterval(() => {
      for (const node of this.#outputs) {
        node.watch();
      }
    }, watchEvery);
    this.#watch.unref();
  }

  /** Stops reading, lets what is under way arrive until `signal` aborts, and closes all. */
  async stop(signal: AbortSignal): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(this.#inputs.map((input) => input.stop(signal)));
    await Promise.all(this.#outputs.map(({ output }) => output.stop(signal)));
  }

  #context(id: string): PluginContext {
    return { ...this.#shared, id, log: this.#log.child({ plugin: id }) };
  }

  #route(rules: readonly PlannedRule[], label: string): Emit {
    const routed = rules.flatMap((rule) =>
      rule.kind === 'match'
        ? [{ kind: rule.kind, pattern: compileTagPattern(rule.pattern), target: this.#output(rule) }]
        : [],
    );
    const taken = { label, matched: true };
    const left = { label, matched: false };
    const router = new Router(routed, {
      onDeadline: (pattern, tag) => this.#tooSlow(pattern, tag),
    });
    return (batch) => {
      const { match } = router.route(batch.tag.text);
      this.#tap?.(batch, match === undefined ? left : taken);
      return match === undefined ? this.#nobodys(batch) : match.emit(batch);
    };
  }

  #output({ definition, options, id }: Extract<PlannedRule, { kind: 'match' }>): OutputNode {
    const output = definition.create(this.#context(id), options);
    const node = new OutputNode({
      id,
      type: definition.type,
      output,
      clock: this.#clock,
      log: this.#log,
      events: this.#counters.get('forebay_output_events_total', { id }),
    });
    this.#outputs.push(node);
    return node;
  }

  #numbered(emit: Emit): Emit {
    return (batch) => {
      batch.seq = this.#seq;
      this.#seq += batch.count;
      return emit(batch);
    };
  }

  #tooSlow(pattern: string, tag: string): void {
    this.#counters.get('forebay_pattern_deadlines_total').value++;
    if (this.#slowPatterns.first(pattern)) {
      this.#log.warn(
        { code: 'TAG_PATTERN_DEADLINE', pattern, tag },
        'A pattern takes too long for a tag: the rule is passed over. Write it without nested repetitions.',
      );
    }
  }

  /** Events that no match takes are acked: the sender could do nothing about it. */
  #nobodys(batch: Batch): undefined {
    this.#counters.get('forebay_unmatched_events_total').value += batch.count;
    if (this.#unmatched.first(batch.tag.text)) {
      this.#log.warn(
        { code: 'EVENTS_UNMATCHED', tag: batch.tag.text },
        'No <match> takes events with this tag: they are dropped.',
      );
    }
  }
}
