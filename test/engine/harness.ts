// Runs a configuration as a graph in this process, with plug-ins of the test's own beside the real ones.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { loadPlan } from '../../src/cli/load-plan.ts';
import type { Problem } from '../../src/config/problem.ts';
import type { Batch, Emit } from '../../src/core/batch.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { type LogTap, withTap } from '../../src/core/log.ts';
import { Graph } from '../../src/engine/graph.ts';
import type { TapPlace } from '../../src/engine/label-route.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { defineInput } from '../../src/plugin/input.ts';
import { defineOutput } from '../../src/plugin/output.ts';
import { type PluginDefinition, Registry } from '../../src/plugin/registry.ts';
import { eventsOf, type KeptEvent } from '../forward/harness.ts';
import { Lines } from '../support/lines.ts';
import { tempFolder } from '../support/temp.ts';

/** The real plug-ins and some more. */
export class TestRegistry extends Registry {
  readonly #more: readonly PluginDefinition[];

  constructor(...more: readonly PluginDefinition[]) {
    super();
    this.#more = more;
  }

  override known(kind: string): readonly string[] {
    const more = this.#more.filter((each) => each.kind === kind).map(({ type }) => type);
    return [...new Set([...super.known(kind), ...more])].sort();
  }

  override async load(kind: string, type: string): Promise<PluginDefinition | undefined> {
    return this.#more.find((each) => each.kind === kind && each.type === type) ?? (await super.load(kind, type));
  }
}

export interface Planned {
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
}

/** Plans the text of a configuration; `files` stand beside it. */
export async function planText(
  text: string,
  registry: Registry = new Registry(),
  files: Readonly<Record<string, string>> = {},
): Promise<Planned> {
  const temp = tempFolder('graph');
  try {
    for (const [path, content] of Object.entries({ ...files, 'fluent.conf': text })) {
      mkdirSync(join(temp.path, dirname(path)), { recursive: true });
      writeFileSync(join(temp.path, path), content);
    }
    const { plan, problems } = await loadPlan(join(temp.path, 'fluent.conf'), { registry, workerId: '0' });
    return { plan, problems };
  } finally {
    temp.remove();
  }
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly tag?: string;
  readonly label?: string;
  readonly output?: string;
}

export interface Tapped extends TapPlace {
  readonly tag: string;
  readonly count: number;
  readonly seq: number;
}

export interface RunningGraph {
  readonly graph: Graph;
  readonly counters: Counters;
  readonly logged: readonly LogLine[];
  readonly tapped: readonly Tapped[];
  readonly stdout: Lines;
  /** The value of a counter, 0 where nobody made it. */
  counted(name: string, labels?: Readonly<Record<string, string>>): number;
  stop(): Promise<void>;
}

/** Makes and starts the graph of a plan. */
export async function runGraph(plan: Plan, clock: Clock = systemClock): Promise<RunningGraph> {
  const logged: LogLine[] = [];
  const tapped: Tapped[] = [];
  const counters = new Counters();
  const stream = new PassThrough();
  const stdout = new Lines(stream);
  const logTap: LogTap = { take: undefined };
  const graph = new Graph(
    plan,
    { counters, clock, hostname: 'vec-host', workerId: 0, stdout: new StreamWriter(stream) },
    pino({ level: 'debug', base: null }, withTap({ write: (line) => logged.push(JSON.parse(line)) }, logTap)),
    { logTap, tap: ({ tag, count, seq }, place) => tapped.push({ tag: tag.text, count, seq, ...place }) },
  );
  await graph.start();
  return {
    graph,
    counters,
    logged,
    tapped,
    stdout,
    counted: (name, labels) => counters.get(name, labels).value,
    async stop() {
      await graph.stop(AbortSignal.timeout(5_000));
      stream.end();
    },
  };
}

export interface TestPlugins {
  readonly registry: TestRegistry;
  readonly definitions: readonly PluginDefinition[];
  /** Hands a batch to the graph, as the input does. */
  readonly emit: Emit;
  /** What the outputs of each name got. */
  readonly kept: ReadonlyMap<string, KeptEvent[]>;
  readonly batches: readonly { readonly name: string; readonly batch: Batch }[];
  /** What an output of a name gives back, instead of nothing. */
  readonly answers: Map<string, () => Promise<void> | undefined>;
}

/** An input `test` whose `emit` the test calls itself, and an output `keep` that keeps what it gets, by its option `name`. */
export function testPlugins(): TestPlugins {
  const kept = new Map<string, KeptEvent[]>();
  const batches: { readonly name: string; readonly batch: Batch }[] = [];
  const emits: Emit[] = [];
  const answers = new Map<string, () => Promise<void> | undefined>();
  const name = { type: 'string', desc: 'A name.', default: 'out' } as const;
  const input = defineInput({
    type: 'test',
    summary: 'Emits what the test emits.',
    options: {},
    create({ emit }) {
      emits.push(emit);
      return { start: async () => undefined, stop: async () => undefined };
    },
  });
  const keep = defineOutput({
    type: 'keep',
    summary: 'Keeps events.',
    options: { name },
    create(_, options) {
      const into = String(options.name);
      return {
        emit(batch) {
          batches.push({ name: into, batch });
          kept.set(into, [...(kept.get(into) ?? []), ...eventsOf(batch)]);
          return answers.get(into)?.();
        },
        stop: async () => undefined,
      };
    },
  });
  const emit: Emit = (batch) => emits[0]?.(batch);
  return { registry: new TestRegistry(input, keep), definitions: [input, keep], kept, batches, emit, answers };
}
