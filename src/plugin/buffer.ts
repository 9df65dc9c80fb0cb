// What a buffer keeps its chunks in, memory or a folder: the contract between those who keep bytes and those who decide when a chunk is full,
// due, tried again or given up. A chunk is a run of batches, each with its tag and origin, entries byte for byte as they came.
import type { Element } from '../config/element.ts';
import type { Options, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Batch, Tag } from '../core/batch.ts';
import type { PluginContext } from './context.ts';

/** By what the events of a chunk belong together; two chunks of one metadata may exist, one staged at most. */
export interface ChunkMetadata {
  /** Where the chunk's piece of time begins, seconds since the epoch; undefined where time is no key. */
  readonly timekey: number | undefined;
  /** Undefined where tag is no key. */
  readonly tag: Tag | undefined;
  /** Texts of the fields that are keys, by the key as it is written in `<buffer>`. */
  readonly variables: ReadonlyMap<string, string>;
}

export interface Chunk {
  /** 32 hex digits, as Fluentd's dump_unique_id_hex; of one store unique for ever. */
  readonly id: string;
  readonly metadata: ChunkMetadata;
  /** ms since the epoch. */
  readonly created: number;
  readonly modified: number;
  /** Bytes of entries in it, before any compression. */
  readonly bytes: number;
  /** Bytes it takes of the store's bound: of memory or of disk, after compression. */
  readonly stored: number;
  /** Events in it. */
  readonly count: number;
  /** Whether it takes no more events: it is queued, and stays so over a restart. */
  readonly sealed: boolean;
  /**
   * Copies the batch's bytes. Settles when they are held as durably as the store promises; nothing is returned where that is so already.
   * A store whose disk takes nothing tries again by itself, and the promise waits; it rejects only where it has to end.
   */
  append(batch: Batch): Promise<void> | undefined;
  seal(): Promise<void> | undefined;
  /**
   * All that was appended, whether it is held already or not, in the order it came; `entries` is valid until the next one is asked for. May be
   * read again (a retry).
   */
  batches(): AsyncIterable<Batch>;
  /**
   * Of a chunk of Fluentd whose events were made text by the output before they were stored: that text, to be written as it is. Each piece is
   * valid until the next one is asked for. Asking such a chunk for batches throws.
   */
  readonly text?: () => AsyncIterable<Uint8Array>;
  /** Gives its bytes back, whatever is still under way: it has been delivered, or given up. */
  purge(): Promise<void>;
}

export interface ChunkStore {
  /** Whether chunks outlive the process. */
  readonly persistent: boolean;
  /** Opens the store; the chunks that an earlier process left, oldest first. Rejects with a Problem-like error that says how to mend it. */
  open(): Promise<readonly Chunk[]>;
  create(metadata: ChunkMetadata): Chunk;
  /** Lets go of files and memory; chunks of a persistent store stay for the next process. */
  close(): Promise<void>;
}

/** What a store has to know of the output whose chunks it keeps. */
export interface BufferOwner {
  /** Whether it can write chunks that have `text`; a store that finds such chunks where it cannot does not open. */
  readonly takesText: boolean;
}

export interface BufferDefinition<O extends Options = Options> {
  readonly kind: 'buffer';
  readonly type: string;
  readonly summary: string;
  /** What stands in `<buffer>` for this type alone; chunk keys, limits, flush and retry are the same for all. */
  readonly options: O;
  /** Where `<buffer>` does not say it: bytes. */
  readonly limits: { readonly chunk: number; readonly total: number };
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  /** `context.id` is that of the output. */
  create(context: PluginContext, options: Values<O>, owner?: BufferOwner): ChunkStore;
}

export function defineBuffer<const O extends Options>(
  definition: Omit<BufferDefinition<O>, 'kind'>,
): BufferDefinition<O> {
  return { kind: 'buffer', ...definition };
}
