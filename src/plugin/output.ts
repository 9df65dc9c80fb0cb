// What an output is: it takes charge of batches.
import type { Element } from '../config/element.ts';
import type { Options, PluginSection, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { RefuseOption } from '../config/refuse-option.ts';
import type { Emit } from '../core/batch.ts';
import type { Chunk } from './buffer.ts';
import type { ChunkKeys } from './buffer-options.ts';
import type { PluginContext, Refuse } from './context.ts';

export interface OutputContext extends PluginContext {
  readonly refuse: Refuse;
  /** Hands events to the matches of the label that `@label` names; without one, of the label that the output stands in. */
  readonly emit: Emit;
  /** Makes the output of a `p.plugins({ kind: 'output', … })` section. The engine starts, watches and stops it; its emit never throws. */
  output(section: PluginSection): Emit;
  /** By what the chunks are kept apart that it is to write; undefined where it gets no chunks. */
  readonly chunkKeys?: ChunkKeys | undefined;
}

export interface Output {
  start?(): Promise<void>;
  /** Takes the batch, as `Emit` says. Bytes that are kept are copied before it returns. */
  readonly emit: Emit;
  /** Asked to by SIGUSR1: delivers what it holds back, and ends what it has open, so that something new begins. */
  flush?(): void;
  /** Told before `stop` where a reload has replaced it; `taken` says that another output has its place now. */
  replaced?(taken: boolean): void;
  /** Delivers what it holds until `signal` aborts, then closes all. May be called twice. */
  stop(signal: AbortSignal): Promise<void>;
}

/** What is not certain yet when `write` settles: the output waits for somebody's word. */
export interface Delayed {
  /** Settles when the chunk has been delivered; `delayed_commit_timeout` bounds it. */
  readonly committed: Promise<void>;
}

/** An output that is handed whole chunks by a buffer, as Fluentd's `write` and `try_write`. The engine puts the buffer in front of it. */
export interface ChunkOutput {
  start?(): Promise<void>;
  /**
   * Delivers the chunk, and settles when it has. Where it rejects, the whole chunk comes again; an error with `retryable: false` says that it
   * never will be taken. Several may be under way, up to `flush_thread_count`. `signal` aborts at the end of the program.
   */
  write(chunk: Chunk, signal: AbortSignal): Promise<Delayed | undefined> | Promise<void>;
  /** Whether it writes the `text` of chunks that have it as it is. */
  readonly takesText?: boolean;
  flush?(): void;
  stop(signal: AbortSignal): Promise<void>;
}

/** How an output comes by a buffer. */
export interface BufferUse {
  /** `always`: in memory where `<buffer>` says nothing else. `asked`: only where it names a type that outlives the process. */
  readonly when: 'always' | 'asked';
  /** The chunk keys where `<buffer>` names none. */
  readonly keys?: readonly string[];
  /** The default of `timekey`, as in a configuration; without one it must be said. */
  readonly timekey?: string;
}

export interface OutputDefinition<O extends Options = Options> {
  readonly kind: 'output';
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Takes charge of nothing and hands every event, its tag as it is, to the matches of `@label`, which it needs. */
  readonly reroutes?: boolean;
  /**
   * Names of what only one output at a time may have open, as a file's path. Where a reload replaces an output, the new one with such a name
   * is started when the old one is done; what comes until then waits.
   */
  claims?(options: Values<O>): readonly string[];
  /** Where it is there, `create` may return an output that is handed chunks, and `<buffer>` and `<secondary>` have their options. */
  readonly buffer?: BufferUse;
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  /** The same of one that stands in `<secondary>`, where the chunks come that are kept apart by `keys`. */
  checkSecondary?(options: Values<O>, keys: ChunkKeys, refuse: RefuseOption): void;
  create(context: OutputContext, options: Values<O>): Output | ChunkOutput;
}

export function defineOutput<const O extends Options>(
  definition: Omit<OutputDefinition<O>, 'kind'>,
): OutputDefinition<O> {
  return { kind: 'output', ...definition };
}
